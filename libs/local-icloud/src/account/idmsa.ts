import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SignInContext, SignInContexts } from './contexts';
import type { LocalAccount } from './local-account';

/** The widget key of icloud.com, the same in every public client. */
export const WIDGET_KEY = 'd39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d';
const ORIGINS = new Set(['https://www.icloud.com', 'https://www.icloud.com.cn']);

/** An answer of idmsa that is a refusal; thrown by the checks, answered in one place. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: object | string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`refused with ${String(status)}`);
  }
}

/** `{service_errors, hasError}` as idmsa answers; `-21669` is a wrong code, `-20101` a wrong password, `-20209` a locked account. */
export function serviceError(status: number, code: string, title: string, message: string): Refusal {
  const error = { code, title, message, suppressDismissal: false };
  return new Refusal(status, { service_errors: [error], serviceErrors: [error], hasError: true }, { 'X-Apple-I-Ercd': code });
}

/** Refuses what does not come from the widget of icloud.com. Apple's exact answer is not known; ours is a 403 that names the reason. */
export function checkWidget(request: FastifyRequest): void {
  const headers = request.headers;
  const wanted: readonly (readonly [string, (value: string) => boolean])[] = [
    ['x-apple-widget-key', (value) => value === WIDGET_KEY],
    ['x-apple-oauth-client-id', (value) => value === WIDGET_KEY],
    ['x-apple-oauth-client-type', (value) => value === 'firstPartyAuth'],
    ['x-apple-oauth-redirect-uri', (value) => ORIGINS.has(value)],
    ['x-apple-oauth-require-grant-code', (value) => value === 'true'],
    ['x-apple-oauth-state', (value) => value !== '' && value !== WIDGET_KEY],
  ];
  for (const [name, right] of wanted) {
    const value = headers[name];
    if (typeof value !== 'string' || !right(value)) throw serviceError(403, 'invalid_client', 'Forbidden', `Missing or wrong header ${name}.`);
  }
}

/** Since iOS 26.4 codes and trust are only taken from icloud.com (icloud-photos-sync #1104), or, as a browser says of it, from this server's own widget. */
export function checkOrigin(request: FastifyRequest, account: LocalAccount): void {
  if (request.headers['sec-fetch-site'] === 'same-origin') return;
  if (account.originChecked && !ORIGINS.has(request.headers.origin ?? '')) {
    throw serviceError(403, 'invalid_origin', 'Forbidden', 'The Origin is not that of the redirect URI.');
  }
}

/** The sign-in the request belongs to, at least as far as `level`. */
export function contextOf(request: FastifyRequest, contexts: SignInContexts, level: 'password' | 'verified'): SignInContext {
  const context = contexts.present(request.headers);
  if (context === 'none' || context === 'stale') throw staleContext();
  if (context.level === 'none' || (level === 'verified' && context.level !== 'verified')) {
    throw serviceError(412, 'precondition_failed', 'Precondition Failed', 'This sign-in has not come that far.');
  }
  return context;
}

export function staleContext(): Refusal {
  return serviceError(401, 'session_timed_out', 'Session Timed Out', 'Your session timed out. Please sign in again.');
}

/** Headers that every answer of idmsa has. */
export function idmsaHeaders(reply: FastifyReply): void {
  void reply.headers({
    Server: 'Apple',
    'Cache-Control': 'no-cache, no-store',
    Pragma: 'no-cache',
    'X-Apple-I-Request-ID': randomUUID(),
    'X-BuildVersion': 'R4_1',
    'X-Content-Type-Options': 'nosniff',
    'X-FRAME-OPTIONS': 'DENY',
  });
}

/** Hands out the next scnt, and the next session id unless the sign-in is only at its beginning. */
export function handOut(reply: FastifyReply, account: LocalAccount, context: SignInContext, extra: Readonly<Record<string, string>> = {}): void {
  const begun = context.level !== 'none';
  account.contexts.rotate(context, begun);
  void reply.headers({
    scnt: context.scnt,
    ...(begun && context.sessionId !== null ? { 'X-Apple-ID-Session-Id': context.sessionId } : {}),
    'X-Apple-Auth-Attributes': Buffer.from(randomUUID()).toString('base64'),
    ...extra,
  });
}
