/** The ways back into a session, the cheapest first: only the last one uses the password, which Apple allows about ten times in a window. */
export type Rung = 'validate' | 'account_login' | 'password';

/** What a rung came to. `misrouted` is HTTP 421; `stale` every other refusal of the session. */
export type RungOutcome = 'in' | 'stale' | 'misrouted';

/** Where a climb stands. */
export interface Climb {
  readonly rung: Rung;
  /** How often connections have been thrown away on this rung. */
  readonly resets: number;
  /** How often this rung's tokens have been refused. */
  readonly refusals: number;
  /** The password has been proven in this climb: it is not done twice. */
  readonly proven: boolean;
}

export type NextStep =
  | { readonly kind: 'in' }
  | { readonly kind: 'climb'; readonly to: Climb; readonly reset: boolean }
  /** A session that is minutes old is sent away with 421 on fresh connections: the account does not let the web in. */
  | { readonly kind: 'web_access_off' }
  | { readonly kind: 'refused' };

const untried = { resets: 0, refusals: 0 };

/** @param hasToken whether there is a session to go on with at all */
export const firstStep = (from: Rung, hasToken: boolean): Climb => ({ rung: hasToken ? from : 'password', ...untried, proven: false });

/** The password (and the code) were right just now: what is left is to open a session with the tokens that Apple gave for them. */
export const afterPassword: Climb = { rung: 'account_login', ...untried, proven: true };

/** Apple's page has signed in: its cookies are tried before the tokens, and the password is not used again. */
export const afterPage: Climb = { rung: 'validate', ...untried, proven: true };

/**
 * What comes after a rung, as icloudpd-rs climbs: a 421 is first taken for a connection that leads to the wrong server, then for a session
 * that is over, and at last for web access that is switched off. Tokens are refused twice before the password is used: asking again costs
 * nothing, while sign-ins are counted. A climb ends after at most eight rungs: one validate, three accountLogin, one password, three accountLogin.
 */
export function afterRung(climb: Climb, outcome: RungOutcome): NextStep {
  if (outcome === 'in') {
    return climb.rung === 'password' ? { kind: 'climb', to: afterPassword, reset: false } : { kind: 'in' };
  }
  if (climb.rung === 'validate') return { kind: 'climb', to: { rung: 'account_login', ...untried, proven: climb.proven }, reset: outcome === 'misrouted' };
  if (climb.rung === 'password') return { kind: 'refused' };
  if (outcome === 'misrouted' && climb.resets === 0) return { kind: 'climb', to: { ...climb, resets: 1 }, reset: true };
  if (outcome === 'stale' && climb.refusals === 0) return { kind: 'climb', to: { ...climb, refusals: 1 }, reset: false };
  if (!climb.proven) return { kind: 'climb', to: { rung: 'password', ...untried, proven: false }, reset: outcome === 'misrouted' };
  return { kind: outcome === 'misrouted' ? 'web_access_off' : 'refused' };
}
