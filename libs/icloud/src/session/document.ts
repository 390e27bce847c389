import { randomUUID } from 'node:crypto';
import { errorCatalogue, type ErrorCode } from '@media-pipeline/contracts';
import { z } from 'zod';

const time = z.number();
/** `nonFTEU` goes back to Apple as it came. */
const phone = z.object({ id: z.number(), number: z.string(), nonFTEU: z.boolean().optional() });

const pendingCode = z.object({
  /** When the code was asked for. */
  since: time,
  expiresAt: time,
  via: z.enum(['trusted_device', 'sms']),
  /** The number the code was sent to; null for the trusted devices. */
  phoneId: z.number().nullable(),
  phones: z.array(phone).readonly(),
  wrongTries: z.number(),
});

const errorCode = z.string().refine((code): code is ErrorCode => Object.hasOwn(errorCatalogue, code));

/** What is kept of a session between runs and shared by all processes. Times in ms since 1970. */
export const sessionDocument = z.object({
  username: z.string(),
  /** Counts the writes: what was read before another process wrote is never written over it. */
  generation: z.number(),
  /** `auth-<uuid>`: who we are to Apple, always the same. */
  clientId: z.string(),
  /** A new one with each accountLogin: tells an older session from a newer one. */
  login: z.string().nullable(),
  scnt: z.string().nullable(),
  sessionId: z.string().nullable(),
  authAttributes: z.string().nullable(),
  sessionToken: z.string().nullable(),
  trustToken: z.string().nullable(),
  accountCountry: z.string().nullable(),
  /** The jar as {@link Cookies.keep} gives it. */
  cookies: z.string().nullable(),
  account: z
    .object({
      dsid: z.string(),
      /** Address by name of the web service. */
      services: z.record(z.string(), z.string()),
      /** Advanced Data Protection: the cookies that unlock the photos come from one of the owner's devices. */
      dataProtected: z.boolean(),
    })
    .nullable(),
  state: z.enum(['never', 'signed_in', 'code_needed', 'consent_needed', 'signed_out']),
  stateSince: time.nullable(),
  checkedAt: time.nullable(),
  trustedSince: time.nullable(),
  pending: pendingCode.nullable(),
  /** When the owner's devices were asked to let the web in (Advanced Data Protection). */
  consentAskedAt: time.nullable(),
  /** When a password was proven to Apple: the latest ones. */
  signIns: z.array(time),
  /** Apple asked for silence until then. */
  quietUntil: time.nullable(),
  /** Why signing in does not help until a person has done something. */
  refusal: z.object({ code: errorCode, message: z.string(), at: time }).nullable(),
  /** A password that Apple refused, as a salted hash. */
  refusedPassword: z.object({ salt: z.string(), hash: z.string() }).nullable(),
});

export type SessionDocument = z.infer<typeof sessionDocument>;
export type Phone = z.infer<typeof phone>;
export type PendingCode = z.infer<typeof pendingCode>;

/** The session of an account that has never signed in here. */
export const freshDocument = (username: string): SessionDocument => ({
  username,
  generation: 0,
  clientId: `auth-${randomUUID()}`,
  login: null,
  scnt: null,
  sessionId: null,
  authAttributes: null,
  sessionToken: null,
  trustToken: null,
  accountCountry: null,
  cookies: null,
  account: null,
  state: 'never',
  stateSince: null,
  checkedAt: null,
  trustedSince: null,
  pending: null,
  consentAskedAt: null,
  signIns: [],
  quietUntil: null,
  refusal: null,
  refusedPassword: null,
});
