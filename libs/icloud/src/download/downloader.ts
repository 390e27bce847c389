import { PipelineError } from '@media-pipeline/contracts';
import { Semaphore } from 'async-mutex';
import { systemClock, type Clock } from '../clock';
import { silent, type ICloudLog } from '../log';
import { backoffMs } from '../photos/backoff';
import type { CloudResource } from '../photos/types';
import type { ContentResponse, ServiceClient } from '../service';
import { beginsLikePage, judge, type Verdict } from './answer';
import { Bandwidth } from './bandwidth';
import { compareChecksums } from './content-hash';
import { PartFile } from './part-file';
import { Patience } from './patience';

export interface DownloaderOptions {
  /** Over all downloads together; null: no limit. */
  readonly bytesPerSecond?: number | null;
  /** Transfers; a caller that starts a few downloads more keeps the network busy while others wait for the disk. */
  readonly atOnce?: number;
  readonly log?: Pick<ICloudLog, 'warn'>;
  readonly clock?: Clock;
}

export interface DownloadOptions {
  /** Another address for the same file: the record looked up anew. What it throws ends the download. */
  readonly freshUrl: () => Promise<string>;
  readonly signal?: AbortSignal;
  /** Bytes that are there. */
  readonly progress?: (bytes: number) => void;
}

const longestWaitMs = 10 * 60_000;

/** How a try ended. */
type Ended = { readonly kind: 'came' } | { readonly kind: 'cut'; readonly why: string } | Exclude<Verdict, { kind: 'append' | 'whole' }>;

/** Downloads files of assets into part files, verified by Apple's checksum. */
export class Downloader {
  readonly #slots: Semaphore;
  readonly #bandwidth: Bandwidth;
  readonly #clock: Clock;
  readonly #log: Pick<ICloudLog, 'warn'>;
  #silentUntil = 0;

