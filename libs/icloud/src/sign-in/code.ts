import { PipelineError } from '@media-pipeline/contracts';
import { describe } from '../http/answer';
import { RateLimited, type Sent } from '../http/web-client';
import type { PendingCode, Phone } from '../session/document';
import { toCodeRequest, type SignIn } from './outcome';
import { refuseSecurityKeys, wantsEscrow } from './password';
import { proveAgain } from './prove-password';
import { codeRequest, deviceCodeRequest, readAsked, readChecked, readRoutes, routesRequest, smsRequest, trustRequest, type Asked } from './second-factor';
import type { Wire } from './wire';

/** Apple does not say how long a code lives; after this a new one is asked for. */
const codeLifetimeMs = 10 * 60_000;

/** A phone, or null for the devices that show codes. */
interface Route {
  readonly phone: Phone | null;
  readonly phones: readonly Phone[];
}

/**
 * Has Apple send a code, to the devices when there are any. What is pending is written down before the request goes out: a process that dies
 * in between leaves a request that may have had no effect, never one that is made twice.
 * @throws ICLOUD_SECURITY_KEYS, ICLOUD_RATE_LIMITED, ICLOUD_SIGN_IN_LIMIT, ICLOUD_ANSWER_UNKNOWN
 */
export async function askForCode(wire: Wire): Promise<SignIn> {
  const routes = readRoutes((await wire.send('asking where a code can go', routesRequest)).answer);
  refuseSecurityKeys(routes.described);
  const { phones } = routes;
  const sms: Route | null = phones[0] ? { phone: phones[0], phones } : null;
  if (routes.noDevices && sms) return await ask(wire, sms, null);
  return await ask(wire, { phone: null, phones }, sms);
}

/**
 * Waits for a code that Apple's own page has had sent in this sign-in: it can be given from now on as if we had asked for it. None is sent.
 * @throws ICLOUD_SECURITY_KEYS, ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE
 */
export async function awaitCode(wire: Wire): Promise<SignIn> {
  const since = wire.tools.clock.now();
  const sent: PendingCode = { via: 'trusted_device', phoneId: null, phones: [], since, expiresAt: since + codeLifetimeMs, wrongTries: 0 };
  wire.update({ pending: sent, state: 'code_needed', stateSince: since });
  await wire.tools.save();
  const { described, noDevices, phones } = readRoutes((await wire.send('asking where the code went', routesRequest)).answer);
  refuseSecurityKeys(described);
  const [phone] = noDevices ? phones : [];
  const pending: PendingCode = { ...sent, phones, ...(phone && { via: 'sms', phoneId: phone.id }) };
  wire.update({ pending });
  await wire.tools.save();
  wire.tools.log.info({ via: pending.via }, "Apple's page has had a code sent");
  return { kind: 'code_needed', request: toCodeRequest(pending) };
}

/** Sends a code to a phone; whatever was pending is worth nothing from now on. @throws USAGE for a phone that the account does not have; as {@link askForCode} */
export async function askForSms(wire: Wire, phoneId: number): Promise<SignIn> {
  const { pending } = wire.document;
  if (pending === null) throw nothingPending();
  const phone = pending.phones.find(({ id }) => id === phoneId);
  if (!phone) {
    throw new PipelineError('USAGE', `the account has no phone ${phoneId}; it has ${pending.phones.map(({ id, number }) => `${id} (${number})`).join(', ') || 'none'}`);
  }
  return await ask(wire, { phone, phones: pending.phones }, null);
}

export const nothingPending = (): PipelineError => new PipelineError('ICLOUD_CODE_EXPIRED', 'no code is being waited for: `media-pipeline icloud login` asks for one');

async function ask(wire: Wire, route: Route, otherwise: Route | null): Promise<SignIn> {
  const { clock, log, save } = wire.tools;
  const before = wire.document.pending;
  const since = clock.now();
  const via = route.phone ? 'sms' : 'trusted_device';
  const pending: PendingCode = { via, phoneId: route.phone?.id ?? null, phones: route.phones, since, expiresAt: since + codeLifetimeMs, wrongTries: 0 };
  wire.update({ pending, state: 'code_needed', stateSince: since });
  await save();

  const asked = await sendAsk(wire, route);
  if (asked === 'asked') {
    await save();
    log.info({ via }, 'Apple has sent a code');
    return { kind: 'code_needed', request: toCodeRequest(pending) };
  }
  if (asked instanceof RateLimited || asked === 'too_many') {
    // Nothing was sent: the code before still counts.
    await (before ? goBackTo(wire, before) : giveUp(wire));
    throw asked === 'too_many' ? new PipelineError('ICLOUD_SIGN_IN_LIMIT', 'Apple sends no more codes for now: too many were asked for') : asked;
  }
  if (asked === 'refused' && otherwise) return await ask(wire, otherwise, null);
  await giveUp(wire);
  if (asked === 'stale') throw new PipelineError('ICLOUD_CODE_EXPIRED', 'Apple has forgotten this sign-in: begin it anew');
  throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'Apple refuses to send a code');
}

