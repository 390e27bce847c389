import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext, ElementHandle, Frame, Page } from 'puppeteer-core';
import { PipelineError } from '@media-pipeline/contracts';
import type { Cookie, LentCookies } from '@media-pipeline/icloud';
import { stateOf, type FrameReading, type PageState } from '../../page-state';
import { fromBrowser, toBrowser } from './browser-cookies';
import type { Chromium } from './chromium';
import { readFrame } from './frame-reading';
import type { Selectors, Target } from './selectors';

const lookEveryMs = 200;
/** A page that asks to sign in for a moment only was not done with loading. */
const steadyMs = 1_500;

/** How the page stands once it has stopped loading, as far as an upload is concerned. */
export type Readiness = { readonly kind: 'ready'; readonly afterMs: number; readonly by: string } | { readonly kind: 'signed_out' } | { readonly kind: 'unknown' };

interface Found {
  readonly element: ElementHandle;
  readonly selector: string;
}

/** The Photos page in a context of its own. */
export class PhotosPage {
  private cookiesLent: LentCookies = { login: null, cookies: [] };
  private broken = false;
  /** What is being asked of the page. */
  private readonly asking = new Set<() => void>();

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly selectors: Selectors,
    private readonly chromium: Chromium,
  ) {
    page.once('error', () => {
      this.broken = true;
      for (const stop of this.asking) stop();
    });
  }

  /** Opens the page with a session's cookies. @throws ICLOUD_UNREACHABLE when it cannot be had; PROGRAM_FAILED when Chromium has ended; SETTINGS_INVALID for an address that gets no cookies */
  static async open(chromium: Chromium, url: string, { login, cookies }: LentCookies, selectors: Selectors): Promise<PhotosPage> {
    if (!chromium.trusts(url)) throw new PipelineError('SETTINGS_INVALID', `${url} (ICLOUD_PHOTOS_URL) is no page of iCloud`);
    const { page, context } = await chromium.newPage();
    const opened = new PhotosPage(page, context, selectors, chromium);
    try {
      await page.setViewport({ width: 1280, height: 900 });
      await context.setCookie(...cookies.map(toBrowser));
      await opened.lentBy(login);
      await opened.unlessBroken(page.goto(url, { waitUntil: 'domcontentloaded', timeout: 60_000 }));
      opened.assertAlive();
      return opened;
    } catch (error) {
      const { gone } = opened;
      await opened.close();
      if (gone !== null) throw new PipelineError('PROGRAM_FAILED', gone, { cause: error });
      throw new PipelineError('ICLOUD_UNREACHABLE', `${url} did not open in the browser: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Why nothing can be done with it any more; null while it lives. A page that says nothing is not one that is gone. */
  get gone(): string | null {
    if (!this.chromium.connected) return 'Chromium has ended';
    if (this.broken) return 'the page broke down in Chromium';
    return this.page.isClosed() ? 'the page was closed' : null;
  }

  /** @throws PROGRAM_FAILED when the page or its Chromium is gone */
  assertAlive(): void {
    const { gone } = this;
    if (gone !== null) throw new PipelineError('PROGRAM_FAILED', gone);
  }

  /** The cookies as they were when the session was last known to be the browser's. */
  get lent(): LentCookies {
    return this.cookiesLent;
  }

  /** The browser has the cookies of this session now. */
  async lentBy(login: string | null): Promise<void> {
    this.cookiesLent = { login, cookies: await this.cookies() };
  }

  async cookies(): Promise<Cookie[]> {
    return (await this.context.cookies()).map(fromBrowser);
  }

  /** Waits until something can be uploaded, or it is clear that nothing can. `patient`: a page that asks to sign in is waited for, too. */
  async whenReady(timeoutMs: number, signal: AbortSignal, signedOut: 'told' | 'patient' = 'told'): Promise<Readiness> {
    const since = performance.now();
    let askingSince: number | null = null;
    for (;;) {
      this.assertAlive();
      const entrance = await this.findEntrance();
      if (entrance) return { kind: 'ready', afterMs: Math.round(performance.now() - since), by: entrance.selector };
      const now = performance.now();
      askingSince = signedOut === 'told' && (await this.asksToSignIn()) ? (askingSince ?? now) : null;
      if (askingSince !== null && now - askingSince >= steadyMs) return { kind: 'signed_out' };
      if (now - since > timeoutMs) return { kind: 'unknown' };
      await delay(lookEveryMs, undefined, { signal });
    }
  }

  /** Hands files to the page: to its file field, else to the chooser that its upload control opens. @throws ICLOUD_PAGE_UNKNOWN when there is neither */
  async give(files: readonly string[], timeoutMs: number): Promise<void> {
    const field = await this.find('fileInput');
    if (field) {
      await (field.element as ElementHandle<HTMLInputElement>).uploadFile(...files);
      return;
    }
    const control = await this.find('uploadControl');
    if (!control) throw new PipelineError('ICLOUD_PAGE_UNKNOWN', 'the page has neither a field for files nor a control for uploading that this version knows');
    const [chooser] = await Promise.all([this.page.waitForFileChooser({ timeout: timeoutMs }), control.element.click()]).catch((error: unknown) => {
      throw new PipelineError('ICLOUD_PAGE_UNKNOWN', `the control ${control.selector} opens no choice of files`, { cause: error });
    });
    await chooser.accept([...files]);
  }

  async state(): Promise<PageState> {
    const readings: FrameReading[] = [];
    for (const frame of this.page.frames()) {
      // A frame that is gone while it is read has nothing to say any more; of a page that broke down no answer comes.
      const reading = await this.unlessBroken(frame.evaluate(readFrame).catch(() => null));
      if (reading) readings.push(reading);
    }
    const state = stateOf(readings, this.selectors.messages);
    // Nothing but a button to sign in with, as on the page before it.
    return state.kind === 'idle' && (await this.findVisible('signIn')) ? { kind: 'signed_out' } : state;
  }

  async asksToSignIn(): Promise<boolean> {
    return (await this.state()).kind === 'signed_out';
  }

  /** Where files can be given to the page. */
  async findEntrance(): Promise<Found | null> {
    return (await this.find('fileInput')) ?? (await this.find('uploadControl'));
  }

  /** Like {@link find}, of what a person sees, and in frames of Apple's hosts alone: it is for signing in. @param within one frame; else all of them */
  async findVisible(target: Target, within?: Frame): Promise<Found | null> {
    const frames = (within ? [within] : this.page.frames()).filter((frame) => this.chromium.trusts(frame.url()));
    for (const selector of this.selectors[target]) {
      for (const frame of frames) {
        const element = await this.query(frame, selector);
        if (element && (await this.unlessBroken(element.isVisible().catch(() => false)))) return { element, selector };
      }
    }
    return null;
  }

  /** The first selector of the list that finds something, in whatever frame and shadow root. */
  async find(target: Target): Promise<Found | null> {
    const frames = this.page.frames();
    for (const selector of this.selectors[target]) {
      for (const frame of frames) {
        const element = await this.query(frame, selector);
        // One selector of the settings stands for either.
        if (element && (target !== 'fileInput' || (await this.unlessBroken(isFileField(element))))) return { element, selector };
      }
    }
    return null;
  }

  /** A page that broke down answers nothing any more, whatever it is asked. */
  private async unlessBroken<T>(work: Promise<T>): Promise<T | null> {
    let stop: () => void = () => undefined;
    const breakdown = new Promise<null>((resolve) => (stop = () => { resolve(null); }));
    if (this.broken) stop();
    else this.asking.add(stop);
    return await Promise.race([work, breakdown]).finally(() => this.asking.delete(stop));
  }

  private async query(frame: Frame, selector: string): Promise<ElementHandle | null> {
    try {
      return await this.unlessBroken(frame.$(selector));
    } catch (error) {
      if (error instanceof Error && /not a valid selector|Unknown pseudo|Query set/i.test(error.message)) {
        throw new PipelineError('SETTINGS_INVALID', `"${selector}" is no selector: ${error.message}`, { cause: error });
      }
      return null;
    }
  }

  async close(): Promise<void> {
    await this.context.close().catch(() => undefined);
  }
}

/** Whether files can be given to it. An element that is gone meanwhile takes none. */
async function isFileField(element: ElementHandle): Promise<boolean> {
  return await element.evaluate((node) => node.nodeName === 'INPUT' && node.getAttribute('type') === 'file').catch(() => false);
}
