import { randomUUID } from 'node:crypto';
import { PipelineError } from '@media-pipeline/contracts';
import { withSignIn } from '../session/budget';
import { accountLoginRequest, readAccount, validateRequest, type AccountAnswer } from './account-login';
import { askForCode } from './code';
import { admitPassword } from './gate';
import { afterRung, type Climb, type RungOutcome } from './ladder';
import { trustedUntil, type SignIn } from './outcome';
import { provePassword } from './prove-password';
import { acceptTermsRequest, readTermsVersion, termsRequest } from './terms';
import { hasPcsCookies, unlockPhotos, type Waiting } from './unlock';
import type { Wire } from './wire';

export interface ResumeOptions {
  readonly start: Climb;
  readonly by: 'service' | 'person';
  readonly password: string | null;
  /** The owner has said that new terms may be accepted. */
  readonly acceptTerms: boolean;
  readonly waiting: Waiting;
  /** False right after a code was given: another one would lead nowhere. */
  readonly mayAskForCode: boolean;
}

/** Missing from the half session that is all there is while something waits at www.icloud.com (rclone #9919). */
const sessionCookie = 'X-APPLE-WEBAUTH-TOKEN';

/** Climbs the ladder until the session is open or a person is needed. @throws the ICLOUD_* reasons that stand in the way */
export async function resume(wire: Wire, options: ResumeOptions): Promise<SignIn> {
  let climb = options.start;
  for (;;) {
    const reached = await tryRung(wire, climb, options);
    if (typeof reached !== 'string') return reached;
    const next = afterRung(climb, reached);
    switch (next.kind) {
      case 'in':
        return await open(wire, climb, options);
      case 'web_access_off':
        throw new PipelineError('ICLOUD_WEB_ACCESS_OFF', 'iCloud sends even a new session away (HTTP 421), as it does when "Access iCloud Data on the Web" is off');
      case 'refused':
        throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'iCloud does not take the session that Apple has just given');
      case 'climb':
        if (next.reset) wire.tools.web.transport.reset();
        wire.tools.log.debug({ rung: next.to.rung, after: climb.rung, outcome: reached }, 'iCloud session is resumed the next way');
        climb = next.to;
    }
  }
}

async function tryRung(wire: Wire, climb: Climb, options: ResumeOptions): Promise<RungOutcome | SignIn> {
  if (climb.rung === 'password') return await withPassword(wire, options);
  let account = await describeAccount(wire, climb.rung);
  if (account.kind === 'terms') account = await afterTerms(wire, account.locale, options.acceptTerms);
  switch (account.kind) {
    case 'account':
      if (account.repair && !(await wire.tools.session.cookies.has(sessionCookie, wire.tools.clock.now()))) {
        throw new PipelineError('ICLOUD_TERMS', 'Apple opens no session before something is settled at www.icloud.com, mostly new terms');
      }
      keep(wire, account, climb.rung === 'account_login');
      return 'in';
    case 'second_factor':
      if (!climb.proven) return 'stale';
      if (options.mayAskForCode) return await askForCode(wire);
      throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'iCloud asks for a code although one was just accepted');
    case 'stale':
    case 'misrouted':
      return account.kind;
    case 'terms':
      throw new PipelineError('ICLOUD_TERMS', 'Apple asks for its new terms again after they were accepted');
  }
}

async function withPassword(wire: Wire, { password, by }: ResumeOptions): Promise<RungOutcome | SignIn> {
  const { clock, save, log } = wire.tools;
  const beforeProof = async (): Promise<void> => {
    await admitPassword(wire.document, password, by, clock.now());
    wire.update({ signIns: withSignIn(wire.document.signIns, clock.now()) });
    await save();
  };
  const admitted = await admitPassword(wire.document, password, by, clock.now());
  log.info({ by, lately: wire.document.signIns.length }, 'signing in to iCloud with the password');
  const proven = await provePassword(wire, admitted, beforeProof);
  // A request that has run out belongs to a sign-in that is over.
  wire.update({ refusedPassword: null, refusal: null, pending: null, quietUntil: null });
  return proven === 'trusted' ? 'in' : await askForCode(wire);
}

async function describeAccount(wire: Wire, rung: 'validate' | 'account_login'): Promise<AccountAnswer> {
  const sent = rung === 'validate' ? await wire.send('asking whether the session is still open', validateRequest) : await wire.send('opening a session', accountLoginRequest);
  return readAccount(sent.answer);
}

async function afterTerms(wire: Wire, locale: string, accept: boolean): Promise<AccountAnswer> {
  if (!accept) throw new PipelineError('ICLOUD_TERMS', 'Apple wants its new terms accepted before it opens a session');
  const version = readTermsVersion((await wire.send('asking for the terms', (endpoints, session) => termsRequest(endpoints, session, locale))).answer);
  if (version === null) throw new PipelineError('ICLOUD_TERMS', 'Apple wants new terms accepted and does not say which');
  const { answer } = await wire.send('accepting the terms', (endpoints, session) => acceptTermsRequest(endpoints, session, version));
  if (answer.status > 299) throw new PipelineError('ICLOUD_TERMS', 'Apple did not take the acceptance of its terms');
  wire.tools.log.info({ version }, "Apple's new terms were accepted, as asked");
  return await describeAccount(wire, 'account_login');
}

function keep(wire: Wire, { dsid, services }: Extract<AccountAnswer, { kind: 'account' }>, isNew: boolean): void {
  const known = wire.document.account;
  wire.update({
    // `validate` may leave the services out.
    account: { dsid, services: Object.keys(services).length > 0 ? { ...services } : (known?.services ?? {}), dataProtected: known?.dataProtected ?? false },
    checkedAt: wire.tools.clock.now(),
    ...(isNew && { login: randomUUID() }),
  });
}

async function open(wire: Wire, climb: Climb, { by, waiting }: ResumeOptions): Promise<SignIn> {
  const { clock, save } = wire.tools;
  const { account, state } = wire.document;
  const locked = climb.rung === 'account_login' || (account?.dataProtected === true && !(await hasPcsCookies(wire))) || state === 'consent_needed';
  if (locked && (await unlockPhotos(wire, by, waiting)) === 'asking') {
    const since = wire.document.consentAskedAt ?? clock.now();
    wire.update({ state: 'consent_needed', stateSince: since, pending: null });
    await save();
    return { kind: 'consent_needed', since: new Date(since) };
  }
  const since = state === 'signed_in' ? wire.document.stateSince : clock.now();
  wire.update({ state: 'signed_in', stateSince: since, pending: null, refusal: null, quietUntil: null });
  await save();
  return { kind: 'signed_in', trustedUntil: trustedUntil(wire.document) };
}
