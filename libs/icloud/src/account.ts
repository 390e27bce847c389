import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import { systemClock, type Clock } from './clock';
import { toStatus, type AccountStatus } from './account-status';
import type { ICloudEndpoints } from './endpoints';
import type { Cookie } from './http/cookies';
import { ownCookies, renewedCookies } from './http/renewed-cookies';
import { ServiceCalls, openContent, sendContent } from './http/service-calls';
import { Transport } from './http/transport';
import { RateLimited, WebClient } from './http/web-client';
import { silent, type ICloudLog } from './log';
import { ServiceClient, type ContentAnswer, type ContentResponse, type ContentToSend, type ServiceRequest, type WebService } from './service';
import { SessionCipher } from './session/cipher';
import type { SessionDocument } from './session/document';
import { isRefused, remember } from './session/refused-password';
import { Session } from './session/session';
import { SessionStore } from './session/store';
import { askForCode, askForSms, awaitCode, giveCode, nothingPending } from './sign-in/code';
import { assertNotQuiet, waitingFor } from './sign-in/gate';
import { afterPage, afterPassword, firstStep, type Rung } from './sign-in/ladder';
import type { SignIn } from './sign-in/outcome';
import { signInOnPage, type FillIn } from './sign-in/page';
import { resume, type ResumeOptions } from './sign-in/resume';
import { sixDigits } from './sign-in/second-factor';
import { Wire } from './sign-in/wire';

export interface AccountOptions {
  readonly username: string;
  readonly password: string | null;
  /** Shared by all processes that use the account. */
  readonly sessionFile: string;
  /** Encrypts the session file. */
  readonly secretsKey: string | null;
  readonly endpoints: ICloudEndpoints;
  readonly clock?: Clock;
  readonly log?: ICloudLog;
}

export interface SignInOptions {
  readonly signal?: AbortSignal;
  /** Who asks. A service neither repeats what only a person can put right nor has a second code sent within a day. */
  readonly by?: 'service' | 'person';
  /** The owner agrees to Apple's new terms, should there be some. Never assumed. */
  readonly acceptTerms?: boolean;
}

/** Cookies of a session, for a browser. */
export interface LentCookies {
  /** Which session it is. */
  readonly login: string | null;
  readonly cookies: readonly Cookie[];
}

/** How often a person's answer on a device is asked for, and how long a person is waited for when no signal says otherwise. */
const consent = { everyMs: 5_000, person: 5 * 60_000, service: 0 } as const;

/** Reasons that stay until a person has done something: they are written down. */
const standing: ReadonlySet<string> = new Set(['ICLOUD_PASSWORD_WRONG', 'ICLOUD_ACCOUNT_LOCKED', 'ICLOUD_SECURITY_KEYS', 'ICLOUD_WEB_ACCESS_OFF', 'ICLOUD_TERMS', 'SETTINGS_INVALID']);

/** An iCloud account with its one session, kept in a file that all processes share. Whatever signs in holds the file's lock. */
export class ICloudAccount extends ServiceClient {
  private readonly closing = new AbortController();
  private recovering: Promise<SignIn> | null = null;

  private constructor(
    private readonly options: AccountOptions,
    private readonly clock: Clock,
    private readonly log: ICloudLog,
    private readonly web: WebClient,
    private readonly store: SessionStore,
    private readonly services: ServiceCalls,
    private session: Session,
  ) {
    super();
  }

  /** Reads the session file; asks Apple nothing. @throws ICLOUD_SESSION_UNREADABLE, IO_ERROR */
  static async open(options: AccountOptions): Promise<ICloudAccount> {
    const { clock = systemClock, log = silent } = options;
    const store = new SessionStore(options.sessionFile, options.username, new SessionCipher(options.secretsKey));
    const session = await Session.of(await store.read());
    const web = new WebClient(new Transport(), clock, log);
    return new ICloudAccount(options, clock, log, web, store, new ServiceCalls(web, options.endpoints, clock, store, log), session);
  }

  /**
   * Opens the session: with its cookies, else its tokens, else the password. Never waits for a code: one that is pending is returned, and no
   * other one is sent; with `by: 'service'` not for a day after one ran out unanswered.
   * @throws the ICLOUD_* reasons that stand in the way
   */
  async signIn({ signal, by = 'service', acceptTerms = false }: SignInOptions = {}): Promise<SignIn> {
    return await this.exclusively(signal, async (wire) => await this.climb(wire, 'validate', { by, acceptTerms }));
  }

  /**
   * Gives the code that was sent, in whatever process it was asked for.
   * @throws ICLOUD_CODE_WRONG (the same code is still waited for), ICLOUD_CODE_EXPIRED (also when none is), ICLOUD_SIGN_IN_LIMIT; as {@link signIn}
   */
  async submitCode(code: string, { signal, by = 'service', acceptTerms = false }: SignInOptions = {}): Promise<SignIn> {
    const digits = sixDigits(code);
    if (digits === null) throw new PipelineError('ICLOUD_CODE_WRONG', 'a code has six digits');
    return await this.exclusively(signal, async (wire) => {
      await giveCode(wire, digits, this.options.password);
      return await resume(wire, { ...this.resumeOptions(by, acceptTerms), start: afterPassword, mayAskForCode: false });
    });
  }

