import fc from 'fast-check';
import { decide, retryAfterMs, type Outcome, type Patience, type Repeat } from './retry';

const patience: Patience = { tries: 4, longestWaitMs: 30_000, totalWaitMs: 60_000 };
const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('answer' as const), status: fc.constantFrom(200, 204, 401, 409, 421, 429, 500, 502, 503, 504), retryAfterMs: fc.option(fc.integer({ min: 0, max: 100_000 })) }),
  fc.record({ kind: fc.constant('dropped' as const), sent: fc.boolean() }),
);
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Meets the outcomes one after the other. */
function meet(met: readonly Outcome[], repeat: Repeat, chance: number): { tries: number; waitedMs: number; end: string } {
  let waitedMs = 0;
  for (const [i, outcome] of met.entries()) {
    const decision = decide(outcome, i + 1, waitedMs, repeat, patience, chance);
    if (decision.kind !== 'again') return { tries: i + 1, waitedMs, end: decision.kind };
    waitedMs += decision.afterMs;
  }
  return { tries: met.length, waitedMs, end: 'not yet' };
}

it('ends within its tries and its time', () => {
  fc.assert(
    fc.property(fc.array(outcomes, { minLength: 4, maxLength: 4 }), fc.constantFrom<Repeat>('freely', 'if_refused', 'once'), random, (met, repeat, chance) => {
      const { end, waitedMs } = meet(met, repeat, chance);
      expect(end).not.toBe('not yet');
      // A tenth on top spreads clients that were told the same.
      expect(waitedMs).toBeLessThanOrEqual(patience.totalWaitMs * 1.1);
    }),
  );
});

it('never sends again what the server may have acted on, when it must not be done twice', () => {
  fc.assert(
    fc.property(outcomes, random, (outcome, chance) => {
      const acted = (outcome.kind === 'dropped' && outcome.sent) || (outcome.kind === 'answer' && outcome.status !== 429 && outcome.status !== 503);
      if (acted) expect(decide(outcome, 1, 0, 'if_refused', patience, chance).kind).not.toBe('again');
    }),
  );
});

it('sends what is to be sent once again only after 429, and when nothing was sent', () => {
  fc.assert(
    fc.property(outcomes, random, (outcome, chance) => {
      const refused = (outcome.kind === 'dropped' && !outcome.sent) || (outcome.kind === 'answer' && outcome.status === 429);
      if (!refused) expect(decide(outcome, 1, 0, 'once', patience, chance).kind).not.toBe('again');
    }),
  );
  expect(decide({ kind: 'answer', status: 503, retryAfterMs: 1000 }, 1, 0, 'once', patience, 0)).toEqual({ kind: 'rate_limited', afterMs: 1000 });
});

it('waits at least as long as it is told, or not at all', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom(429, 503), random, (asked, status, chance) => {
      const decision = decide({ kind: 'answer', status, retryAfterMs: asked }, 1, 0, 'freely', patience, chance);
      expect(decision).toEqual(asked > 30_000 ? { kind: 'rate_limited', afterMs: asked } : { kind: 'again', afterMs: expect.any(Number) });
      if (decision.kind === 'again') expect(decision.afterMs).toBeGreaterThanOrEqual(asked);
    }),
  );
});

it('spreads the waits of clients that failed together', () => {
  const waits = [0, 0.25, 0.5, 0.99].map((chance) => decide({ kind: 'dropped', sent: false }, 2, 0, 'freely', patience, chance));
  expect(waits.map((wait) => (wait.kind === 'again' ? wait.afterMs : 0))).toEqual([500, 625, 750, 995]);
});

it.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['1.5', 1500],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['99999999999', 86_400_000],
  ['soon', null],
  [undefined, null],
])('Retry-After: %p', (header, expected) => {
  expect(retryAfterMs(header, 10_000)).toBe(expected);
});
