import fc from 'fast-check';
import { afterRung, firstStep, type Climb, type RungOutcome } from './ladder';

/** Climbs with these outcomes; what happened on the way. */
function climb(from: 'validate' | 'account_login', hasToken: boolean, outcomes: readonly RungOutcome[]): { rungs: string[]; resets: number; end: string } {
  let at: Climb = firstStep(from, hasToken);
  const rungs: string[] = [];
  let resets = 0;
  for (const outcome of outcomes) {
    rungs.push(at.rung);
    const next = afterRung(at, outcome);
    if (next.kind !== 'climb') return { rungs, resets, end: next.kind };
    if (next.reset) resets++;
    at = next.to;
  }
  return { rungs, resets, end: 'not yet' };
}

const outcome = fc.constantFrom<RungOutcome>('in', 'stale', 'misrouted');

it('ends after at most eight rungs, of which at most one uses the password', () => {
  fc.assert(
    fc.property(fc.constantFrom('validate' as const, 'account_login' as const), fc.boolean(), fc.array(outcome, { minLength: 8, maxLength: 8 }), (from, hasToken, outcomes) => {
      const { rungs, resets, end } = climb(from, hasToken, outcomes);
      expect(end).not.toBe('not yet');
      expect(rungs.filter((rung) => rung === 'password').length).toBeLessThanOrEqual(1);
      expect(rungs.filter((rung) => rung === 'validate').length).toBeLessThanOrEqual(1);
      expect(resets).toBeLessThanOrEqual(4);
    }),
  );
});

it('uses the password only when the session and its tokens were refused, or there are none', () => {
  fc.assert(
    fc.property(fc.array(outcome, { minLength: 8, maxLength: 8 }), (outcomes) => {
      const { rungs } = climb('validate', true, outcomes);
      const at = rungs.indexOf('password');
      if (at < 0) return;
      expect(rungs[0]).toBe('validate');
      expect(rungs.slice(1, at).length).toBeGreaterThanOrEqual(2);
      expect(outcomes.slice(0, at)).not.toContain('in');
    }),
  );
  expect(climb('validate', false, ['in', 'in'])).toEqual({ rungs: ['password', 'account_login'], resets: 0, end: 'in' });
});

it.each([
  [['in'], ['validate'], 0, 'in'],
  [['stale', 'in'], ['validate', 'account_login'], 0, 'in'],
  [['misrouted', 'in'], ['validate', 'account_login'], 1, 'in'],
  [['misrouted', 'misrouted', 'in'], ['validate', 'account_login', 'account_login'], 2, 'in'],
  [['stale', 'stale', 'in'], ['validate', 'account_login', 'account_login'], 0, 'in'],
  [['stale', 'misrouted', 'stale', 'in'], ['validate', 'account_login', 'account_login', 'account_login'], 1, 'in'],
  [['stale', 'stale', 'stale', 'in', 'in'], ['validate', 'account_login', 'account_login', 'password', 'account_login'], 0, 'in'],
  [['stale', 'stale', 'stale', 'in', 'stale', 'in'], ['validate', 'account_login', 'account_login', 'password', 'account_login', 'account_login'], 0, 'in'],
  [['stale', 'stale', 'stale', 'in', 'stale', 'stale'], ['validate', 'account_login', 'account_login', 'password', 'account_login', 'account_login'], 0, 'refused'],
  [['stale', 'stale', 'stale', 'in', 'misrouted', 'in'], ['validate', 'account_login', 'account_login', 'password', 'account_login', 'account_login'], 1, 'in'],
  [['stale', 'stale', 'stale', 'in', 'misrouted', 'misrouted'], ['validate', 'account_login', 'account_login', 'password', 'account_login', 'account_login'], 1, 'web_access_off'],
] as const)('%j', (outcomes, rungs, resets, end) => {
  expect(climb('validate', true, outcomes)).toEqual({ rungs, resets, end });
});
