import { randomUUID } from 'node:crypto';
import { PipelineError } from '@media-pipeline/contracts';
import { withRegularFile } from '@media-pipeline/files';
import { systemClock, type Clock } from '../clock';
import type { Zone } from '../photos/types';
import type { ServiceClient } from '../service';
import type { CloudContent, FileToUpload } from './content';
import type { ContentIndex } from './content-index';
import type { IndexReading } from './index-reading';
import { Lookout, type Awaited } from './lookout';
import { leavesOpen, outcomeOf, type UploadOutcome } from './outcome';
import type { Presence } from './presence';
import { judgePut, type PutNames } from './put-answer';
import type { Receipt } from './receipt';
import { Sender } from './sender';
import type { Sighting } from './sighting';
import { localTimeZone } from './time-zone';
import { UploadCalls } from './upload-calls';

export interface UploadsOptions {
  readonly clock?: Clock;
  /** IANA name; told to Apple with each file's date. This machine's unless given. */
  readonly timeZone?: string;
  /** After so long a file that was put is to be seen, or was not taken. Six times the longest that was reported. */
  readonly settleMs?: number;
}

export interface UploadOptions {
  readonly signal?: AbortSignal;
  /** Bytes that are on their way. */
  readonly progress?: (bytes: number) => void;
  /**
   * Awaited right before the request that makes the photo goes out (again, when Apple asked to come later); what it throws ends the upload before.
   * Whoever may be killed writes the moment down here, each time, and gives the last to {@link Uploads.present} when it begins again.
   */
  readonly beforePut?: () => Promise<void>;
  /** A UUID; the same for all files of one import. */
  readonly importGroup?: string;
}

/** A content that is looked for before it is uploaded. */
export interface Sought extends CloudContent {
  /** The last moment at which a put of it may have gone out whose end is not known (by a browser: when that was last alive). */
  readonly putAt?: Date | null;
}

/**
 * Uploads into one zone by the calls of the web page. Every content gets into iCloud once, in this order, wherever it is interrupted:
 *
 * 1. `present`: what is there is not uploaded. A put whose end is not known (`putAt`) is waited for before its content counts as absent.
 * 2. `upload`: the bytes, then `beforePut`, then one put. When its answer is lost, or refuses for now, it is not sent again: the content is
 *    looked for, by the names that were given, or by what has changed in the zone.
 * 3. `waitUntilSeen`: an asset with this content is there. Only that is the truth.
 *
 * Apple answers a second put of a content with 409 and the names of the first: a second line of defence, and never the first, since nobody knows
 * whether it holds before the records appear, nor in another zone.
 *
 * Both files of a Live Photo are uploads of their own: no way to have Apple pair them is known (its web page has none, no client knows any), and
 * whether it pairs them by what is written in them is not known. Whoever uploads decides whether to send both, or the still alone.
 */
export class Uploads {
  readonly #clock: Clock;
  readonly #calls: UploadCalls;
  readonly #sender: Sender;
  readonly #lookout: Lookout;
  readonly #timeZone: string;
  readonly #settleMs: number;
  readonly #underWay = new Map<string, Promise<UploadOutcome>>();

  constructor(service: ServiceClient, zone: Zone, index: ContentIndex, { clock = systemClock, timeZone = localTimeZone(), settleMs = 120_000 }: UploadsOptions = {}) {
    this.#clock = clock;
    this.#calls = new UploadCalls(service, zone);
    this.#sender = new Sender(service, this.#calls, clock);
    this.#lookout = new Lookout(service, this.#calls, zone, index, clock);
    this.#timeZone = timeZone;
    this.#settleMs = settleMs;
  }

  /** Brings the index up to date: the whole zone the first time, then what has changed. `present` and `waitUntilSeen` do that by themselves. @throws as PhotoLibrary */
  async readIndex(signal?: AbortSignal): Promise<IndexReading> {
    return await this.#lookout.read(signal);
  }

  /**
   * Which contents are in iCloud now, in the order given: one request for each hundred, one for the changes, and waiting where a put is open.
   * @throws as PhotoLibrary, the signal's reason
   */
  async present(contents: readonly Sought[], signal?: AbortSignal): Promise<Presence[]> {
    const presences = await this.#lookout.look(contents, signal);
    const open = contents.flatMap((content, at) => {
      const settled = (content.putAt?.getTime() ?? 0) + this.#settleMs;
      const known = presences[at] !== undefined && 'recordName' in presences[at];
      return !known && settled > this.#clock.now() ? [{ content, at, settled: Math.min(settled, this.#clock.now() + this.#settleMs) }] : [];
    });
    if (open.length === 0) return presences;
    const forMs = Math.max(...open.map(({ settled }) => settled)) - this.#clock.now();
    const sightings = await this.#lookout.wait(open.map(({ content: { checksum, bytes } }) => ({ checksum, bytes })), forMs, signal);
    for (const [index, { at }] of open.entries()) {
      const sighting = sightings[index];
      if (sighting?.kind === 'seen') presences[at] = sighting.presence;
    }
    return presences;
  }

