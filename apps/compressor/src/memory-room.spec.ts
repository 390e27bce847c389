import fc from 'fast-check';
import { machineMemory, MemoryRoom, openMemoryRoom } from './memory-room';

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('MemoryRoom', () => {
  it('never holds more than its capacity, and lets everybody in at last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 3 })), { maxLength: 20 }), async (jobs) => {
        const room = new MemoryRoom(100);
        let taken = 0;
        const order: number[] = [];
        await Promise.all(
          jobs.map(([bytes, turns], index) =>
            room.use(bytes, never, async () => {
              order.push(index);
              expect((taken += bytes)).toBeLessThanOrEqual(100);
              for (let left = turns; left > 0; left--) await turn();
              taken -= bytes;
            }),
          ),
        );
        // first come, first served: nobody is passed for ever
        expect(order).toEqual(jobs.map((_, index) => index));
      }),
      { numRuns: 100 },
    );
  });

  it('gives up a place in the queue when the job is called off, and gives room back when a job fails', async () => {
    const room = new MemoryRoom(10);
    let end = (): void => undefined;
    const first = room.use(10, never, () => new Promise<void>((resolve) => (end = resolve)));
    const off = new AbortController();
    const second = room.use(10, off.signal, () => Promise.resolve());
    const third = room.use(10, never, () => Promise.reject(new Error('failed')));
    off.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    end();
    await first;
    await expect(third).rejects.toThrow('failed');
    await expect(room.use(10, never, () => Promise.resolve('there is room'))).resolves.toBe('there is room');
    expect([room.fits(10), room.fits(11)]).toEqual([true, false]);
  });

  it('is as large as it is told, else a share of what the machine has', async () => {
    expect((await openMemoryRoom(5_000_000)).capacity).toBe(5_000_000);
    const all = await machineMemory();
    expect(all).toBeGreaterThan(100_000_000);
    expect((await openMemoryRoom(null)).capacity).toBe(Math.floor(all * 0.6));
  });
});
