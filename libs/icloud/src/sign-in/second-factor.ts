import { property, serviceErrorCodes, textOf, type Answer } from '../http/answer';
import type { WebRequest } from '../http/transport';
import type { ICloudEndpoints } from '../endpoints';
import type { PendingCode, Phone, SessionDocument } from '../session/document';
import { authHeaders } from './headers';

/** Where a code can be sent. */
export interface CodeRoutes {
  readonly phones: readonly Phone[];
  /** Apple says that there is no device to show a code. */
  readonly noDevices: boolean;
  /** The description as it came, for what else it may say (security keys). */
  readonly described: unknown;
}

const bare = (headers: Record<string, string>): Record<string, string> => {
  const { 'content-type': _none, ...rest } = headers;
  return rest;
};

export const routesRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => ({
  method: 'GET',
  url: endpoints.auth,
  headers: { ...bare(authHeaders(endpoints, session, 'frame')), accept: 'application/json, text/html;q=0.9' },
});

/**
 * Reads `GET auth`, JSON or the page's `boot_args` (as icloudpd reads the page, pyicloud both; since iOS 26.4 the phones are in `bridgeInitiateData`).
 * What cannot be read has no routes.
 */
export function readRoutes(answer: Answer): CodeRoutes {
  const body = answer.json ?? bootArguments(answer.text);
  const described = property(body, 'direct', 'twoSV') ?? body;
  const places = [described, property(described, 'phoneNumberVerification'), property(described, 'bridgeInitiateData', 'phoneNumberVerification')];
  const listed = places.map((place) => property(place, 'trustedPhoneNumbers')).find(Array.isArray) ?? places.map((place) => property(place, 'trustedPhoneNumber'));
  const phones = listed.flatMap((phone: unknown) => {
    const [id, nonFTEU] = [property(phone, 'id'), property(phone, 'nonFTEU')];
    return typeof id === 'number' ? [{ id, number: masked(phone), ...(typeof nonFTEU === 'boolean' && { nonFTEU }) }] : [];
  });
  return { phones, noDevices: property(described, 'noTrustedDevices') === true, described };
}

const bootScript = /<script\b(?=[^>]*\bclass="[^"]*\bboot_args\b)[^>]*>(?<json>[\s\S]*?)<\/script>/i;

function bootArguments(html: string): unknown {
  try {
    return JSON.parse(bootScript.exec(html)?.groups?.['json'] ?? 'null');
  } catch {
    return null;
  }
}

/** As Apple masks it; a number that comes in full loses all but its last two digits. */
function masked(phone: unknown): string {
  const shown = textOf(property(phone, 'obfuscatedNumber')) ?? textOf(property(phone, 'numberWithDialCode')) ?? `•• ${textOf(property(phone, 'lastTwoDigits')) ?? ''}`;
  const digits = shown.replace(/\D/g, '').length;
  let seen = 0;
  return shown.replace(/\d/g, (digit) => (seen++ < digits - 2 ? '•' : digit)).trim();
}

/** Shows a code on the owner's devices (icloud-photos-downloader #1322: needed since iOS 26.4, no body). Each call makes the code before it worthless. */
export const deviceCodeRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => ({
  method: 'PUT',
  url: `${endpoints.auth}/verify/trusteddevice/securitycode`,
  headers: bare(authHeaders(endpoints, session, 'page')),
});

export const smsRequest = (endpoints: ICloudEndpoints, session: SessionDocument, phone: Phone): WebRequest => ({
  method: 'PUT',
  url: `${endpoints.auth}/verify/phone`,
  headers: authHeaders(endpoints, session, 'page'),
  body: JSON.stringify({ phoneNumber: payload(phone), mode: 'sms' }),
});

export type Asked = 'asked' | 'too_many' | 'stale' | 'refused';

/** A code was asked for: 2xx, or 409, which is reported on success. -28248: no more SMS to this number for now. A 2xx may say at the same time that it was the last one. */
export function readAsked(answer: Answer): Asked {
  if (answer.status >= 200 && answer.status <= 299) return 'asked';
  if (serviceErrorCodes(answer).includes('-28248') || property(securityOf(answer), 'tooManyCodesSent') === true) return 'too_many';
  if (answer.status === 409) return 'asked';
  return staleContext.has(answer.status) ? 'stale' : 'refused';
}

const payload = ({ id, nonFTEU }: Phone): object => ({ id, ...(nonFTEU !== undefined && { nonFTEU }) });

export function codeRequest(endpoints: ICloudEndpoints, session: SessionDocument, { phoneId, phones }: PendingCode, code: string): WebRequest {
  const headers = authHeaders(endpoints, session, 'page');
  const securityCode = { code };
  const phone = phones.find(({ id }) => id === phoneId);
  return phone
    ? { method: 'POST', url: `${endpoints.auth}/verify/phone/securitycode`, headers, body: JSON.stringify({ phoneNumber: payload(phone), securityCode, mode: 'sms' }) }
    : { method: 'POST', url: `${endpoints.auth}/verify/trusteddevice/securitycode`, headers, body: JSON.stringify({ securityCode }) };
}

/** `gone`: Apple knows of no code any more. */
export type Checked = 'right' | 'wrong' | 'gone' | 'too_many';

/**
 * Whether a code was right: 200 or 204, or 409 with `securityCode.valid`, or a session token in any answer (as icloud-photos-sync reads it). Wrong
 * codes are service error -21669.
 */
export function readChecked(answer: Answer): Checked {
  const security = securityOf(answer);
  if (property(security, 'tooManyCodesValidated') === true || property(security, 'securityCodeLocked') === true) return 'too_many';
  const codes = serviceErrorCodes(answer);
  if (codes.includes('-21669') || property(security, 'valid') === false) return 'wrong';
  if (property(security, 'valid') === true) return 'right';
  if (answer.headers['x-apple-session-token'] !== undefined && codes.length === 0) return 'right';
  if (answer.status === 200 || answer.status === 204) return codes.length === 0 ? 'right' : 'wrong';
  return staleContext.has(answer.status) ? 'gone' : 'wrong';
}

const staleContext: ReadonlySet<number> = new Set([401, 403, 404, 410, 412, 421, 450]);

const securityOf = ({ json }: Answer): unknown => property(json, 'securityCode') ?? property(json, 'phoneNumberVerification', 'securityCode');

/** Makes this client trusted, so that no code is asked for while that lasts; the answer's headers carry the tokens. */
export const trustRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => ({
  method: 'GET',
  url: `${endpoints.auth}/2sv/trust`,
  headers: bare(authHeaders(endpoints, session, 'page')),
});

/** The six digits of what a person typed (`123 456`, `123-456`); null when there are not six. */
export function sixDigits(typed: string): string | null {
  const digits = typed.replace(/[\s-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : null;
}
