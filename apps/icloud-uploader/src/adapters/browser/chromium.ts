import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer, { type Browser, type BrowserContext, type Page } from 'puppeteer-core';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf } from '@media-pipeline/files';
import { installedChromium } from '@media-pipeline/stage';
import { isAllowed, resolverRules } from './hosts';

export interface ChromiumOptions {
  /** The program; null: the first one that is installed. */
  readonly executable: string | null;
  readonly headless: boolean;
  /** Waits so long (ms) before each step, for whoever watches. */
  readonly slowMoMs: number;
  readonly extraArguments: readonly string[];
  /** Hosts beside Apple's. */
  readonly hosts: readonly string[];
  /** Told in words what could not be had as it should be. */
  readonly warn: (message: string) => void;
}

const profilePrefix = 'media-pipeline-chromium-';
/** Of this process. */
const profiles = new Set<string>();

const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--metrics-recording-only',
  '--mute-audio',
  '--no-default-browser-check',
  '--no-first-run',
  '--password-store=basic',
  '--use-mock-keychain',
  // The page of a window that nobody sees is not to be slowed down.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
];

/**
 * A Chromium with a profile of its own that is gone with it. It is spoken to through a pipe: when this process dies, however it dies, the pipe
 * closes and Chromium ends by itself.
 */
export class Chromium {
  private constructor(
    private readonly browser: Browser,
    readonly profile: string,
    private readonly hosts: readonly string[],
  ) {}

  /** @throws PROGRAM_MISSING, PROGRAM_FAILED */
  static async launch(options: ChromiumOptions): Promise<Chromium> {
    const executable = options.executable ?? (await installedChromium());
    if (executable === null) throw new PipelineError('PROGRAM_MISSING', 'no Chromium is installed (Debian: apt install chromium); CHROMIUM_PATH names one that lies elsewhere');
    await removeLeftBehind();
    const profile = await mkdtemp(path.join(tmpdir(), `${profilePrefix}${process.pid}-`));
    profiles.add(profile);
    try {
      return new Chromium(await start(executable, profile, options), profile, options.hosts);
    } catch (error) {
      await remove(profile);
      throw new PipelineError('PROGRAM_FAILED', `${executable} did not start: ${firstLine(error)}`, { cause: error });
    }
  }

  /** Its process; null when it has ended. */
  get pid(): number | null {
    return this.browser.process()?.pid ?? null;
  }

  get connected(): boolean {
    return this.browser.connected;
  }

  /** Whether a page or frame of this address may be told who somebody is. */
  trusts(url: string): boolean {
    return isAllowed(url, this.hosts);
  }

  async version(): Promise<string> {
    return await this.browser.version();
  }

  /** A page in a context of its own: no cookie of another one. It downloads nothing. @throws PROGRAM_FAILED when Chromium has ended */
  async newPage(): Promise<{ readonly page: Page; readonly context: BrowserContext }> {
    try {
      const context = await this.browser.createBrowserContext({ downloadBehavior: { policy: 'deny' } });
      const page = await context.newPage();
      // A box of the page's own (alert, confirm) would hold up everything that is asked of the page.
      page.on('dialog', (dialog) => void dialog.dismiss().catch(() => undefined));
      return { page, context };
    } catch (error) {
      throw new PipelineError('PROGRAM_FAILED', `Chromium opens no page: ${firstLine(error)}`, { cause: error });
    }
  }

  /** Ends it, by force if it has to be, and removes its profile. */
  async close(): Promise<void> {
    const child = this.browser.process();
    const gone = child === null || child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise<void>((resolve) => child.once('exit', () => { resolve(); }));
    const force = setTimeout(() => child?.kill('SIGKILL'), 5_000);
    try {
      await this.browser.close().catch(() => child?.kill('SIGKILL'));
      await gone;
    } finally {
      clearTimeout(force);
      await remove(this.profile);
    }
  }
}

async function start(executable: string, profile: string, options: ChromiumOptions): Promise<Browser> {
  const withArguments = async (more: readonly string[]): Promise<Browser> =>
    await puppeteer.launch({
      executablePath: executable,
      headless: options.headless,
      slowMo: options.slowMoMs,
      userDataDir: profile,
      pipe: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: [...quiet, `--host-resolver-rules=${resolverRules(options.hosts)}`, ...more, ...options.extraArguments],
      // An answer that does not come within this is a browser that hangs.
      protocolTimeout: 120_000,
    });
  if (process.getuid?.() === 0) {
    options.warn('Chromium runs without its sandbox, since this process is root: give the pipeline a user of its own');
    return await withArguments(['--no-sandbox']);
  }
  try {
    return await withArguments([]);
  } catch (error) {
    if (!/sandbox/i.test(String(error))) throw error;
    options.warn('Chromium runs without its sandbox, which this machine does not offer (user namespaces are off): see docs/ICLOUD.md');
    return await withArguments(['--no-sandbox']);
  }
}

/** Profiles of processes that are gone: a killed one could not remove its own. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = name.startsWith(profilePrefix) ? Number.parseInt(name.slice(profilePrefix.length), 10) : Number.NaN;
    const profile = path.join(tmpdir(), name);
    // In a container every run has the same number.
    if (Number.isInteger(owner) && !profiles.has(profile) && (owner === process.pid || !isAlive(owner))) await remove(profile);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Chromium's helpers may still write for a moment. */
async function remove(profile: string): Promise<void> {
  profiles.delete(profile);
  await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
