import { PipelineError } from '@media-pipeline/contracts';
import { RateLimited } from '../http/web-client';
import { nextSignInAt } from '../session/budget';
import type { SessionDocument } from '../session/document';
import { isRefused } from '../session/refused-password';
import { toCodeRequest, type SignIn } from './outcome';

const dayMs = 24 * 3_600_000;

/** The code that is waited for, and in whose place no other one is sent. */
export function waitingFor({ state, pending }: SessionDocument, by: 'service' | 'person', now: number): SignIn | null {
  if (state !== 'code_needed' || pending === null) return null;
  const counts = now < pending.expiresAt || (by === 'service' && now < pending.since + dayMs);
  return counts ? { kind: 'code_needed', request: toCodeRequest(pending) } : null;
}

/**
 * Whether the password may be used now; gives it back when it may.
 * @param by a service does not try again what only a person can put right
 * @throws ICLOUD_PASSWORD_MISSING, ICLOUD_PASSWORD_WRONG, ICLOUD_SIGN_IN_LIMIT, ICLOUD_RATE_LIMITED; the refusal that stands
 */
export async function admitPassword(session: SessionDocument, password: string | null, by: 'service' | 'person', now: number): Promise<string> {
  if (password === null) throw new PipelineError('ICLOUD_PASSWORD_MISSING', 'the session is over and no password is set');
  if (await isRefused(password, session.refusedPassword)) throw new PipelineError('ICLOUD_PASSWORD_WRONG', 'Apple has refused this password before; it is not tried again');
  if (by === 'service' && session.refusal && session.refusal.code !== 'ICLOUD_PASSWORD_WRONG') throw new PipelineError(session.refusal.code, session.refusal.message);
  assertNotQuiet(session, now);
  const next = nextSignInAt(session.signIns, now);
  if (next !== null) throw new PipelineError('ICLOUD_SIGN_IN_LIMIT', `too many sign-ins lately; the next one is allowed at ${new Date(next).toISOString()}`);
  return password;
}

/** @throws ICLOUD_RATE_LIMITED while Apple has asked for silence */
export function assertNotQuiet({ quietUntil }: SessionDocument, now: number): void {
  if (quietUntil !== null && now < quietUntil) throw new RateLimited('signing in', quietUntil);
}
