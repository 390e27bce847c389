import { setImmediate as turn } from 'node:timers/promises';
import { Slots } from './slots';

it('lets in no more than it has room for, in the order of coming, also after failures', async () => {
  const slots = new Slots(3);
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  const work = async (index: number) => {
    order.push(index);
    inside += 1;
    most = Math.max(most, inside);
    await turn();
    inside -= 1;
    if (index % 5 === 0) throw new Error('failed');
  };
  await Promise.allSettled(Array.from({ length: 40 }, (_, index) => slots.use(() => work(index))));
  expect(most).toBe(3);
  expect(order).toEqual(Array.from({ length: 40 }, (_, index) => index));
});

it('lets go of those who gave up waiting', async () => {
  const slots = new Slots(1);
  let openDoor = (): void => undefined;
  const door = new Promise<void>((resolve) => (openDoor = resolve));
  const first = slots.use(() => door);
  const abort = new AbortController();
  const second = slots.use(() => Promise.resolve('second'), abort.signal);
  const third = slots.use(() => Promise.resolve('third'));
  const why = new Error('no more time');
  abort.abort(why);
  await expect(second).rejects.toBe(why);
  openDoor();
  await first;
  expect(await third).toBe('third');
});
