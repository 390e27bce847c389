import type { ErrorCode } from '@media-pipeline/contracts';
import { lately, nextSignInAt } from './session/budget';
import type { SessionDocument } from './session/document';
import { toCodeRequest, trustedUntil, warnBeforeMs, type CodeRequest } from './sign-in/outcome';

/** What the session file tells of an account, without asking Apple. */
export interface AccountStatus {
  readonly username: string;
  readonly state: 'never' | 'signed_in' | 'code_needed' | 'consent_needed' | 'signed_out';
  readonly since: Date | null;
  /** When Apple last confirmed the session. */
  readonly lastChecked: Date | null;
  /** A guess, since Apple does not say: two months after this client was trusted. */
  readonly trustedUntil: Date | null;
  /** The trust (as guessed) ends within two weeks, or has ended: a code will soon be asked for. */
  readonly warn: boolean;
  /** A code that is waited for; one whose time is over is still shown, since it may be given late. */
  readonly pending: CodeRequest | null;
  /** Sign-ins with the password within the last day. */
  readonly signInsLately: number;
  /** When the password may be used again; null: now. */
  readonly nextSignInAt: Date | null;
  /** Apple has refused the password that was tried last. */
  readonly refusedPassword: boolean;
  /** What keeps the account from being signed in until a person has done something. */
  readonly refusal: { readonly code: ErrorCode; readonly message: string; readonly at: Date } | null;
  /** Whether the session file is (to be) encrypted. */
  readonly encrypted: boolean;
}

export function toStatus(session: SessionDocument, encrypted: boolean, now: number): AccountStatus {
  const until = trustedUntil(session);
  const next = Math.max(nextSignInAt(session.signIns, now) ?? 0, session.quietUntil ?? 0);
  return {
    username: session.username,
    state: session.state,
    since: dateOf(session.stateSince),
    lastChecked: dateOf(session.checkedAt),
    trustedUntil: until,
    warn: until !== null && until.getTime() - now < warnBeforeMs,
    pending: session.pending === null ? null : toCodeRequest(session.pending),
    signInsLately: lately(session.signIns, now).length,
    nextSignInAt: next > now ? new Date(next) : null,
    refusedPassword: session.refusedPassword !== null,
    refusal: session.refusal && { ...session.refusal, at: new Date(session.refusal.at) },
    encrypted,
  };
}

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time));