async function sendAsk(wire: Wire, { phone }: Route): Promise<Asked | RateLimited> {
  const step = phone ? 'asking for a code by SMS' : 'asking for a code';
  let sent: Sent;
  try {
    sent = await wire.send(step, (endpoints, session) => (phone ? smsRequest(endpoints, session, phone) : deviceCodeRequest(endpoints, session)), 'if_refused');
  } catch (error) {
    if (error instanceof RateLimited) return error;
    if (!(error instanceof PipelineError) || error.code !== 'ICLOUD_UNREACHABLE') throw error;
    // It may have arrived; a second one would make the first code worthless.
    wire.tools.log.warn({ step }, 'the connection broke while a code was asked for; it may be on its way');
    return 'asked';
  }
  const asked = readAsked(sent.answer);
  if (asked !== 'asked') wire.tools.log.warn({ step, answer: describe(sent.answer) }, 'Apple does not send a code');
  return asked;
}

async function giveUp(wire: Wire): Promise<void> {
  wire.update({ pending: null, state: 'signed_out', stateSince: wire.tools.clock.now() });
  await wire.tools.save();
}

async function goBackTo(wire: Wire, pending: PendingCode): Promise<void> {
  wire.update({ pending, state: 'code_needed', stateSince: pending.since });
  await wire.tools.save();
}

/**
 * Gives a code to Apple and has this client trusted. The session has its tokens afterwards, not yet its cookies.
 * @param code six digits
 * @param password for accounts that have to prove it once more
 * @throws ICLOUD_CODE_WRONG (the same request goes on), ICLOUD_CODE_EXPIRED, ICLOUD_SIGN_IN_LIMIT, ICLOUD_PASSWORD_MISSING, ICLOUD_PASSWORD_WRONG
 */
export async function giveCode(wire: Wire, code: string, password: string | null): Promise<void> {
  const { pending } = wire.document;
  if (pending === null) throw nothingPending();
  const lost = await check(wire, pending, code, password);

  const trusted = await wire.send('asking to be trusted', trustRequest);
  const untrusted = trusted.answer.status > 299 || trusted.answer.headers['x-apple-twosv-trust-token'] === undefined;
  if (lost !== null && untrusted) throw lost;
  if (trusted.answer.status > 299) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `asking to be trusted: ${describe(trusted.answer)}`);
  const now = wire.tools.clock.now();
  wire.update({ pending: null, state: 'signed_out', stateSince: now, trustedSince: now, refusal: null });
  await wire.tools.save();
}

/** Has Apple check the code. @returns null when it is right; the error when the answer was lost: whether Apple trusts us now tells what it was */
async function check(wire: Wire, pending: PendingCode, code: string, password: string | null): Promise<PipelineError | null> {
  let sent: Sent;
  try {
    // A code is not given twice: the second time it would be wrong.
    sent = await wire.send('giving the code', (endpoints, session) => codeRequest(endpoints, session, pending, code), 'if_refused');
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'ICLOUD_UNREACHABLE') return error;
    throw error;
  }
  const checked = readChecked(sent.answer);
  if (checked === 'wrong') throw await wrongCode(wire, pending);
  if (checked !== 'right') await giveUp(wire);
  if (checked === 'gone') throw new PipelineError('ICLOUD_CODE_EXPIRED', 'Apple no longer waits for this code');
  if (checked === 'too_many') throw new PipelineError('ICLOUD_SIGN_IN_LIMIT', 'Apple takes no more codes for now: too many wrong ones were given');
  await wire.tools.save();
  if (wantsEscrow(sent.answer)) await proveAgain(wire, password);
  return null;
}

async function wrongCode(wire: Wire, pending: PendingCode): Promise<PipelineError> {
  if (wire.tools.clock.now() >= pending.expiresAt) {
    await giveUp(wire);
    return new PipelineError('ICLOUD_CODE_EXPIRED', 'the code came too late or was wrong');
  }
  const wrongTries = pending.wrongTries + 1;
  wire.update({ pending: { ...pending, wrongTries } });
  await wire.tools.save();
  return new PipelineError('ICLOUD_CODE_WRONG', `the code is wrong (${wrongTries} so far); the one that was sent still counts`);
}