  constructor(
    private readonly service: ServiceClient,
    { bytesPerSecond = null, atOnce = 4, log = silent, clock = systemClock }: DownloaderOptions = {},
  ) {
    this.#slots = new Semaphore(atOnce);
    this.#bandwidth = new Bandwidth(bytesPerSecond, clock);
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Completes the part file (absolute path; made when missing, continued when there), verifies and syncs it; naming it is the caller's. Content
   * that is not what the record says is thrown away. The part stays when the download fails otherwise, so that the next try continues it.
   * @returns SHA-256 (hex) and size of what is there
   * @throws ICLOUD_URL_EXPIRED, ICLOUD_ASSET_REFUSED, ICLOUD_CONTENT_MISMATCH, ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE after several tries;
   * DISK_FULL and other errors of files; the signal's reason
   */
  async download(resource: CloudResource, part: string, options: DownloadOptions): Promise<{ sha256: string; bytes: number }> {
    const { file, sha256 } = await this.#slots.runExclusive(async () => {
      options.signal?.throwIfAborted();
      return await this.#complete(resource, part, options);
    });
    try {
      // The next download may have the network while this one waits for the disk.
      await file.sync();
    } finally {
      await file.close();
    }
    return { sha256, bytes: resource.bytes };
  }

  /** @returns the verified file, open */
  async #complete(resource: CloudResource, part: string, options: DownloadOptions): Promise<{ file: PartFile; sha256: string }> {
    const file = await PartFile.open(part, resource.bytes);
    try {
      return { file, sha256: await this.#fill(resource, file, options) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @returns the SHA-256 of what the record says the file is */
  async #fill(resource: CloudResource, file: PartFile, options: DownloadOptions): Promise<string> {
    const { signal } = options;
    const address = new Address(resource.url, options.freshUrl);
    const patience = new Patience(resource.bytes, file.bytes);
    for (;;) {
      if (file.bytes === resource.bytes) {
        const { sha256, checksum } = file.digest();
        if (compareChecksums(resource.checksum, checksum) !== 'different') return sha256;
        await file.reset();
        this.#log.warn({ bytes: resource.bytes, key: resource.key }, 'A download is not what iCloud says the file is; it begins anew');
        patience.mismatch(`${resource.key}: ${resource.bytes} bytes came with the checksum ${checksum} instead of ${resource.checksum}`);
      }
      await this.#silence(signal);
      const ended = await this.#try(resource, file, await address.current(), options);
      await this.#after(ended, file, address, patience, signal);
    }
  }

  /** What follows from a try that ended. */
  async #after(ended: Ended, file: PartFile, address: Address, patience: Patience, signal?: AbortSignal): Promise<void> {
    switch (ended.kind) {
      case 'came':
        return;
      case 'cut':
        patience.spend(file.bytes, 'ICLOUD_UNREACHABLE', `the connection broke: ${ended.why}`);
        return await this.#backOff(patience, signal);
      case 'restart':
        await file.reset();
        return patience.spend(0, 'ICLOUD_ANSWER_UNKNOWN', 'the server gives another part than asked for');
      case 'address':
        address.giveUp();
        if (ended.status === 410) patience.spend(file.bytes, 'ICLOUD_URL_EXPIRED', 'every address is answered with 410');
        else patience.spend(file.bytes, 'ICLOUD_ASSET_REFUSED', `every address is answered with ${ended.status}`);
        return;
      case 'later':
        patience.spend(file.bytes, ended.status === 429 || ended.status === 503 ? 'ICLOUD_RATE_LIMITED' : 'ICLOUD_UNREACHABLE', `HTTP ${ended.status}`);
        return this.#beSilent(ended.afterMs ?? backoffMs(patience.fruitless), ended.status);
      case 'not_the_file':
        address.giveUp();
        patience.spend(file.bytes, 'ICLOUD_CONTENT_MISMATCH', `something else came: ${ended.why}`);
        return await this.#backOff(patience, signal);
    }
  }

  async #try(resource: CloudResource, file: PartFile, url: string, options: DownloadOptions): Promise<Ended> {
    const { signal } = options;
    const have = file.bytes;
    let response: ContentResponse;
    try {
      const headers = { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) };
      response = await this.service.open(url, { headers, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof PipelineError && error.code === 'ICLOUD_UNREACHABLE') return { kind: 'cut', why: error.message };
      throw error;
    }
    const verdict = judge(response.status, response.headers, { have, bytes: resource.bytes }, this.#clock.now());
    if (verdict.kind !== 'append' && verdict.kind !== 'whole') {
      discard(response);
      return verdict;
    }
    if (verdict.kind === 'whole' && have > 0) await file.reset();
    return await this.#pour(response, resource, file, options);
  }

  async #pour(response: ContentResponse, resource: CloudResource, file: PartFile, { signal, progress }: DownloadOptions): Promise<Ended> {
    const { body, headers } = response;
    let why = 'the answer ended too early';
    try {
      for await (const chunk of incoming(body)) {
        if (file.bytes === 0 && headers['content-length'] === undefined && beginsLikePage(chunk)) return { kind: 'not_the_file', why: 'a web page' };
        if (file.bytes + chunk.length > resource.bytes) {
          await file.reset();
          return { kind: 'not_the_file', why: `more than ${resource.bytes} bytes` };
        }
        const written = file.append(chunk);
        if (written) {
          await written;
          progress?.(file.bytes);
        }
        const paid = this.#bandwidth.take(chunk.length, signal);
        if (paid) await paid;
      }
    } catch (error) {
      if (!(error instanceof BrokenBody)) throw error;
      why = error.message;
    } finally {
      discard(response);
      // Also when it was cut off or called off: what came is there for the next try.
      await file.flush();
    }
    signal?.throwIfAborted();
    progress?.(file.bytes);
    return file.bytes === resource.bytes ? { kind: 'came' } : { kind: 'cut', why };
  }

  /** When the server asks one download to come later, none asks until then. */
  #beSilent(ms: number, status: number): void {
    if (ms > longestWaitMs) throw new PipelineError('ICLOUD_RATE_LIMITED', `HTTP ${status}: the server asks to wait for ${Math.round(ms / 1000)} s`);
    this.#silentUntil = Math.max(this.#silentUntil, this.#clock.now() + ms);
  }

  async #silence(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (let left = this.#silentUntil - this.#clock.now(); left > 0; left = this.#silentUntil - this.#clock.now()) await this.#clock.sleep(left, signal);
  }

  async #backOff(patience: Patience, signal?: AbortSignal): Promise<void> {
    if (patience.fruitless > 0) await this.#clock.sleep(backoffMs(patience.fruitless - 1, { firstMs: 250, mostMs: 30_000 }), signal);
  }
}

/** The address to ask: as listed, then fresh ones; none that was given up is asked again. */
class Address {
  readonly #dead = new Set<string>();
  #url: string | null;

  constructor(
    listed: string,
    private readonly fresh: () => Promise<string>,
  ) {
    this.#url = listed === '' ? null : listed;
  }

  /** @throws ICLOUD_URL_EXPIRED when the fresh address is one that was given up */
  async current(): Promise<string> {
    if (this.#url !== null) return this.#url;
    const url = await this.fresh();
    if (url === '' || this.#dead.has(url)) throw new PipelineError('ICLOUD_URL_EXPIRED', 'iCloud gives no other address than one that has expired');
    this.#url = url;
    return url;
  }

  giveUp(): void {
    if (this.#url !== null) this.#dead.add(this.#url);
    this.#url = null;
  }
}

class BrokenBody extends Error {}

/** The chunks of a body; its errors are told from those of the disk. */
async function* incoming(body: ContentResponse['body']): AsyncGenerator<Uint8Array> {
  const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await chunks.next();
    } catch (error) {
      throw new BrokenBody(error instanceof Error ? error.message : String(error), { cause: error });
    }
    if (next.done) return;
    yield next.value;
  }
}

/** Lets go of a body, read to its end or not. */
function discard({ body }: ContentResponse): void {
  body.on('error', () => undefined);
  body.destroy();
}
