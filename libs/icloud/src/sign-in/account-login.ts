import { PipelineError } from '@media-pipeline/contracts';
import { describe, effectiveStatus, isRecord, property, textOf, type Answer } from '../http/answer';
import type { WebRequest } from '../http/transport';
import type { ICloudEndpoints } from '../endpoints';
import type { SessionDocument } from '../session/document';
import { pageHeaders, pageQuery } from './headers';

/** A request to the account set-up, with the query that the web page adds. */
export function setupRequest(endpoints: ICloudEndpoints, session: SessionDocument, path: string, body: unknown): WebRequest {
  const query = new URLSearchParams(pageQuery(session.clientId, session.account?.dsid ?? null));
  return { method: 'POST', url: `${endpoints.setup}/${path}?${query.toString()}`, headers: pageHeaders(endpoints), body: JSON.stringify(body) };
}

/** Asks whether the cookies still open a session. */
export const validateRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => setupRequest(endpoints, session, 'validate', null);

/** Makes a session of cookies out of the identity service's tokens. */
export const accountLoginRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest =>
  setupRequest(endpoints, session, 'accountLogin', {
    accountCountryCode: session.accountCountry ?? '',
    dsWebAuthToken: session.sessionToken ?? '',
    extended_login: true,
    trustToken: session.trustToken ?? '',
  });

export type AccountAnswer =
  /** `repair`: Apple wants something done at www.icloud.com; whether the session is whole all the same, its cookies tell. */
  | { readonly kind: 'account'; readonly dsid: string; readonly services: Readonly<Record<string, string>>; readonly repair: boolean }
  | { readonly kind: 'stale' }
  /** HTTP 421. */
  | { readonly kind: 'misrouted' }
  /** The password was enough for a token, but not for a session. */
  | { readonly kind: 'second_factor' }
  /** New terms are to be accepted; the session is only half one till then (rclone #9919). */
  | { readonly kind: 'terms'; readonly locale: string };

/**
 * Reads what `validate` and `accountLogin` answer; both describe the account alike.
 * @throws SETTINGS_INVALID for an account of the other region, ICLOUD_WEB_ACCESS_OFF, ICLOUD_ANSWER_UNKNOWN
 */
export function readAccount(answer: Answer): AccountAnswer {
  const status = effectiveStatus(answer);
  if (status === 421) return { kind: 'misrouted' };
  if (status >= 400 && status <= 499) return { kind: 'stale' };
  if (status > 299 || !isRecord(answer.json)) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `asking for the account: ${describe(answer)}`);

  const elsewhere = textOf(answer.json['domainToUse']);
  if (elsewhere !== null) throw otherRegion(elsewhere);
  const person = answer.json['dsInfo'];
  if (property(person, 'isWebAccessAllowed') === false) throw new PipelineError('ICLOUD_WEB_ACCESS_OFF', 'the account does not let the web in');
  if (wantsSecondFactor(answer.json)) return { kind: 'second_factor' };
  if (answer.json['termsUpdateNeeded'] === true) return { kind: 'terms', locale: textOf(property(person, 'languageCode')) ?? 'en_US' };

  const dsid = textOf(property(person, 'dsid'));
  if (dsid === null) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `asking for the account: it has no dsid (${describe(answer)})`);
  return { kind: 'account', dsid, services: servicesOf(answer.json['webservices']), repair: answer.json['isRepairNeeded'] === true };
}

/** hsaVersion 0 is an account without a second factor. */
function wantsSecondFactor(body: Readonly<Record<string, unknown>>): boolean {
  if (body['hsaChallengeRequired'] === true) return true;
  const version = property(body, 'dsInfo', 'hsaVersion');
  return typeof version === 'number' && version >= 1 && body['hsaTrustedBrowser'] === false;
}

const servicesOf = (webservices: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isRecord(webservices) ? webservices : {}).flatMap(([name, service]) => {
      const url = textOf(property(service, 'url'));
      return url === null || property(service, 'status') === 'inactive' ? [] : [[name, url]];
    }),
  );

function otherRegion(domain: string): PipelineError {
  const region = domain.toLowerCase().endsWith('.cn') ? 'china' : 'global';
  return new PipelineError('SETTINGS_INVALID', `this account belongs to another part of iCloud: set ICLOUD_REGION=${region}`);
}
