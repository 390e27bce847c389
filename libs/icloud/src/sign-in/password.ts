import { PipelineError } from '@media-pipeline/contracts';
import { describe, effectiveStatus, property, serviceErrorCodes, textOf, type Answer } from '../http/answer';
import type { WebRequest } from '../http/transport';
import type { ICloudEndpoints } from '../endpoints';
import type { SessionDocument } from '../session/document';
import { authHeaders } from './headers';
import { isPasswordProtocol, type Ephemeral, type PasswordProtocol, type Proof } from './srp';

/** Error numbers of Apple's identity service, as users of other clients report them. */
const wrongPassword = '-20101';
const locked = '-20209';

export interface PasswordChallenge {
  readonly salt: Buffer;
  readonly serverPublic: Buffer;
  readonly iterations: number;
  readonly protocol: PasswordProtocol;
  /** To be sent back as it came. */
  readonly c: unknown;
}

/** Which password proof: the sign-in itself, or the second one that some accounts ask for since iOS 26.4 (icloud-photos-sync), which names no account. */
export type ProofOf = 'signin' | 'escrow';

/** The user name as it is sent and proven. Apple takes any case and hashes the lower one. */
export const accountName = ({ username }: Pick<SessionDocument, 'username'>, proofOf: ProofOf): string => (proofOf === 'signin' ? username.trim().toLowerCase() : '');

export const initRequest = (endpoints: ICloudEndpoints, session: SessionDocument, proofOf: ProofOf, ephemeral: Ephemeral): WebRequest => ({
  method: 'POST',
  url: `${endpoints.auth}/${proofOf}/init`,
  headers: authHeaders(endpoints, session, 'frame'),
  body: JSON.stringify({ a: ephemeral.public.toString('base64'), accountName: accountName(session, proofOf), protocols: ['s2k', 's2k_fo'] }),
});

/**
 * `stale_context`: a 401 here comes before any proof, so it is not about the password: what we kept of an earlier session is refused (as icloudpd-rs reads it).
 * @throws ICLOUD_ACCOUNT_LOCKED, ICLOUD_ANSWER_UNKNOWN
 */
export function readInit(answer: Answer): PasswordChallenge | 'stale_context' {
  refuseLocked(answer);
  const status = effectiveStatus(answer);
  if (status === 401 || status === 421 || status === 450) return 'stale_context';
  const [salt, b, protocol, iterations] = ['salt', 'b', 'protocol', 'iteration'].map((name) => property(answer.json, name));
  const understood = typeof salt === 'string' && typeof b === 'string' && isPasswordProtocol(protocol) && typeof iterations === 'number';
  if (status > 299 || !understood) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `beginning to sign in: ${describe(answer)}`);
  return { salt: Buffer.from(salt, 'base64'), serverPublic: Buffer.from(b, 'base64'), iterations, protocol, c: property(answer.json, 'c') };
}

export const completeRequest = (endpoints: ICloudEndpoints, session: SessionDocument, challenge: PasswordChallenge, { m1, m2 }: Proof): WebRequest => ({
  method: 'POST',
  url: `${endpoints.auth}/signin/complete?isRememberMeEnabled=true`,
  headers: authHeaders(endpoints, session, 'frame'),
  body: JSON.stringify({
    accountName: accountName(session, 'signin'),
    c: challenge.c,
    m1: m1.toString('base64'),
    m2: m2.toString('base64'),
    rememberMe: true,
    trustTokens: session.trustToken === null ? [] : [session.trustToken],
  }),
});

export const escrowCompleteRequest = (endpoints: ICloudEndpoints, session: SessionDocument, challenge: PasswordChallenge, { m1, m2, key }: Proof): WebRequest => ({
  method: 'POST',
  url: `${endpoints.auth}/escrow/complete`,
  headers: authHeaders(endpoints, session, 'frame'),
  body: JSON.stringify({ m1: m1.toString('base64'), m2: m2.toString('base64'), c: challenge.c, k: key.toString('base64') }),
});

/** Whether a 409 asks for the second password proof. */
export const wantsEscrow = ({ status, headers }: Answer): boolean => status === 409 && (headers['x-apple-edp'] !== undefined || headers['x-apple-pdp'] !== undefined);

export type Completed = 'trusted' | 'second_factor' | 'escrow' | 'repair' | 'wrong_password' | 'stale_context';

/** @throws ICLOUD_SECURITY_KEYS, ICLOUD_ACCOUNT_LOCKED, ICLOUD_ANSWER_UNKNOWN */
export function readComplete(answer: Answer): Completed {
  refuseLocked(answer);
  const status = effectiveStatus(answer);
  if (answer.status === 401 || serviceErrorCodes(answer).includes(wrongPassword)) return 'wrong_password';
  if (status === 409) {
    refuseSecurityKeys(answer.json);
    return wantsEscrow(answer) ? 'escrow' : 'second_factor';
  }
  if (status === 412) return 'repair';
  if (status === 421 || status === 450 || (status === 401 && answer.status !== 401)) return 'stale_context';
  if (status > 299) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `proving the password: ${describe(answer)}${status === 403 ? ', as for a user name that Apple does not know' : ''}`);
  return 'trusted';
}

/** Accounts without a second factor are sent here by a 412. */
export const repairRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => ({
  method: 'POST',
  url: `${endpoints.auth}/repair/complete`,
  headers: authHeaders(endpoints, session, 'frame'),
  body: '{}',
});

/** @throws ICLOUD_SECURITY_KEYS when a second factor's description asks for a hardware key (as icloudpd-rs tells: `fsaChallenge` or `keyNames`) */
export function refuseSecurityKeys(described: unknown): void {
  const keys = property(described, 'keyNames');
  const names = Array.isArray(keys) ? keys.map(textOf).filter((name) => name !== null) : [];
  const challenge = property(described, 'fsaChallenge');
  if ((challenge === undefined || challenge === null) && names.length === 0) return;
  throw new PipelineError('ICLOUD_SECURITY_KEYS', `Apple asks for a hardware security key${names.length > 0 ? ` (${names.join(', ')})` : ''}, which only its own pages can use`);
}

function refuseLocked(answer: Answer): void {
  if (serviceErrorCodes(answer).includes(locked)) throw new PipelineError('ICLOUD_ACCOUNT_LOCKED', 'Apple has locked the account for security reasons');
}