  /**
   * Uploads a file that `present` did not find (also one that is `unlisted`: Apple's answer tells). As many at once as are called; two of one content are one upload.
   * @throws what concerns more than this file: FILE_MISSING, FILE_EMPTY, CONTENT_CHANGED and other errors of files; ICLOUD_CODE_NEEDED and the other
   * reasons that keep the account from being signed in; what `beforePut` throws; the signal's reason. When it throws after `beforePut`, the put is open.
   */
  async upload(file: FileToUpload, options: UploadOptions = {}): Promise<UploadOutcome> {
    const twin = this.#underWay.get(file.checksum);
    if (twin) {
      const outcome = await twin.catch(() => null);
      if (outcome?.kind === 'created' || outcome?.kind === 'already_there') return { kind: 'already_there', recordName: outcome.recordName, masterName: outcome.masterName };
      if (outcome) return outcome;
      return await this.upload(file, options);
    }
    const upload = this.#upload(file, options).finally(() => this.#underWay.delete(file.checksum));
    this.#underWay.set(file.checksum, upload);
    return await upload;
  }

  /**
   * Waits until an asset with each content is to be seen. @returns in the order given
   * @param forMs at most so long; 120 seconds unless told otherwise
   * @throws as PhotoLibrary, the signal's reason
   */
  async waitUntilSeen(awaited: readonly Awaited[], { forMs = this.#settleMs, signal }: { readonly forMs?: number; readonly signal?: AbortSignal } = {}): Promise<Sighting[]> {
    return await this.#lookout.wait(awaited, forMs, signal);
  }

  async #upload(file: FileToUpload, options: UploadOptions): Promise<UploadOutcome> {
    if (file.bytes === 0) throw new PipelineError('FILE_EMPTY', `${file.path} has no bytes`);
    let receipt: Receipt;
    try {
      receipt = await withRegularFile(file.path, 'library', async (opened) => await this.#sender.send(file, opened, options));
    } catch (error) {
      options.signal?.throwIfAborted();
      const outcome = outcomeOf(error, false);
      if (outcome === null) throw error;
      return outcome;
    }
    return await this.#put(file, receipt, options);
  }

  async #put(file: FileToUpload, receipt: Receipt, { signal, beforePut, importGroup = randomUUID().toUpperCase() }: UploadOptions): Promise<UploadOutcome> {
    let answer: unknown;
    try {
      answer = await this.#calls.put(file, receipt, { importGroup, timeZone: this.#timeZone, beforePut, signal });
    } catch (error) {
      signal?.throwIfAborted();
      const outcome = outcomeOf(error, leavesOpen(error));
      if (outcome === null) throw error;
      return outcome.kind === 'retryable' && outcome.mayHaveArrived ? await this.#resolve(file, null, outcome, signal) : outcome;
    }
    const verdict = judgePut(answer);
    switch (verdict.kind) {
      case 'created':
        return { kind: 'created', ...verdict.names };
      case 'already_there':
        return { kind: 'already_there', recordName: verdict.names.recordName, masterName: verdict.names.masterName };
      case 'not_understood':
        return await this.#resolve(file, null, { kind: 'retryable', code: 'ICLOUD_ANSWER_UNKNOWN', reason: `putAsset: ${verdict.why}`, mayHaveArrived: true, notBefore: null }, signal);
      case 'trouble': {
        const { trouble, why: reason, names } = verdict;
        if (trouble.kind === 'refused') return { kind: 'refused', code: trouble.code, reason };
        return await this.#resolve(file, names, { kind: 'retryable', code: trouble.code, reason, mayHaveArrived: true, notBefore: null }, signal);
      }
    }
  }

  /** A put that may have worked: what is to be seen tells. @returns `otherwise` when nothing is, or when it cannot be looked at */
  async #resolve(file: FileToUpload, names: PutNames | null, otherwise: UploadOutcome, signal: AbortSignal | undefined): Promise<UploadOutcome> {
    const { checksum, bytes } = file;
    let sighting: Sighting | undefined;
    try {
      [sighting] = await this.#lookout.wait([{ checksum, bytes, ...names }], this.#settleMs, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (outcomeOf(error, true) === null) throw error;
    }
    if (sighting?.kind !== 'seen') return otherwise;
    const { kind, recordName, masterName } = sighting.presence;
    return kind === 'there' ? { kind: 'created', recordName, masterName, jobId: names?.jobId ?? null } : { kind: 'already_there', recordName, masterName };
  }
}
