import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import { VerificationCodes } from './codes';
import type { CodeChannel } from './codes';
import { SignInContexts } from './contexts';
import { defaultSettings } from './settings';
import type { AccountSettings } from './settings';
import { verifierOf } from './srp';
import { Tokens } from './tokens';

// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- the settings' fields become the account's own
const WithSettings = class {
  constructor(settings: AccountSettings) {
    Object.assign(this, settings);
  }
} as new (settings: AccountSettings) => AccountSettings;

/** The one account of a local iCloud: its settings, changeable at any time, what its devices show, and what was counted. */
export class LocalAccount extends WithSettings {
  /** Codes pushed to the trusted devices. */
  pushes = 0;
  smsSent = 0;
  /** Sign-ins with the password that ended well (signin/complete with a right proof). */
  signIns = 0;
  wrongPasswords = 0;
  accountLogins = 0;
  /** How often a fault refused accountLogin twice in a row: then the password is all that a client has left. */
  loginsRefusedTwice = 0;
  private loginRefusals = 0;
  validations = 0;
  /** How often a device was asked for consent to web access. */
  consentsAsked = 0;
  /** requestPCS answers that said "wait". */
  pcsWaited = 0;
  readonly contexts: SignInContexts;
  readonly tokens: Tokens;
  readonly codes: VerificationCodes;
  readonly salt = randomBytes(16);
  private verifier: { of: string; value: bigint } | null = null;
  private signInTimes: number[] = [];

  constructor(
    settings: Partial<AccountSettings>,
    private readonly clock: Clock,
    private readonly log: (line: object) => void = () => undefined,
  ) {
    super({ ...defaultSettings(), ...settings });
    this.contexts = new SignInContexts(clock, () => ({ lifetimeMs: this.contextLifetimeMs, taken: this.contextHeaders }));
    this.codes = new VerificationCodes(clock, () => this.codeLifetimeMs);
    this.tokens = new Tokens(clock, () => ({ session: this.sessionLifetimeMs, login: this.loginTokenLifetimeMs, trust: this.trustLifetimeMs }));
  }

  /** What the trusted devices show, or null before the first push. */
  get latestCode(): string | null {
    return this.codes.latest('device');
  }

  /** The text message last sent to the phone. */
  latestSms(phoneId: number): string | null {
    return this.codes.latest(phoneId);
  }

  /** The trust tokens that still count. */
  get trustTokens(): readonly string[] {
    return this.tokens.trustTokens;
  }

  /** Counts an accountLogin that reached the account, or that a fault refused. */
  countLogin(refused: boolean): void {
    if (!refused) this.accountLogins += 1;
    this.loginRefusals = refused ? this.loginRefusals + 1 : 0;
    if (refused && this.loginRefusals % 2 === 0) this.loginsRefusedTwice += 1;
  }

  /** Ends the web sessions: the next request answers 421. With `loginToken` accountLogin is refused too, so that only the password is left. */
  expireSession(options: { loginToken?: boolean } = {}): void {
    this.tokens.endSessions();
    if (options.loginToken === true) this.tokens.endLogins();
  }

  /** "Remove from account" on the phone: no session, no login token, no trust. */
  revokeTrust(): void {
    this.tokens.endTrust();
    this.expireSession({ loginToken: true });
  }

  /** A person says yes on a device to web access to encrypted data. */
  approveConsent(): void {
    this.pcsConsent = true;
  }

  sendCode(channel: CodeChannel): void {
    const code = this.codes.send(channel);
    if (channel === 'device') this.pushes += 1;
    else this.smsSent += 1;
    this.log({ event: 'code', via: channel === 'device' ? 'trusted_device' : 'sms', ...(channel === 'device' ? {} : { phone: channel }), code });
  }

  /** The verifier of the password as it is now. */
  async passwordVerifier(): Promise<bigint> {
    const of = `${this.protocol}:${String(this.iterations)}:${this.password}`;
    if (this.verifier?.of !== of) {
      this.verifier = { of, value: await verifierOf(this.password, { protocol: this.protocol, salt: this.salt, iterations: this.iterations }) };
    }
    return this.verifier.value;
  }

  /** Counts an attempt to sign in with the password; seconds to wait if there were too many. */
  throttleSignIn(): number | null {
    const now = this.clock.now();
    this.signInTimes = this.signInTimes.filter((at) => now - at < this.signInLimit.windowMs);
    const [oldest] = this.signInTimes;
    if (oldest !== undefined && this.signInTimes.length >= this.signInLimit.count) {
      return Math.ceil((oldest + this.signInLimit.windowMs - now) / 1000);
    }
    this.signInTimes.push(now);
    return null;
  }
}
