import fc from 'fast-check';
import { nextSignInAt, withSignIn } from './budget';

const hourMs = 3_600_000;
const start = Date.UTC(2026, 10, 1);

it('allows three sign-ins an hour and eight a day, and never fewer than it could', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 * hourMs }), { minLength: 1, maxLength: 120 }), (pauses) => {
      let now = start;
      let signIns: number[] = [];
      const done: number[] = [];
      for (const ms of pauses) {
        now += ms;
        const next = nextSignInAt(signIns, now);
        const within = (span: number): number => done.filter((at) => at > now - span).length;
        expect(next === null).toBe(within(hourMs) < 3 && within(24 * hourMs) < 8);
        if (next !== null) {
          expect(next).toBeGreaterThan(now);
          continue;
        }
        signIns = withSignIn(signIns, now);
        done.push(now);
      }
      expect(signIns.length).toBeLessThanOrEqual(8);
    }),
  );
});

it('tells when the next one is allowed, to the millisecond', () => {
  const signIns = [start, start + 1, start + 2];
  const next = nextSignInAt(signIns, start + 10);
  expect(next).toBe(start + hourMs);
  expect(nextSignInAt(signIns, start + hourMs - 1)).toBe(start + hourMs);
  expect(nextSignInAt(signIns, start + hourMs)).toBeNull();
});

it('is not locked for good by a clock that was set back', () => {
  const ahead = start + 365 * 24 * hourMs;
  const signIns = withSignIn([ahead, ahead, ahead], start);
  expect(nextSignInAt(signIns, start + 24 * hourMs)).toBeNull();
});
