import { Readable } from 'node:stream';
import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';
import type { RegularFile } from '@media-pipeline/files';
import type { Clock } from '../clock';
import { RateLimited } from '../http/web-client';
import { backoffMs } from '../photos/backoff';
import type { ContentAnswer, ServiceClient } from '../service';
import { provenBytes, type FileToUpload } from './content';
import { judgeSent, type Receipt, type Verdict } from './receipt';
import type { UploadCalls } from './upload-calls';

const mostTroubles = 4;
const mostExpired = 1;
const longestWaitMs = 2 * 60_000;
const mostWaits = 6;

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((bytes: number) => void) | undefined;
}

/** Brings the bytes of files to the content host. That alone makes no photo: what fails here can be done again as often as one likes. */
export class Sender {
  #silentUntil = 0;

  constructor(
    private readonly service: ServiceClient,
    private readonly calls: UploadCalls,
    private readonly clock: Clock,
  ) {}

  /**
   * Sends an open file until the host has all of it; each try with an address of its own.
   * @returns the receipt that `putAsset` wants
   * @throws CONTENT_CHANGED; ICLOUD_URL_EXPIRED, ICLOUD_CONTENT_MISMATCH, ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE, ICLOUD_ANSWER_UNKNOWN after several
   * tries; refusals; the signal's reason
   */
  async send(file: FileToUpload, opened: RegularFile, options: SendOptions): Promise<Receipt> {
    const { signal } = options;
    let url: string | null = null;
    const count = { troubles: 0, expired: 0, waits: 0 };
    for (;;) {
      await this.#silence(signal);
      url ??= await this.calls.reserve(file.bytes, signal);
      const verdict = await this.#try(file, opened, url, options);
      switch (verdict.kind) {
        case 'taken':
          return verdict.receipt;
        case 'later':
          count.waits += 1;
          this.#beSilent(verdict.afterMs ?? backoffMs(count.waits), verdict.status, count.waits >= mostWaits);
          break;
        case 'address':
          url = null;
          if (++count.expired > mostExpired) throw new PipelineError('ICLOUD_URL_EXPIRED', `every address for ${file.name} is answered with ${verdict.status}`);
          break;
        case 'refused':
          throw new PipelineError(verdict.trouble.code, `${file.name}: ${verdict.why}`);
        case 'cut':
        case 'damaged':
        case 'not_understood':
          url = null;
          if (++count.troubles >= mostTroubles) throw new PipelineError(codes[verdict.kind], `${file.name}: ${verdict.why} (try ${count.troubles})`);
          await this.clock.sleep(backoffMs(count.troubles - 1, { mostMs: 30_000 }), signal);
      }
    }
  }

  async #try(file: FileToUpload, opened: RegularFile, url: string, { signal, progress }: SendOptions): Promise<Verdict | { readonly kind: 'cut'; readonly why: string }> {
    // No more than a piece is read ahead of the network.
    const body = Readable.from(provenBytes(opened, file, progress, signal), { objectMode: true, highWaterMark: 1 });
    let answer: ContentAnswer;
    try {
      answer = await this.service.send(url, { body, bytes: file.bytes, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof PipelineError && error.code === 'ICLOUD_UNREACHABLE') return { kind: 'cut', why: error.message };
      throw error;
    } finally {
      body.destroy();
    }
    return judgeSent(answer, file, this.clock.now());
  }

  /** When the host asks one file to come later, none comes until then. */
  #beSilent(ms: number, status: number, enough: boolean): void {
    const until = this.clock.now() + ms;
    this.#silentUntil = Math.max(this.#silentUntil, until);
    if (enough || ms > longestWaitMs) throw new RateLimited(`the content host answers ${status}`, until);
  }

  async #silence(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const left = this.#silentUntil - this.clock.now();
    if (left > longestWaitMs) throw new RateLimited('the content host', this.#silentUntil);
    if (left > 0) await this.clock.sleep(left, signal);
  }
}

const codes = { cut: 'ICLOUD_UNREACHABLE', damaged: 'ICLOUD_CONTENT_MISMATCH', not_understood: 'ICLOUD_ANSWER_UNKNOWN' } as const satisfies Record<string, ErrorCode>;
