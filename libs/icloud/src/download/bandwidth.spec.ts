import fc from 'fast-check';
import { Bandwidth } from './bandwidth';

class StandingClock {
  at = 0;
  now = () => this.at;
  readonly sleeps: number[] = [];
  sleep = async (ms: number) => void this.sleeps.push(ms);
}

it('lets everything pass without a limit', () => expect(new Bandwidth(null, new StandingClock()).take(1e9)).toBeUndefined());

it('makes readers wait for what they took, whoever they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 50 }), fc.integer({ min: 1000, max: 1_000_000 }), async (chunks, rate) => {
      const clock = new StandingClock();
      const bandwidth = new Bandwidth(rate, clock);
      await Promise.all(chunks.map(async (bytes) => await bandwidth.take(bytes)));
      const total = chunks.reduce((sum, bytes) => sum + bytes, 0);
      const longest = Math.max(0, ...clock.sleeps);
      // All but the quarter second saved up is paid for in time.
      expect(longest).toBeCloseTo(Math.max(0, ((total - rate / 4) / rate) * 1000), 3);
    }),
  );
});

it('saves up no more than a quarter of a second', async () => {
  const clock = new StandingClock();
  const bandwidth = new Bandwidth(1000, clock);
  clock.at = 3_600_000;
  await bandwidth.take(1250);
  expect(clock.sleeps).toEqual([1000]);
});
