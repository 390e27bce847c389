import { setImmediate as turn } from 'node:timers/promises';
import { concurrently, inAdvance, inBatches } from './concurrently';

async function* numbers(to: number, onEnd?: () => void): AsyncGenerator<number> {
  try {
    for (let n = 0; n < to; n++) {
      await turn();
      yield n;
    }
  } finally {
    onEnd?.();
  }
}

it('does all, never more than the limit at a time', async () => {
  let now = 0;
  let most = 0;
  const results: number[] = [];
  for await (const result of concurrently(numbers(50), 4, async (n) => {
    most = Math.max(most, ++now);
    for (let longer = 0; longer < 20; longer++) await turn();
    now--;
    return n;
  })) results.push(result);
  expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(most).toBe(4);
});

it('ends with the first failure, when what is under way has ended and the source is closed', async () => {
  let closed = false;
  let underWay = 0;
  const work = async (n: number): Promise<number> => {
    underWay++;
    await turn();
    underWay--;
    if (n === 7) throw new Error('seven');
    return n;
  };
  const all = async (): Promise<void> => {
    for await (const _ of concurrently(numbers(1_000, () => (closed = true)), 3, work));
  };
  await expect(all()).rejects.toThrow('seven');
  expect([closed, underWay]).toEqual([true, 0]);
});

it('makes batches', async () => {
  const sizes: number[] = [];
  for await (const batch of inBatches(numbers(7), 3)) sizes.push(batch.length);
  expect(sizes).toEqual([3, 3, 1]);
});

it('asks for one item in advance, and hands failures on in their turn', async () => {
  const asked: number[] = [];
  let closed = false;
  async function* source(): AsyncGenerator<number> {
    try {
      for (let n = 0; n < 4; n++) {
        asked.push(n);
        yield n;
      }
      throw new Error('the end');
    } finally {
      closed = true;
    }
  }
  const seen: string[] = [];
  const all = async (): Promise<void> => {
    for await (const n of inAdvance(source())) {
      await turn();
      seen.push(`${n} of ${asked.length}`);
    }
  };
  await expect(all()).rejects.toThrow('the end');
  expect(seen).toEqual(['0 of 2', '1 of 3', '2 of 4', '3 of 4']);
  for await (const _ of inAdvance(source())) break;
  expect(closed).toBe(true);
});
