import type { FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Clock } from '../clock';
import { cookiesOf } from './cookies';
import type { NewCookie } from './cookies';
import type { LocalAccount } from './local-account';
import type { Misrouting } from './misrouting';
import { accountHash } from './tokens';
import { newToken } from './contexts';

const MONTH = 30 * 24 * 60 * 60_000;
const PCS_SERVICES = ['Documents', 'Notes', 'News', 'Mail', 'Safari', 'Cloudkit', 'Photos', 'Sharing'];

/** The cookies accountLogin and validate set once the session is whole. */
export function sessionCookies(account: LocalAccount, clock: Clock, given: { token: string; extended: boolean; trusted: boolean; trustToken?: string | undefined }): NewCookie[] {
  const now = clock.now();
  const expires = given.extended ? now + MONTH : undefined;
  const hashed = accountHash(account.username);
  return [
    { name: 'X-APPLE-UNIQUE-CLIENT-ID', value: 'EQ==', readable: true },
    { name: 'X-APPLE-WEBAUTH-LOGIN', value: `v=1:t=${newToken(30)}~~` },
    { name: 'X-APPLE-WEBAUTH-VALIDATE', value: `v=1:t=${newToken(30)}~~`, readable: true },
    { name: 'X-APPLE-WEBAUTH-HSA-LOGIN', value: '', expires: 1000 },
    { name: 'X-APPLE-WEBAUTH-USER', value: `v=1:s=1:d=${account.dsid}`, expires },
    { name: `X_APPLE_WEB_KB-${hashed}`, value: `v=1:t=${newToken(30)}~~`, expires: now + 2 * MONTH },
    { name: 'X-APPLE-DS-WEB-SESSION-TOKEN', value: newToken(90), expires },
    { name: 'X-APPLE-WEBAUTH-TOKEN', value: given.token, expires },
    ...(given.trusted ? [{ name: trustCookie(account), value: given.trustToken ?? `v=1:t=${newToken(30)}~~`, expires: now + 2 * MONTH }] : []),
    ...(account.advancedDataProtection ? [] : PCS_SERVICES.map((service) => ({ name: `X-APPLE-WEBAUTH-PCS-${service}`, value: newToken(120), expires }))),
  ];
}

/** The cookies of a session that is not whole: the second factor is out (HSA-LOGIN), or terms wait (REPAIR). */
export function pendingCookies(account: LocalAccount, clock: Clock, kind: 'factor' | 'terms', token: string): NewCookie[] {
  const mark = kind === 'factor' ? 'X-APPLE-WEBAUTH-HSA-LOGIN' : 'X-APPLE-WEBAUTH-REPAIR';
  return [
    { name: 'X-APPLE-UNIQUE-CLIENT-ID', value: 'Cw==', readable: true },
    { name: 'X-APPLE-WEBAUTH-LOGIN', value: `v=1:t=${newToken(30)}~~` },
    ...(kind === 'factor' ? [{ name: 'X-APPLE-WEBAUTH-VALIDATE', value: `v=1:t=${newToken(30)}~~`, readable: true }] : []),
    { name: mark, value: token },
    { name: 'X-APPLE-WEBAUTH-USER', value: `v=1:s=1:d=${account.dsid}`, expires: clock.now() + MONTH },
    { name: `X_APPLE_WEB_KB-${accountHash(account.username)}`, value: `v=1:t=${newToken(30)}~~`, expires: clock.now() + 2 * MONTH },
    ...(kind === 'factor' ? [{ name: 'X-APPLE-DS-WEB-SESSION-TOKEN', value: newToken(90), expires: clock.now() + MONTH }] : []),
  ];
}

/** The cookies requestPCS brings. */
export function pcsCookies(clock: Clock, services: readonly string[]): NewCookie[] {
  return services.map((service) => ({ name: `X-APPLE-WEBAUTH-PCS-${service}`, value: newToken(120), expires: clock.now() + MONTH }));
}

/** The whole session of the request: its cookie text, or why there is none. */
export function sessionOf(request: FastifyRequest, account: LocalAccount): { token: string } | { error: string } {
  const cookies = cookiesOf(request);
  const token = cookies.get('X-APPLE-WEBAUTH-TOKEN');
  if (token === undefined || token === '') return { error: 'Missing X-APPLE-WEBAUTH-TOKEN cookie' };
  if (!account.tokens.holds(token)) return { error: 'Invalid X-APPLE-WEBAUTH-TOKEN cookie' };
  const user = cookies.get('X-APPLE-WEBAUTH-USER');
  if (user === undefined) return { error: 'Missing X-APPLE-WEBAUTH-USER cookie' };
  if (!user.endsWith(`:d=${account.dsid}`)) return { error: 'Invalid X-APPLE-WEBAUTH-USER cookie' };
  return { token };
}

const trustCookie = (account: LocalAccount): string => `X-APPLE-WEBAUTH-HSA-TRUST-${accountHash(account.username)}`;

/** The trust that the browser still has, by its cookie. */
export function trustOf(request: FastifyRequest, account: LocalAccount): string[] {
  const token = cookiesOf(request).get(trustCookie(account));
  return token !== undefined && account.tokens.trusts(token) ? [token] : [];
}

/** The gate before the photo service. */
export function requireSession(account: LocalAccount, misrouting: Misrouting): preHandlerAsyncHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (await misrouting.answered(request, reply, 'service')) return reply;
    const session = sessionOf(request, account);
    if ('error' in session) return reply.status(421).send({ reason: session.error, error: 1 });
    const { dsid } = request.query as Record<string, unknown>;
    // icloudpd lists the zones without one, so only a wrong one is refused
    if (dsid !== undefined && dsid !== account.dsid) return reply.status(421).send({ reason: 'The dsid is not that of the session', error: 1 });
    if (account.webAccessOff && account.webAccessRefusal === '421') return reply.status(421).send({ reason: 'Web access is not allowed', error: 1 });
    if (account.webAccessOff) return reply.status(403).send({ uuid: request.id, serverErrorCode: 'ACCESS_DENIED', reason: 'private db access disabled for this account' });
    if (account.advancedDataProtection && !hasPcsCookies(request)) {
      return reply.status(423).send({ requestUUID: request.id, errorReason: 'Missing PCS cookies from the request', errorCode: 423 });
    }
    return undefined;
  };
}

function hasPcsCookies(request: FastifyRequest): boolean {
  const cookies = cookiesOf(request);
  return ['Photos', 'Sharing'].every((service) => (cookies.get(`X-APPLE-WEBAUTH-PCS-${service}`) ?? '') !== '');
}

