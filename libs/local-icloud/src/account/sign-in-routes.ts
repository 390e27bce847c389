import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FaultBoard } from '../faults';
import { setCookies } from './cookies';
import { newToken } from './contexts';
import type { PendingProof, SignInContext } from './contexts';
import { checkWidget, contextOf, handOut, Refusal, serviceError, staleContext } from './idmsa';
import type { LocalAccount } from './local-account';
import { acceptable, proofsOf, same, serverPublic, toBytes, toInteger } from './srp';

const base64 = z.base64().min(1);
const initBody = z.object({ a: base64, accountName: z.string(), protocols: z.array(z.string()).min(1) });
const completeBody = z.object({
  accountName: z.string().min(1),
  c: z.string(),
  m1: base64,
  m2: base64,
  rememberMe: z.boolean().optional(),
  trustTokens: z.array(z.string()).default([]),
});
const escrowBody = z.object({ c: z.string(), m1: base64, m2: base64, k: base64 });

/** The widget, signin/init, signin/complete, repair/complete, and the second proof of escrow. */
export function registerSignIn(app: FastifyInstance, account: LocalAccount, faults: FaultBoard, widget: () => Promise<string>): void {
  app.get('/authorize/signin', async (_request, reply) => {
    setCookies(reply, [{ name: 'aasp', value: newToken(24) }]);
    // the one page of idmsa that stands in a frame
    reply.removeHeader('X-FRAME-OPTIONS').header('Content-Security-Policy', "frame-ancestors 'self'");
    return reply.type('text/html; charset=UTF-8').send(await widget());
  });

  app.post('/signin/init', async (request, reply) => {
    checkWidget(request);
    if (faults.take('init.401')) throw staleContext();
    const known = account.contexts.present(request.headers);
    if (known === 'stale') throw staleContext();
    const body = read(initBody, request);
    if (body.accountName === '') throw badRequest();
    const context = known === 'none' ? account.contexts.open() : known;
    Object.assign(context, { level: 'none', repairNeeded: false, escrowNeeded: false, keysNeeded: false, wrongCodes: 0, codesSent: 0 });
    return begin(reply, account, context, body);
  });

  app.post('/signin/complete', async (request, reply) => {
    checkWidget(request);
    const body = read(completeBody, request);
    const context = account.contexts.byProof(body.c);
    // `c` ties the proof to its challenge: icloudpd repeats the headers of signin/init here and gets in
    if (context === null || !account.contexts.mayBe(context, request.headers)) throw badRequest();
    const wait = account.throttleSignIn();
    if (wait !== null) throw new Refusal(account.signInLimit.status, 'Service Temporarily Unavailable', { 'Retry-After': String(wait) });
    const proof = takeProof(context);
    if (body.accountName.toLowerCase() !== proof.name) throw badRequest();
    if (faults.take('complete.401')) throw wrongPassword();
    await prove(account, proof, body);
    account.signIns += 1;
    account.wrongPasswords = 0;
    return admit(request, reply, account, context, { trustTokens: body.trustTokens, repair: faults.take('complete.412') });
  });

  app.post('/repair/complete', async (request, reply) => {
    checkWidget(request);
    const context = contextOf(request, account.contexts, 'password');
    if (!context.repairNeeded) throw serviceError(412, 'precondition_failed', 'Precondition Failed', 'Nothing to repair.');
    context.repairNeeded = false;
    context.level = 'verified';
    handOut(reply, account, context, sessionHeaders(account, 'full'));
    return reply.status(200).type('application/json;charset=UTF-8').send('');
  });

  app.post('/escrow/init', async (request, reply) => {
    checkWidget(request);
    const context = contextOf(request, account.contexts, 'password');
    const body = read(initBody, request);
    if (!context.escrowNeeded || body.accountName !== '') throw badRequest();
    return begin(reply, account, context, body);
  });

  app.post('/escrow/complete', async (request, reply) => {
    checkWidget(request);
    const context = contextOf(request, account.contexts, 'password');
    const body = read(escrowBody, request);
    if (!context.escrowNeeded || context.proof?.c !== body.c) throw badRequest();
    const key = await prove(account, takeProof(context), body);
    if (!same(Buffer.from(body.k, 'base64'), key)) throw wrongPassword();
    context.escrowNeeded = false;
    context.level = 'verified';
    handOut(reply, account, context, sessionHeaders(account, 'full'));
    return reply.status(200).send({});
  });
}

