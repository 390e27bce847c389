import type { Readable } from 'node:stream';

/** The web services of `accountLogin`'s `webservices` that the pipeline talks to. */
export type WebService = 'ckdatabasews' | 'photosupload';

export interface ServiceRequest {
  /** Added to what every call carries (clientId, dsid). */
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON with `Content-Type: text/plain`, as the web page does. */
  readonly body: unknown;
  readonly signal?: AbortSignal;
}

/** A streamed answer of a content host. */
export interface ContentResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/**
 * Signed-in access to iCloud's services, as listing and download need it. Whoever calls knows nothing of sessions: an answer that says
 * the session is stale has been dealt with (once) before it gets here.
 */
export abstract class ServiceClient {
  /**
   * One call of a web service; waits out Retry-After and repeats what is worth repeating, within bounds.
   * @returns the parsed body of a 2xx answer, whatever it says (record and zone errors inside HTTP 200 are the caller's)
   * @throws ICLOUD_CODE_NEEDED and the other reasons that keep an account from being signed in; ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE, ICLOUD_ANSWER_UNKNOWN
   */
  abstract call(service: WebService, path: string, request: ServiceRequest): Promise<unknown>;
  /** GET of a signed URL of a content host, without cookies; the caller reads or destroys the body. Any status comes back as it is. @throws ICLOUD_UNREACHABLE */
  abstract open(url: string, options: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }): Promise<ContentResponse>;
}