  /** Has a new code sent in place of the pending one, which is worth nothing then: only for a person who asks for it. @throws ICLOUD_CODE_EXPIRED when none is pending, ICLOUD_SIGN_IN_LIMIT */
  async sendAgain({ signal }: { readonly signal?: AbortSignal } = {}): Promise<SignIn> {
    return await this.exclusively(signal, async (wire) => {
      if (wire.document.pending === null) throw nothingPending();
      return await askForCode(wire);
    });
  }

  /** Has the pending code sent to a phone instead; the one before is worth nothing then. @throws USAGE, ICLOUD_CODE_EXPIRED when none is pending, ICLOUD_SIGN_IN_LIMIT */
  async sendSms(phoneId: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<SignIn> {
    return await this.exclusively(signal, async (wire) => await askForSms(wire, phoneId));
  }

  /** What the session file says. @throws ICLOUD_SESSION_UNREADABLE, IO_ERROR */
  async status(): Promise<AccountStatus> {
    return toStatus(await this.store.read(), this.options.secretsKey !== null, this.clock.now());
  }

  /** Gives the session up: this client is trusted no more. Apple is not told. How often the password was used lately is still known. */
  async forget(): Promise<void> {
    await this.store.forget(this.clock.now(), this.closing.signal);
    this.session = await Session.of(await this.store.read());
  }

  /** The cookies a browser needs to go on with this session: the newest, whichever process got them. */
  async lendCookies(): Promise<LentCookies> {
    await this.adoptNewer();
    return { login: this.session.document.login, cookies: await this.session.cookies.all(this.clock.now()) };
  }

  /**
   * Takes into the session what Apple's pages have renewed in a browser, unless the session is another one by now. What is newer here stays, and
   * cookies of foreign hosts are left out.
   * @param lent as the browser had them at first
   * @param returned as it has them now
   */
  async takeCookies(lent: LentCookies, returned: readonly Cookie[]): Promise<void> {
    if (renewedCookies(lent.cookies, returned, lent.cookies).length === 0) return;
    await this.exclusively(undefined, async (wire) => {
      const { session, clock, save } = wire.tools;
      if (wire.document.login !== lent.login) return;
      const renewed = renewedCookies(lent.cookies, this.own(returned, wire), await session.cookies.all(clock.now()));
      if (renewed.length === 0) return;
      await session.cookies.put(renewed);
      await save();
    });
  }

  /**
   * Signs in on Apple's own page, which asks for it although the session is open. It counts as a sign-in with the password, and no other process
   * signs in meanwhile. When the page has a code sent, it is waited for like one that this client has asked for.
   * @param fillIn gives name and password to the page; called at most once
   * @throws ICLOUD_PASSWORD_MISSING, ICLOUD_PASSWORD_WRONG, ICLOUD_SIGN_IN_LIMIT, ICLOUD_PAGE_UNKNOWN when the page takes no password; as {@link signIn}
   */
  async signInOnPage(fillIn: FillIn, { signal }: { readonly signal?: AbortSignal } = {}): Promise<SignIn> {
    const { password } = this.options;
    // Without one the session that is open stays as it is.
    if (password === null) throw new PipelineError('ICLOUD_PASSWORD_MISSING', "Apple's page asks to sign in, and no password is set");
    return await this.exclusively<SignIn>(signal, async (wire) => {
      const waiting = waitingFor(wire.document, 'service', this.clock.now());
      if (waiting) return waiting;
      const shown = await signInOnPage(wire, password, fillIn, (cookies) => this.own(cookies, wire));
      if (shown === 'code') return await awaitCode(wire);
      return await resume(wire, { ...this.resumeOptions('service', false), start: afterPage, mayAskForCode: false });
    });
  }

  async call(service: WebService, path: string, request: ServiceRequest): Promise<unknown> {
    const signal = this.anyOf(request.signal);
    const recover = async (login: string | null): Promise<Session> => await this.recovered(login, signal);
    return await this.services.call(await this.signedIn(signal), service, path, { ...request, signal }, recover);
  }

  async open(url: string, { headers, signal }: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }): Promise<ContentResponse> {
    return await openContent(this.web.transport, this.clock, url, headers ?? {}, this.anyOf(signal));
  }

  async send(url: string, { body, bytes, signal }: ContentToSend): Promise<ContentAnswer> {
    return await sendContent(this.web.transport, url, { body, bytes }, this.anyOf(signal));
  }

  /** Writes what has changed and ends every connection; what is under way fails. */
  async close(): Promise<void> {
    await this.services.settle(this.session);
    this.closing.abort(new PipelineError('ICLOUD_UNREACHABLE', 'the iCloud client was closed'));
    await this.recovering?.catch(() => undefined);
    await this.web.transport.close();
  }

