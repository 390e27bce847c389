import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FaultBoard } from '../faults';
import type { CodeChannel } from './codes';
import type { SignInContext } from './contexts';
import { checkOrigin, checkWidget, contextOf, handOut, Refusal, serviceError } from './idmsa';
import type { LocalAccount } from './local-account';
import { challengeAnswer, phoneAnswer, signInPage } from './phone-answers';
import { read, securityKeyChallenge, sessionHeaders } from './sign-in-routes';

const codeBody = z.object({ securityCode: z.object({ code: z.string() }) });
const phoneBody = z.object({ phoneNumber: z.object({ id: z.number() }), mode: z.enum(['sms', 'voice']).default('sms') });
const phoneCodeBody = codeBody.extend(phoneBody.shape);

/** GET /auth, the asking for codes, their verification, and trust. */
export function registerVerification(app: FastifyInstance, account: LocalAccount, faults: FaultBoard): void {
  app.get('/', async (request, reply) => {
    checkWidget(request);
    const context = contextOf(request, account.contexts, 'password');
    handOut(reply, account, context);
    const accept = request.headers.accept ?? '';
    if (context.keysNeeded) return reply.send({ accountName: account.username, cancelled: false, passkeyAutofill: false, requirePrf: false, ...securityKeyChallenge(account) });
    if (accept.includes('application/json')) return reply.send(challengeAnswer(account, context));
    return reply.type('text/html; charset=UTF-8').send(signInPage(account, context));
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/verify/trusteddevice',
    handler: (_request, reply) => reply.status(405).send('Method Not Allowed'), // since iOS 26.4
  });

  app.put('/verify/trusteddevice/securitycode', async (request, reply) => {
    const context = waiting(request, account);
    if (account.trustedDevices === 0) throw precondition();
    send(account, context, 'device');
    handOut(reply, account, context);
    return reply.status(202).send();
  });

  app.put('/verify/phone', async (request, reply) => {
    const context = waiting(request, account);
    const { phoneNumber, mode } = read(phoneBody, request);
    const phone = account.phones.find(({ id }) => id === phoneNumber.id);
    if (phone === undefined) throw precondition();
    send(account, context, phone.id);
    handOut(reply, account, context);
    return reply.status(200).send({ ...challengeAnswer(account, context), trustedPhoneNumber: phoneAnswer(phone), mode });
  });

  app.post('/verify/trusteddevice/securitycode', async (request, reply) => {
    const context = waiting(request, account);
    checkOrigin(request, account);
    return verify(reply, account, faults, { context, channel: 'device', code: read(codeBody, request).securityCode.code });
  });

  app.post('/verify/phone/securitycode', async (request, reply) => {
    const context = waiting(request, account);
    checkOrigin(request, account);
    const body = read(phoneCodeBody, request);
    if (!account.codes.sent(body.phoneNumber.id)) throw precondition(); // as blacktop/ipsw #79: the code of another phone
    return verify(reply, account, faults, { context, channel: body.phoneNumber.id, code: body.securityCode.code });
  });

  app.get('/2sv/trust', async (request, reply) => {
    checkWidget(request);
    const context = contextOf(request, account.contexts, 'verified');
    checkOrigin(request, account);
    if (!account.secondFactor) throw serviceError(404, 'not_found', 'Not Found', 'There is nothing to trust.');
    handOut(reply, account, context, { ...sessionHeaders(account, 'full'), 'X-Apple-TwoSV-Trust-Token': account.tokens.newTrustToken() });
    return reply.status(204).send();
  });
}

/** A sign-in that waits for its code. */
function waiting(request: FastifyRequest, account: LocalAccount): SignInContext {
  checkWidget(request);
  const context = contextOf(request, account.contexts, 'password');
  if (context.level !== 'password' || context.keysNeeded || context.repairNeeded || context.escrowNeeded) throw precondition();
  return context;
}

function send(account: LocalAccount, context: SignInContext, channel: CodeChannel): void {
  if (context.codesSent >= account.codesSentLimit) {
    throw limited(challengeAnswer(account, context), '-22981', "Verification codes can't be sent at this time. Please try again later.");
  }
  context.codesSent += 1;
  account.sendCode(channel);
}

async function verify(
  reply: FastifyReply,
  account: LocalAccount,
  faults: FaultBoard,
  { context, channel, code }: { context: SignInContext; channel: CodeChannel; code: string },
): Promise<FastifyReply> {
  if (context.wrongCodes >= account.wrongCodeLimit) {
    throw limited(challengeAnswer(account, context), 'too_many_codes', 'Too many verification codes have been entered. Try again later.');
  }
  if (!account.codes.redeem(channel, code)) {
    context.wrongCodes += 1;
    throw serviceError(400, '-21669', 'Incorrect Verification Code', 'Incorrect verification code.');
  }
  const conflict = takeConflict(account, faults);
  context.escrowNeeded = account.escrow;
  context.level = account.escrow ? 'password' : 'verified';
  const token = conflict === 'noToken' ? {} : sessionHeaders(account, account.escrow ? 'partial' : 'full');
  handOut(reply, account, context, { ...token, ...(account.escrow ? { 'X-Apple-EDP': 'true' } : {}) });
  if (conflict !== null) return reply.status(409).send(validCode(account, context, code));
  return channel === 'device' ? reply.status(204).send() : reply.status(200).send(validCode(account, context, code));
}

/** Since iOS 26.4 a right code can be answered with 409, with or without a session token (rclone #9488, #9730). */
function takeConflict(account: LocalAccount, faults: FaultBoard): 'token' | 'noToken' | null {
  if (faults.take('code.409valid.noToken')) return 'noToken';
  return faults.take('code.409valid') || account.escrow ? 'token' : null;
}

function validCode(account: LocalAccount, context: SignInContext, code: string): object {
  const flags = { tooManyCodesSent: false, tooManyCodesValidated: false, securityCodeLocked: false, securityCodeCooldown: false };
  return { ...challengeAnswer(account, context), securityCode: { code, ...flags, valid: true } };
}

function limited(body: object, code: string, message: string): Refusal {
  const error = { code, title: 'Too Many Codes', message, suppressDismissal: false };
  return new Refusal(423, { ...body, service_errors: [error], hasError: true }, { 'X-Apple-I-Ercd': code });
}

function precondition(): Refusal {
  return serviceError(412, 'precondition_failed', 'Precondition Failed', 'This step does not fit the state of the sign-in.');
}
