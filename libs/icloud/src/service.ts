import type { Readable } from 'node:stream';

/** The web services of `accountLogin`'s `webservices` that the pipeline talks to. */
export type WebService = 'ckdatabasews' | 'photosupload';

export interface ServiceRequest {
  /** Added to what every call carries (clientId, dsid). */
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON with `Content-Type: text/plain`, as the web page does. */
  readonly body: unknown;
  readonly signal?: AbortSignal;
  /** The server must not be asked twice when it may have acted: whoever asks finds out what came of it. 429 and a session that was refused are repeated all the same. */
  readonly once?: boolean;
  /** Awaited each time right before the request goes out, with no waiting in between; what it throws ends the call. */
  readonly beforeSend?: (() => Promise<void>) | undefined;
}

/** A streamed answer of a content host. */
export interface ContentResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Bytes for a content host. */
export interface ContentToSend {
  readonly body: Readable;
  /** Exactly as many as `body` gives. */
  readonly bytes: number;
  readonly signal?: AbortSignal;
}

/** What a content host answers to bytes that were sent. */
export interface ContentAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body when it is JSON, else undefined. */
  readonly json: unknown;
}

/**
 * Signed-in access to iCloud's services, as listing and download need it. Whoever calls knows nothing of sessions: an answer that says
 * the session is stale has been dealt with (once) before it gets here.
 */
export abstract class ServiceClient {
  /**
   * One call of a web service; waits out Retry-After and repeats what is worth repeating, within bounds.
   * @returns the parsed body of a 2xx answer, whatever it says (record and zone errors inside HTTP 200 are the caller's)
   * @throws ICLOUD_CODE_NEEDED and the other reasons that keep an account from being signed in; ICLOUD_UPLOAD_ABSENT; ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE, ICLOUD_ANSWER_UNKNOWN
   * (an {@link UnexpectedAnswer} where the answer's status tells more)
   */
  abstract call(service: WebService, path: string, request: ServiceRequest): Promise<unknown>;
  /** GET of a signed URL of a content host, without cookies; the caller reads or destroys the body. Any status comes back as it is. @throws ICLOUD_UNREACHABLE */
  abstract open(url: string, options: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }): Promise<ContentResponse>;
  /**
   * POST to a signed URL of a content host, without cookies, once: to send again is up to whoever has the bytes. Any status comes back as it is.
   * @throws ICLOUD_UNREACHABLE; what `body` fails with; the signal's reason
   */
  abstract send(url: string, content: ContentToSend): Promise<ContentAnswer>;
}
