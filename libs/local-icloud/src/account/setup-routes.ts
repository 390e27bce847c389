import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../clock';
import { cookiesOf, setCookies } from './cookies';
import type { LocalAccount } from './local-account';
import { loginAnswer, requestInfo } from './login-answer';
import type { Misrouting } from './misrouting';
import { pendingCookies, sessionCookies, sessionOf, trustOf } from './web-session';

const loginBody = z.object({
  accountCountryCode: z.string().nullish(),
  dsWebAuthToken: z.string().nullish(),
  extended_login: z.boolean().default(false),
  trustToken: z.string().nullish(),
});

export interface SetupParts {
  readonly account: LocalAccount;
  readonly clock: Clock;
  readonly misrouting: Misrouting;
  readonly origin: () => string;
}

/** accountLogin, validate, the terms, and logout. */
export function registerSetup(app: FastifyInstance, { account, clock, misrouting, origin }: SetupParts): void {
  app.addHook('preHandler', async (request, reply) => {
    setupHeaders(request, reply);
    if (!(await misrouting.answered(request, reply, 'setup'))) return undefined;
    if (request.routeOptions.url?.endsWith('/accountLogin') === true) account.countLogin(true);
    return reply;
  });

  app.post('/accountLogin', async (request, reply) => {
    account.countLogin(false);
    const parsed = loginBody.safeParse(request.body);
    const token = parsed.data?.dsWebAuthToken;
    if (parsed.data === undefined || typeof token !== 'string' || token === '') return fail(reply, 400, 'Missing apple_id field');
    const insisted = domainToUse(request, account);
    if (insisted !== null) return reply.send({ domainToUse: insisted });
    const level = account.tokens.loginLevel(token);
    if (level === null) return fail(reply, 400, 'Invalid Session Token');
    if (level === 'expired') return fail(reply, 421, 'Session Token expired');
    if (parsed.data.accountCountryCode !== account.country) return fail(reply, 400, 'Invalid account country code');
    const trusted = !account.secondFactor || account.tokens.trusts(parsed.data.trustToken ?? '');
    const whole = trusted || level === 'full';
    const extended = parsed.data.extended_login;
    if (whole && !account.termsPending) setCookies(reply, sessionCookies(account, clock, { token: account.tokens.openSession(false), extended, trusted, trustToken: parsed.data.trustToken || undefined }));
    else setCookies(reply, pendingCookies(account, clock, whole ? 'terms' : 'factor', account.tokens.openSession(true)));
    return reply.send(loginAnswer(account, origin(), { trusted, challenge: !whole, extended }));
  });

  app.post('/validate', async (request, reply) => {
    account.validations += 1;
    const trustTokens = trustOf(request, account);
    const session = sessionOf(request, account);
    const renewed = 'token' in session ? account.tokens.renewSession(session.token) : null;
    const refusal = 'error' in session ? session.error : account.webAccessOff && account.webAccessRefusal === '421' ? 'Web access is not allowed' : null;
    if (renewed === null || refusal !== null) {
      return reply.status(421).send({ success: false, trustTokens, requestInfo: requestInfo(), error: refusal ?? 'Invalid X-APPLE-WEBAUTH-TOKEN cookie' });
    }
    setCookies(reply, sessionCookies(account, clock, { token: renewed, extended: true, trusted: true, trustToken: trustTokens[0] }));
    return reply.send({ ...loginAnswer(account, origin(), { trusted: true, challenge: false, extended: true }), trustTokens });
  });

  // pyicloud asks both with GET and a body, others with POST.
  app.route({
    method: ['GET', 'POST'],
    url: '/getTerms',
    handler: async (request, reply) => {
      if (!repairing(request, account)) return fail(reply, 421, 'Missing X-APPLE-WEBAUTH-TOKEN cookie');
      return reply.send({ iCloudTerms: { version: account.termsVersion, text: '<p>Terms</p>', locale: 'en_US' } });
    },
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/repairDone',
    handler: async (request, reply) => {
      if (!repairing(request, account)) return fail(reply, 421, 'Missing X-APPLE-WEBAUTH-TOKEN cookie');
      const accepted = z.object({ acceptedICloudTerms: z.coerce.number() }).safeParse(request.body);
      if (accepted.data?.acceptedICloudTerms !== account.termsVersion) return fail(reply, 400, 'Invalid terms version');
      account.termsPending = false;
      return reply.send({ success: true });
    },
  });

  app.post('/logout', async (request, reply) => {
    const session = sessionOf(request, account);
    if ('error' in session) return fail(reply, 421, session.error);
    account.tokens.closeSession(session.token);
    setCookies(reply, [{ name: 'X-APPLE-WEBAUTH-TOKEN', value: '', expires: 1000 }]);
    return reply.send({ success: true });
  });
}

export function fail(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.status(status).send({ success: false, error });
}

/** Accounts of mainland China live behind .com.cn and others do not; the wrong door answers with the right one (as icloudpd reports it). */
function domainToUse(request: FastifyRequest, account: LocalAccount): string | null {
  const chinese = (request.headers.origin ?? '').endsWith('.com.cn');
  if (account.region === 'china') return chinese ? null : 'iCloud.com.cn';
  return chinese ? 'iCloud.com' : null;
}

function repairing(request: FastifyRequest, account: LocalAccount): boolean {
  const token = cookiesOf(request).get('X-APPLE-WEBAUTH-REPAIR');
  return token !== undefined && account.tokens.holds(token, { pending: true });
}

function setupHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers;
  void reply.headers({
    Server: 'AppleHttpServer/78689afb4479',
    'Cache-Control': 'no-cache, no-store, private',
    'X-Apple-Request-UUID': randomUUID(),
    'X-Responding-Instance': 'setupservice:33200401:local:7001:2404B363:5934c9004de5',
    'Access-Control-Allow-Credentials': 'true',
    ...(origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin }),
  });
}
