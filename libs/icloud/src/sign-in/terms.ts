import { property, type Answer } from '../http/answer';
import type { WebRequest } from '../http/transport';
import type { ICloudEndpoints } from '../endpoints';
import type { SessionDocument } from '../session/document';
import { setupRequest } from './account-login';

/** Asks for the terms that are to be accepted (as pyicloud does; newer clients send POST). */
export const termsRequest = (endpoints: ICloudEndpoints, session: SessionDocument, locale: string): WebRequest => setupRequest(endpoints, session, 'getTerms', { locale });

/** The version of the terms; null when the answer does not say. */
export function readTermsVersion({ status, json }: Answer): string | number | null {
  const version = status >= 200 && status <= 299 ? property(json, 'iCloudTerms', 'version') : null;
  return typeof version === 'string' || typeof version === 'number' ? version : null;
}

/** Accepts the terms of a version in the name of the owner: only at their word. */
export const acceptTermsRequest = (endpoints: ICloudEndpoints, session: SessionDocument, version: string | number): WebRequest =>
  setupRequest(endpoints, session, 'repairDone', { acceptedICloudTerms: version });