  private async signedIn(signal: AbortSignal): Promise<Session> {
    if (!isOpen(this.session.document)) await this.adoptNewer();
    if (!isOpen(this.session.document)) refuseUnlessIn(await this.signIn({ signal }));
    return this.session;
  }

  /** The session after one that a service refused: another process may have it already, else the ladder is climbed, once for all who wait. */
  private async recovered(login: string | null, signal: AbortSignal): Promise<Session> {
    if (this.session.document.login === login || !isOpen(this.session.document)) {
      this.recovering ??= this.exclusively<SignIn>(undefined, async (wire) => {
        if (wire.document.login !== login && isOpen(wire.document)) return { kind: 'signed_in', trustedUntil: null };
        return await this.climb(wire, 'account_login', { by: 'service', acceptTerms: false });
      }).finally(() => (this.recovering = null));
      refuseUnlessIn(await unlessAborted(this.recovering, signal));
    }
    return this.session;
  }

  private async climb(wire: Wire, from: Rung, { by, acceptTerms }: { readonly by: 'service' | 'person'; readonly acceptTerms: boolean }): Promise<SignIn> {
    const { sessionToken, state } = wire.document;
    const now = this.clock.now();
    const waiting = waitingFor(wire.document, by, now);
    if (waiting) return waiting;
    assertNotQuiet(wire.document, now);
    // The token of a sign-in that still waits for its code opens nothing.
    const start = firstStep(from, sessionToken !== null && state !== 'code_needed');
    return await resume(wire, { ...this.resumeOptions(by, acceptTerms), start, mayAskForCode: true });
  }

  private resumeOptions(by: 'service' | 'person', acceptTerms: boolean): Omit<ResumeOptions, 'start' | 'mayAskForCode'> {
    return { by, acceptTerms, password: this.options.password, waiting: { everyMs: consent.everyMs, forMs: consent[by] } };
  }

  /** Runs work on the newest session while no other process can, and writes down how it ended. */
  private async exclusively<T>(signal: AbortSignal | undefined, work: (wire: Wire) => Promise<T>): Promise<T> {
    const given = this.anyOf(signal);
    return await this.store.exclusively(given, async (held) => {
      const mine = this.session.document;
      const same = mine.generation === held.document.generation && mine.login === held.document.login;
      const session = same ? this.session : await Session.of(held.document);
      const save = async (): Promise<void> => session.update({ generation: (await held.save(await session.toDocument())).generation });
      const wire = new Wire({ web: this.web, clock: this.clock, log: this.log, endpoints: this.options.endpoints, session, save, signal: AbortSignal.any([given, held.lost]) });
      try {
        return await work(wire);
      } catch (error) {
        await this.note(error, session, wire);
        // What went wrong first is what a person should hear of.
        if (!held.lost.aborted) await save().catch((failure: unknown) => this.log.warn({ code: toPipelineError(failure).code }, 'the iCloud session could not be written'));
        throw error;
      } finally {
        this.session = session;
      }
    });
  }

  private async note(error: unknown, session: Session, wire: Wire): Promise<void> {
    if (error instanceof RateLimited) session.update({ quietUntil: error.until });
    if (!(error instanceof PipelineError)) return;
    const now = this.clock.now();
    this.log.warn({ code: error.code }, `iCloud: ${error.message}`);
    if (standing.has(error.code)) session.update({ refusal: { code: error.code, message: error.message, at: now } });
    if (standing.has(error.code) || error.code === 'ICLOUD_PASSWORD_MISSING') session.update({ state: 'signed_out', stateSince: now });
    const { password } = this.options;
    if (error.code === 'ICLOUD_PASSWORD_WRONG' && password !== null && !(await isRefused(password, wire.document.refusedPassword))) {
      session.update({ refusedPassword: await remember(password) });
    }
  }

  private own(cookies: readonly Cookie[], { document, tools: { endpoints } }: Wire): Cookie[] {
    return ownCookies(cookies, [endpoints.origin, endpoints.auth, endpoints.setup, ...Object.values(document.account?.services ?? {})]);
  }

  /** Takes over what another process has written meanwhile. */
  private async adoptNewer(): Promise<void> {
    const document = await this.store.read();
    if (document.generation !== this.session.document.generation || document.login !== this.session.document.login) this.session = await Session.of(document);
  }

  private anyOf(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
  }
}

const isOpen = ({ state, account }: SessionDocument): boolean => state === 'signed_in' && account !== null;

function refuseUnlessIn(signIn: SignIn): void {
  if (signIn.kind === 'code_needed') throw new PipelineError('ICLOUD_CODE_NEEDED', `iCloud waits for the code that was sent at ${signIn.request.since.toISOString()}`);
  if (signIn.kind === 'consent_needed') throw new PipelineError('ICLOUD_CONSENT_NEEDED', 'the owner has not yet let the web in on a device');
}

/** Stops waiting, not the work, when the signal fires. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => (stop = () => reject(signal.reason as Error)));
  signal.addEventListener('abort', stop, { once: true });
  return await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
