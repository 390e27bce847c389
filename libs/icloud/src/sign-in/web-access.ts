import { PipelineError } from '@media-pipeline/contracts';
import { describe, property, type Answer } from '../http/answer';
import type { WebRequest } from '../http/transport';
import type { ICloudEndpoints } from '../endpoints';
import type { SessionDocument } from '../session/document';
import { setupRequest } from './account-login';

/**
 * Advanced Data Protection: Apple has no key to the photos, so one of the owner's devices must hand out cookies that unlock them, and the owner
 * must allow it on the device (the steps are those of pyicloud and icloud-photos-sync). `pcsRequired` in accountLogin says nothing: ordinary accounts have it too.
 */
export const pcsCookies = ['X-APPLE-WEBAUTH-PCS-Photos', 'X-APPLE-WEBAUTH-PCS-Sharing'] as const;

export const webAccessStateRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => setupRequest(endpoints, session, 'requestWebAccessState', {});

/** `open`: an ordinary account. `asking`: the owner has not answered (or was not asked). `consented`: cookies can be had. `unknown`: the answer tells nothing. */
export type WebAccess = 'open' | 'asking' | 'consented' | 'unknown';

/** @throws ICLOUD_WEB_ACCESS_OFF */
export function readWebAccess(answer: Answer): WebAccess {
  refuseWebAccessOff(answer);
  if (answer.status < 200 || answer.status > 299) return 'unknown';
  if (property(answer.json, 'isICDRSDisabled') !== true) return 'open';
  return property(answer.json, 'isDeviceConsentedForPCS') === true ? 'consented' : 'asking';
}

/** Puts the question on the owner's devices. */
export const consentRequest = (endpoints: ICloudEndpoints, session: SessionDocument): WebRequest => setupRequest(endpoints, session, 'enableDeviceConsentForPCS', {});

/** @throws ICLOUD_ANSWER_UNKNOWN when the question could not be put */
export function readConsentAsked(answer: Answer): void {
  const sent = answer.status >= 200 && answer.status <= 299 && property(answer.json, 'isDeviceConsentNotificationSent') !== false;
  if (!sent) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `asking the owner's devices to let the web in: ${describe(answer)}`);
}

/** @param byUser the first request of a run: later ones only ask whether the cookies are there */
export const pcsRequest = (endpoints: ICloudEndpoints, session: SessionDocument, byUser: boolean): WebRequest =>
  setupRequest(endpoints, session, 'requestPCS', { appName: 'photos', derivedFromUserAction: byUser });

/** @returns whether the cookies came with this answer; false: the device has yet to send them @throws ICLOUD_WEB_ACCESS_OFF, ICLOUD_ANSWER_UNKNOWN */
export function readPcs(answer: Answer): boolean {
  refuseWebAccessOff(answer);
  if (property(answer.json, 'status') === 'success') return true;
  // Apple's words for "not yet" differ ("Requested the device to upload cookies.", "Cookies not available yet on server."): all failures are waited out.
  if (answer.status >= 200 && answer.status <= 299 && property(answer.json, 'status') === 'failure') return false;
  throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `asking for the cookies of protected data: ${describe(answer)}`);
}

function refuseWebAccessOff({ json }: Answer): void {
  if (property(json, 'isWebAccessAllowed') === false) throw new PipelineError('ICLOUD_WEB_ACCESS_OFF', 'the account does not let the web in');
}