async function begin(reply: FastifyReply, account: LocalAccount, context: SignInContext, body: z.infer<typeof initBody>): Promise<FastifyReply> {
  if (!body.protocols.includes(account.protocol)) throw badRequest();
  const clientPublic = toInteger(Buffer.from(body.a, 'base64'));
  if (!acceptable(clientPublic)) throw badRequest();
  const secret = account.srpSecret === null ? toInteger(randomBytes(32)) : account.srpSecret();
  const publicKey = serverPublic(await account.passwordVerifier(), secret);
  const c = `d-${String(account.trustedDevices)}-${randomUUID()}:MSA`;
  context.proof = { c, name: body.accountName.toLowerCase(), clientPublic, secret, serverPublic: publicKey };
  handOut(reply, account, context);
  const { iterations, protocol, salt } = account;
  return reply.status(200).send({ iteration: iterations, salt: salt.toString('base64'), protocol, version: 1, b: toBytes(publicKey).toString('base64'), c });
}

/** The key both sides have if the password is right; refuses otherwise, and locks the account when it was wrong too often. */
async function prove(account: LocalAccount, pending: PendingProof, sent: { m1: string; m2: string }): Promise<Buffer> {
  if (account.locked) throw lockedAccount();
  if (pending.name !== '' && pending.name !== account.username.toLowerCase()) {
    throw serviceError(403, '-20101', 'Sign In Failed', 'This Apple Account is not known.');
  }
  const { clientPublic, secret, serverPublic: publicKey, name } = pending;
  const verifier = await account.passwordVerifier();
  const expected = proofsOf({ name, salt: account.salt, verifier, clientPublic, secret, serverPublic: publicKey, bytes: account.srpBytes });
  if (same(Buffer.from(sent.m1, 'base64'), expected.m1) && same(Buffer.from(sent.m2, 'base64'), expected.m2)) return expected.key;
  account.wrongPasswords += 1;
  if (account.wrongPasswords >= account.wrongPasswordLimit) {
    account.locked = true;
    throw lockedAccount();
  }
  throw wrongPassword();
}

async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  account: LocalAccount,
  context: SignInContext,
  given: { trustTokens: readonly string[]; repair: boolean },
): Promise<FastifyReply> {
  const trusted = !account.secondFactor || given.trustTokens.some((token) => account.tokens.trusts(token));
  const authType = account.secondFactor ? 'hsa2' : 'sa';
  setCookies(reply, [
    { name: 'aasp', value: newToken(24) },
    { name: 'dslang', value: 'US-EN' },
    { name: 'site', value: account.country },
  ]);
  context.level = trusted && !given.repair && !account.escrow ? 'verified' : 'password';
  context.repairNeeded = trusted && given.repair;
  context.escrowNeeded = trusted && !given.repair && account.escrow;
  context.keysNeeded = !trusted && account.securityKeys;
  handOut(reply, account, context, {
    ...sessionHeaders(account, context.level === 'verified' ? 'full' : 'partial'),
    'X-Apple-TwoSV-Trust-Eligible': 'true',
    Location: '/auth',
    ...(context.escrowNeeded ? { 'X-Apple-EDP': 'true' } : {}),
  });
  request.log.debug({ trusted }, 'signed in');
  if (context.repairNeeded) return reply.status(412).send({ authType });
  if (context.level === 'verified') return reply.status(200).send({ authType });
  return reply.status(409).send({ authType, ...(context.keysNeeded ? securityKeyChallenge(account) : {}) });
}

/** What a 409 and GET /auth hold when the account has security keys (as icloudpd-rs and pyicloud read it). */
export function securityKeyChallenge(account: LocalAccount): object {
  return {
    fsaChallenge: { challenge: newToken(32), keyHandles: account.securityKeyNames.map(() => newToken(64)), allowedCredentials: '', rpId: 'apple.com' },
    keyNames: account.securityKeyNames,
  };
}

export function sessionHeaders(account: LocalAccount, level: 'partial' | 'full'): Record<string, string> {
  return { 'X-Apple-Session-Token': account.tokens.newLoginToken(level), 'X-Apple-ID-Account-Country': account.country };
}

function takeProof(context: SignInContext): PendingProof {
  const { proof } = context;
  if (proof === null) throw badRequest();
  context.proof = null;
  return proof;
}

export function read<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  const result = schema.safeParse(request.body);
  if (!result.success) throw badRequest();
  return result.data;
}

function badRequest(): Refusal {
  return serviceError(400, 'bad_request', 'Bad Request', 'The request is not what this step expects.');
}

function wrongPassword(): Refusal {
  return serviceError(401, '-20101', 'Sign In Failed', 'Enter the email or phone number and password for your Apple Account.');
}

function lockedAccount(): Refusal {
  return serviceError(403, '-20209', 'Account Locked', 'This Apple Account has been locked for security reasons. Visit iForgot to reset your account (https://iforgot.apple.com).');
}
