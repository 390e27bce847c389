import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError, toPipelineError, type ErrorCode } from '@media-pipeline/contracts';
import type { Library } from '@media-pipeline/files';
import type { Cookie, FillIn, LentCookies } from '@media-pipeline/icloud';
import type { Logger } from '@media-pipeline/stage';
import { namedIn, type PageState } from '../../page-state';
import { UploadRoute, type Outgoing, type RouteFailure, type RouteReport, type Upload } from '../../upload-route.port';
import { endingOf, type Ending, type WatchLimits } from '../../watch';
import { Chromium, type ChromiumOptions } from './chromium';
import { saveDiagnosis } from './diagnosis';
import { Halt } from './halt';
import { PageTraffic } from './page-traffic';
import { PhotosPage } from './photos-page';
import type { Selectors } from './selectors';
import { fillIn } from './sign-in';

/** The page takes no more at a time. */
const mostAtOnce = 1_000;
const lookEveryMs = 250;

export interface BrowserRouteOptions {
  readonly chromium: ChromiumOptions;
  /** `https://www.icloud.com/photos/` */
  readonly url: string;
  readonly selectors: () => Promise<Selectors>;
  readonly readyMs: number;
  readonly signInMs: number;
  /** A browser that has had nothing to do for so long is closed. */
  readonly idleMs: number;
  readonly limits: WatchLimits;
  /** Uploads that a browser does before another takes its place: what its pages leak goes with it. */
  readonly uploadsPerBrowser: number;
}

/** The session that the browser goes on with. */
export interface BrowserSession {
  /** Its newest cookies, whichever process got them. It is open as far as anybody knows. @throws ICLOUD_* */
  lend(): Promise<LentCookies>;
  /** What the page has renewed. */
  take(lent: LentCookies, returned: readonly Cookie[]): Promise<void>;
  /** The page did not take the cookies: opens the session anew. @throws ICLOUD_* when a person is needed */
  renew(signal: AbortSignal): Promise<void>;
  /** Has the page sign in. @throws ICLOUD_CODE_NEEDED when it has had a code sent; ICLOUD_PAGE_UNKNOWN, ICLOUD_* */
  signInOnPage(fillIn: FillIn, signal: AbortSignal): Promise<void>;
}

/** `person`: somebody asked, so that what was halted is tried. `interactive`: and sits before the browser, to sign in or to close a box. */
export type Attendance = 'service' | 'person' | 'interactive';
/** How long a person before the browser is waited for. */
const personMs = 15 * 60_000;

/** Uploads as a person does, on Apple's Photos page in Chromium. */
export class BrowserRoute extends UploadRoute {
  readonly name = 'browser';
  readonly most = mostAtOnce;
  private chromium: Chromium | null = null;
  private uploads = 0;
  private idle: NodeJS.Timeout | undefined;
  private readonly halt: Halt;
  private attendance: Attendance = 'service';

  constructor(
    private readonly options: BrowserRouteOptions,
    private readonly session: BrowserSession,
    private readonly library: Library,
    private readonly logger: Logger,
  ) {
    super();
    this.halt = new Halt(library);
  }

  /** Who looks on. */
  attend(attendance: Attendance): void {
    this.attendance = attendance;
  }

  async upload(upload: Upload): Promise<RouteReport> {
    clearTimeout(this.idle);
    try {
      return await this.onPage(upload);
    } finally {
      this.idle = setTimeout(() => void this.closeIdle(), this.options.idleMs).unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.idle);
    const chromium = this.chromium;
    this.chromium = null;
    await chromium?.close();
  }

  private async closeIdle(): Promise<void> {
    try {
      await this.close();
    } catch (error) {
      this.logger.warn({ code: toPipelineError(error).code }, 'the browser left something behind');
    }
  }

  private async onPage(upload: Upload): Promise<RouteReport> {
    const selectors = await this.options.selectors();
    if (this.attendance === 'service') await this.halt.assertNone(selectors);
    const photos = await this.readyPage(selectors, upload);
    try {
      const report = await this.through(photos, selectors, upload);
      if (report.obstacle === null) await this.halt.lift();
      return report;
    } finally {
      await this.leave(photos);
    }
  }

  private async through(photos: PhotosPage, selectors: Selectors, { files, signal, report, beforePut }: Upload): Promise<RouteReport> {
    using traffic = new PageTraffic(photos.page);
    await beforePut(files);
    try {
      await photos.give(files.map(({ path }) => path), this.options.limits.beginMs);
    } catch (error) {
      return await this.notGiven(error, photos, selectors);
    }
    const since = performance.now();
    let counted = '';
    let countedAt = since;
    let begun = false;
    for (;;) {
      const state = await photos.state();
      if (photos.gone !== null) return interrupted(photos.gone);
      if (state.kind === 'uploading') {
        begun = true;
        report(`${state.done} of ${state.total}`, state.total > 0 ? state.done / state.total : undefined);
      }
      const count = JSON.stringify(state);
      if (count !== counted) [counted, countedAt] = [count, performance.now()];
      const now = performance.now();
      const movedAt = Math.max(since, countedAt, traffic.lastMovedAt);
      const allPut = files.every(({ name }) => traffic.names.has(name));
      const ending = endingOf({ state, busy: traffic.busy, quietMs: now - movedAt, begun: begun || traffic.seen, allPut, elapsedMs: now - since }, this.options.limits);
      if (ending !== null) return await this.reportOf(ending, state, files, photos, selectors);
      await delay(lookEveryMs, undefined, { signal });
    }
  }

