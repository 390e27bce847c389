import type { ICloudEndpoints } from '../endpoints';
import type { SessionDocument } from '../session/document';

/** The widget of www.icloud.com, public in its page: it is both the OAuth client and the widget key (as icloudpd, icloudpd-rs and pyicloud send it). */
const widgetKey = 'd39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d';

/** Apple's pages answer browsers; every public client calls itself one. */
export const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3.1 Safari/605.1.15';

/** What Apple's page tells of the browser (as icloud-photos-sync sends it). */
const clientInfo = JSON.stringify({ U: userAgent, L: 'en-US', Z: 'GMT+00:00', V: '1.1', F: '' });

type Tokens = Pick<SessionDocument, 'clientId' | 'scnt' | 'sessionId' | 'authAttributes'>;

/**
 * Headers of a request to the identity service. `scnt` and the session id are those of the latest answer.
 * @param from whose page sends it: signing in happens in a frame of the identity service, the second factor is reported to need the page's origin
 */
export const authHeaders = (endpoints: ICloudEndpoints, tokens: Tokens, from: 'frame' | 'page'): Record<string, string> => {
  const origin = from === 'frame' ? new URL(endpoints.auth).origin : endpoints.origin;
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    origin,
    referer: `${origin}/`,
    'user-agent': userAgent,
    'x-apple-domain-id': '3',
    'x-apple-frame-id': tokens.clientId,
    'x-apple-i-fd-client-info': clientInfo,
    'x-apple-oauth-client-id': widgetKey,
    'x-apple-oauth-client-type': 'firstPartyAuth',
    'x-apple-oauth-redirect-uri': endpoints.origin,
    'x-apple-oauth-require-grant-code': 'true',
    'x-apple-oauth-response-mode': 'web_message',
    'x-apple-oauth-response-type': 'code',
    'x-apple-oauth-state': tokens.clientId,
    'x-apple-widget-key': widgetKey,
    ...(tokens.scnt !== null && { scnt: tokens.scnt }),
    ...(tokens.authAttributes !== null && { 'x-apple-auth-attributes': tokens.authAttributes }),
    ...(tokens.sessionId !== null && { 'x-apple-id-session-id': tokens.sessionId }),
  };
};

/** Headers of a request to the account set-up and to the web services, which take JSON as text/plain like the web page sends it. */
export const pageHeaders = (endpoints: ICloudEndpoints): Record<string, string> => ({
  accept: 'application/json',
  'content-type': 'text/plain',
  origin: endpoints.origin,
  referer: `${endpoints.origin}/`,
  'user-agent': userAgent,
});

/** What the page adds to the address of each call of the set-up and the web services (clientBuildNumber as pyicloud sends it). */
export const pageQuery = (clientId: string, dsid: string | null): Record<string, string> => ({
  clientBuildNumber: '2534Project66',
  clientMasteringNumber: '2534B22',
  clientId,
  ...(dsid !== null && { dsid }),
});
