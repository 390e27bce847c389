import { randomUUID } from 'node:crypto';
import { PipelineError } from '@media-pipeline/contracts';
import { z } from 'zod';
import { UnexpectedAnswer } from '../http/unexpected-answer';
import { answerError, isPassing, toError } from '../photos/answer-errors';
import type { Zone } from '../photos/types';
import type { ServiceClient, ServiceRequest } from '../service';
import type { FileToUpload } from './content';
import { readJobs, type JobState } from './job-state';
import type { Receipt } from './receipt';
import { readTrouble } from './refusal';
import { offsetMinutes } from './time-zone';

const UploadUrls = z.object({ uploadUrls: z.record(z.string(), z.string()) });

/** Jobs asked for in one call: a guess, no limit is known. */
const jobsAtOnce = 100;

export interface PutOptions {
  /** Same for all files of one import, as the web page has it: a UUID. */
  readonly importGroup: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Awaited right before each time the put goes out: more than once when Apple asks to come later. */
  readonly beforePut?: (() => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The calls of Apple's `photosupload` service, as pyicloud captured them from www.icloud.com (its issue 316) and tried them with a live account. */
export class UploadCalls {
  constructor(
    private readonly service: ServiceClient,
    private readonly zone: Zone,
  ) {}

  /**
   * Has an address reserved for so many bytes. Asking twice reserves twice, and harms nothing.
   * @throws ICLOUD_UPLOAD_ABSENT, ICLOUD_STORAGE_FULL and other refusals; what ServiceClient.call throws
   */
  async reserve(bytes: number, signal?: AbortSignal): Promise<string> {
    const id = randomUUID().toUpperCase();
    const answer = await this.#ask('createUploadUrl', { zoneName: this.zone.name, assets: { [id]: bytes } }, { signal });
    const url = UploadUrls.safeParse(answer).data?.uploadUrls[id];
    if (url === undefined || !URL.canParse(url)) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'createUploadUrl: the answer has no address for the file');
    // The address carries its own token, and the file goes over the same line.
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'https:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'createUploadUrl: the address is not encrypted');
    return url;
  }

  /**
   * Makes an asset of bytes that were sent. Never repeated when it may have worked: the answer, if there is one, is whatever Apple says.
   * @throws refusals as {@link reserve}; anything else leaves open whether the asset was made
   */
  async put(file: FileToUpload, receipt: Receipt, { importGroup, timeZone, beforePut, signal }: PutOptions): Promise<unknown> {
    const entry = {
      fileName: file.name,
      lastModDate: Math.trunc(file.modifiedAt.getTime()),
      timeZoneOffset: offsetMinutes(file.modifiedAt, timeZone),
      singleFileUploadRequest: receipt,
    };
    return await this.#ask('putAsset', { zoneName: this.zone.name, files: [entry], localTimeZoneId: timeZone, importGroup }, { signal, once: true, beforeSend: beforePut });
  }

  /** How far iCloud is with jobs; it says so much or little as it likes. @throws what ServiceClient.call throws */
  async jobs(jobIds: readonly string[], signal?: AbortSignal): Promise<Map<string, JobState>> {
    const states = new Map<string, JobState>();
    for (const ids of chunks([...new Set(jobIds)], jobsAtOnce)) {
      const answer = await this.#ask('uploadStatus', { uploadJobIds: ids }, { signal });
      for (const [id, state] of readJobs(answer, ids)) states.set(id, state);
    }
    return states;
  }

  async #ask(step: string, body: unknown, { signal, ...how }: Omit<ServiceRequest, 'body' | 'signal'> & { readonly signal?: AbortSignal | undefined }): Promise<unknown> {
    let answer: unknown;
    try {
      answer = await this.service.call('photosupload', `/photosupload/${step}`, { body, ...how, ...(signal && { signal }) });
    } catch (error) {
      throw error instanceof UnexpectedAnswer ? readUnexpected(error, step) : error;
    }
    const said = answerError(answer);
    if (said === null) return answer;
    if (isPassing(said.code)) throw toError(said, step);
    const { kind, code } = readTrouble({ status: 400, message: `${said.code} ${said.reason}` });
    throw kind === 'refused' && code !== 'ICLOUD_UPLOAD_REFUSED' ? new PipelineError(code, `${step}: ${said.code} ${said.reason}`) : toError(said, step);
  }
}

/** An HTTP error of the service: 404 and 410 say that it is no more (as `uploadimagews` says 410 since August 2026). */
function readUnexpected(error: UnexpectedAnswer, step: string): PipelineError {
  const { status, reason } = error;
  const said = `${step}: HTTP ${status}${reason === '' ? '' : ` (${reason})`}`;
  const trouble = readTrouble({ status, message: reason });
  if (trouble.kind === 'refused' && trouble.code !== 'ICLOUD_UPLOAD_REFUSED') return new PipelineError(trouble.code, said, { cause: error });
  if (status === 404 || status === 410) return new PipelineError('ICLOUD_UPLOAD_ABSENT', said, { cause: error });
  return error;
}

/** A list in pieces of at most `size`, in its order. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