  /** The page took no files, or nobody knows whether it did. */
  private async notGiven(error: unknown, photos: PhotosPage, selectors: Selectors): Promise<RouteReport> {
    if (photos.gone !== null) return interrupted(photos.gone);
    if (!(error instanceof PipelineError) || error.code !== 'ICLOUD_PAGE_UNKNOWN') throw error;
    return { failures: new Map(), obstacle: await this.unknownPage(photos, selectors, error.message) };
  }

  private async reportOf(ending: Ending, state: PageState, files: readonly Outgoing[], photos: PhotosPage, selectors: Selectors): Promise<RouteReport> {
    const failures = new Map<string, RouteFailure>();
    if (state.kind === 'rejected_type' || state.kind === 'partial_failure') {
      const code: ErrorCode = state.kind === 'rejected_type' ? 'ICLOUD_TYPE_REFUSED' : 'ICLOUD_UPLOAD_FAILED';
      const named = namedIn(state.text, files.map(({ name }) => name));
      for (const { id, name } of files) if (named.includes(name)) failures.set(id, { code, reason: state.text });
    }
    if (ending === 'through') return { failures, obstacle: null };
    return { failures, obstacle: await this.obstacle(ending, state, photos, selectors) };
  }

  private async obstacle(ending: Exclude<Ending, 'through'>, state: PageState, photos: PhotosPage, selectors: Selectors): Promise<RouteFailure> {
    switch (ending) {
      case 'quota_full':
        return { code: 'ICLOUD_STORAGE_FULL', reason: 'text' in state ? state.text : 'the page says that iCloud is full' };
      case 'signed_out':
        return { code: 'ICLOUD_UPLOAD_INTERRUPTED', reason: 'the page signed out in the middle of an upload' };
      case 'stalled':
        return { code: 'ICLOUD_UPLOAD_INTERRUPTED', reason: `nothing moved for ${Math.round(this.options.limits.stallMs / 1_000)} s` };
      case 'never_began':
        return await this.unknownPage(photos, selectors, 'the page took the files, and nothing began');
      case 'dialog':
        return await this.unknownPage(photos, selectors, `the page asks something that this version does not know: ${'text' in state ? state.text : ''}`);
    }
  }

  /**
   * A page on which something can be uploaded. Asked to sign in, the session is opened anew without the page first; the page itself signs in only
   * when it wants that all the same.
   * @throws ICLOUD_PAGE_UNKNOWN, with what it looked like under logs/; ICLOUD_* when a person is needed
   */
  private async readyPage(selectors: Selectors, { signal, report }: Pick<Upload, 'signal' | 'report'>): Promise<PhotosPage> {
    for (let attempt = 1; ; attempt++) {
      const chromium = await this.browser();
      const watched = this.attendance === 'interactive';
      const photos = await PhotosPage.open(chromium, this.options.url, await this.session.lend(), selectors);
      try {
        let readiness = watched ? await photos.whenReady(personMs, signal, 'patient') : await photos.whenReady(this.options.readyMs, signal);
        if (readiness.kind === 'signed_out' && attempt > 1) {
          await this.signIn(photos, selectors, signal);
          readiness = await photos.whenReady(this.options.readyMs, signal);
        }
        if (readiness.kind === 'ready') {
          this.logger.info({ afterMs: readiness.afterMs, by: readiness.by }, `Photos interface ready after ${readiness.afterMs} ms`);
          report(`Photos interface ready after ${readiness.afterMs} ms`);
          return photos;
        }
        if (readiness.kind === 'unknown' || attempt > 1) {
          const { code, reason } = await this.unknownPage(photos, selectors, readiness.kind === 'unknown' ? 'no control for uploading was found' : 'the page asks to sign in although it was done');
          throw new PipelineError(code, reason);
        }
        await this.session.renew(signal);
      } catch (error) {
        await photos.close();
        throw error;
      }
      await photos.close();
    }
  }

  private async signIn(photos: PhotosPage, selectors: Selectors, signal: AbortSignal): Promise<void> {
    try {
      await this.session.signInOnPage(async (username, password, given) => await fillIn(photos, username, password, this.options.signInMs, given), signal);
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'ICLOUD_PAGE_UNKNOWN') throw error;
      const { code, reason } = await this.unknownPage(photos, selectors, error.message);
      throw new PipelineError(code, reason, { cause: error });
    }
    await photos.lentBy((await this.session.lend()).login);
  }

  /** Gives back what the page has renewed: failing that, the cookies before still count. */
  private async leave(photos: PhotosPage): Promise<void> {
    try {
      await this.session.take(photos.lent, await photos.cookies());
    } catch (error) {
      this.logger.warn({ code: toPipelineError(error).code }, 'what the page renewed of the iCloud session could not be kept');
    }
    await photos.close();
  }

  private async unknownPage({ page }: PhotosPage, selectors: Selectors, what: string): Promise<RouteFailure> {
    const folder = await saveDiagnosis(this.library, page, 'unknown-page');
    await this.halt.halt(selectors, `${what} (${folder})`);
    this.logger.error({ code: 'ICLOUD_PAGE_UNKNOWN', folder }, `iCloud Photos: ${what}`);
    return { code: 'ICLOUD_PAGE_UNKNOWN', reason: `${what}; its picture and content lie in ${folder}` };
  }

  private async browser(): Promise<Chromium> {
    if (this.chromium !== null && (!this.chromium.connected || this.uploads >= this.options.uploadsPerBrowser)) await this.close();
    if (this.chromium === null) {
      this.chromium = await Chromium.launch(this.options.chromium);
      this.uploads = 0;
    }
    this.uploads += 1;
    return this.chromium;
  }
}

const interrupted = (reason: string): RouteReport => ({ failures: new Map(), obstacle: { code: 'ICLOUD_UPLOAD_INTERRUPTED', reason: `${reason} in the middle of an upload` } });
