import type { PendingCode, SessionDocument } from '../session/document';

/** A code that was sent and that somebody is to give. */
export interface CodeRequest {
  readonly since: Date;
  /** After this a new code is asked for; Apple does not say how long a code lives, so a late one is tried all the same. */
  readonly expiresAt: Date;
  readonly via: 'trusted_device' | 'sms';
  /** The number it was sent to, masked. */
  readonly phone: string | null;
  /** Where a code can be sent by SMS; numbers are masked. */
  readonly phones: readonly { readonly id: number; readonly number: string }[];
  readonly wrongTries: number;
}

export type SignIn =
  | { readonly kind: 'signed_in'; readonly trustedUntil: Date | null }
  | { readonly kind: 'code_needed'; readonly request: CodeRequest }
  /** Advanced Data Protection: the owner has not yet allowed it on a device. */
  | { readonly kind: 'consent_needed'; readonly since: Date };

export const toCodeRequest = ({ since, expiresAt, via, phoneId, phones, wrongTries }: PendingCode): CodeRequest => ({
  since: new Date(since),
  expiresAt: new Date(expiresAt),
  via,
  phone: phones.find(({ id }) => id === phoneId)?.number ?? null,
  phones,
  wrongTries,
});

const dayMs = 24 * 3_600_000;
/** Users of other clients report trust for 30 to 90 days, mostly two months; Apple does not say. */
const usualTrustMs = 60 * dayMs;

/** A guess: two months after this client was trusted. Null for an account without a second factor. */
export const trustedUntil = ({ trustedSince }: Pick<SessionDocument, 'trustedSince'>): Date | null => (trustedSince === null ? null : new Date(trustedSince + usualTrustMs));

/** How long before the trust (as guessed) ends a person should hear of it. */
export const warnBeforeMs = 14 * dayMs;
