import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { LocalICloud, ManualClock, type AccountSettings } from '@media-pipeline/local-icloud';
import { SessionCipher } from '../session/cipher';
import { endpointsFor, ICloudAccount, type AccountOptions, type Clock, type ICloudLog } from '..';

export const username = 'jane@example.com';
export const password = 'Correct-Horse-7-Battery';

/** A local iCloud, a folder for the session, and ears for everything that is said. */
export class Scene {
  private readonly accounts: ICloudAccount[] = [];
  private readonly heard: unknown[] = [];
  private readonly secrets = new Set<string>([password]);

  private constructor(
    readonly icloud: LocalICloud,
    readonly clock: ManualClock,
    readonly folder: string,
  ) {}

  static async set(account: Partial<AccountSettings> = {}): Promise<Scene> {
    const clock = new ManualClock(Date.now());
    const icloud = await LocalICloud.start({ clock, account: { username, password, ...account } });
    return new Scene(icloud, clock, await mkdtemp(path.join(tmpdir(), 'mp-icloud-')));
  }

  get sessionFile(): string {
    return path.join(this.folder, 'state', 'icloud.session');
  }

  /** The client's clock is the server's; waiting moves it on. */
  get clientClock(): Clock {
    return {
      now: () => this.clock.now(),
      sleep: async (ms, signal) => {
        await turn();
        signal?.throwIfAborted();
        this.clock.advance(ms);
      },
    };
  }

  get log(): ICloudLog {
    const hear = (facts: unknown, message: string): void => void this.heard.push({ facts, message });
    return { debug: hear, info: hear, warn: hear };
  }

  get said(): string {
    return inspect(this.heard, { depth: 8 });
  }

  async open(options: Partial<AccountOptions> = {}): Promise<ICloudAccount> {
    const { auth, setup } = this.icloud.endpoints;
    const endpoints = endpointsFor('global', { auth, setup });
    const account = await ICloudAccount.open({ username, password, sessionFile: this.sessionFile, secretsKey: null, endpoints, clock: this.clientClock, log: this.log, ...options });
    this.accounts.push(account);
    return account;
  }

  /** What the devices show. */
  get code(): string {
    return this.keep(this.icloud.account.latestCode);
  }

  sms(phoneId: number): string {
    return this.keep(this.icloud.account.latestSms(phoneId));
  }

  /** Six digits that are not the code. */
  get wrongCode(): string {
    return this.keep(String((Number(this.code) + 1) % 1_000_000).padStart(6, '0'));
  }

  /** An account that is signed in and trusted. */
  async signedIn(options: Partial<AccountOptions> = {}): Promise<ICloudAccount> {
    const account = await this.open(options);
    const first = await account.signIn();
    if (first.kind === 'code_needed') await account.submitCode(this.code);
    return account;
  }

  /** The code of the error that work ends with; it is looked at for secrets at the end. */
  async refusal(work: Promise<unknown>): Promise<string> {
    try {
      return `no error but ${JSON.stringify(await work)}`;
    } catch (error) {
      this.heard.push(error, inspect(error, { depth: 8, showHidden: true }));
      return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    }
  }

  /** What the session file holds. */
  async session(): Promise<Record<string, unknown>> {
    return (await new SessionCipher(secretsKey).open(await readFile(this.sessionFile, 'utf8'))) as Record<string, unknown>;
  }

  /** Counts what Apple's side saw: the numbers that a person feels. */
  get counts(): { signIns: number; pushes: number; sms: number } {
    const { signIns, pushes, smsSent } = this.icloud.account;
    return { signIns, pushes, sms: smsSent };
  }

  /** Ends everything; fails when any of the session's secrets was said aloud. */
  async end(): Promise<void> {
    await this.collectSecrets();
    await Promise.all(this.accounts.map(async (account) => await account.close()));
    await this.icloud.close();
    await rm(this.folder, { recursive: true, force: true });
    const said = this.said;
    const leaked = [...this.secrets].filter((secret) => secret.length >= 6 && said.includes(secret));
    if (leaked.length > 0) throw new Error(`said aloud: ${leaked.join(', ')}\n${said}`);
  }

  private async collectSecrets(): Promise<void> {
    for (const token of this.icloud.account.trustTokens) this.secrets.add(token);
    const session = await this.session().catch(() => null);
    if (session === null) return;
    for (const name of ['scnt', 'sessionId', 'sessionToken', 'trustToken', 'authAttributes']) if (typeof session[name] === 'string') this.secrets.add(session[name]);
    const jar = typeof session['cookies'] === 'string' ? (JSON.parse(session['cookies']) as { cookies: { value?: string }[] }) : { cookies: [] };
    for (const { value } of jar.cookies) if (value !== undefined && value.length >= 12) this.secrets.add(value);
  }

  private keep(code: string | null): string {
    if (code === null) throw new Error('no code was sent');
    this.secrets.add(code);
    return code;
  }
}

/** Runs a scenario and listens to it to the end. */
export const scenario =
  (settings: Partial<AccountSettings>, play: (scene: Scene) => Promise<void>) =>
  async (): Promise<void> => {
    const scene = await Scene.set(settings);
    try {
      await play(scene);
    } finally {
      await scene.end();
    }
  };

export const secretsKey = randomBytes(24).toString('base64');
