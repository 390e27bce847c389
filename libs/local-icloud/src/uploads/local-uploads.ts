import { randomBytes } from 'node:crypto';
import { seededRandom } from '../faults';
import type { UploadRoute } from '../faults';
import type { Clock } from '../clock';
import type { RecordNames } from '../photos/arrivals';
import { keysOf } from '../photos/signed-urls';
import { ContentStore } from './content-store';
import type { StoredBytes } from './content-store';
import { Reservations } from './reservations';

/** What the content host answers for bytes, and putAsset wants back as it is. */
export interface Receipt {
  readonly referenceChecksum: string;
  readonly size: number;
  readonly fileChecksum: string;
  readonly wrappingKey: string;
  readonly receipt: string;
}

/** One file that putAsset took: what a test audits. */
export interface UploadedAsset {
  readonly fileName: string;
  readonly zone: string;
  readonly names: RecordNames;
  readonly jobId: string;
  /** Apple's fileChecksum of the bytes that arrived. */
  readonly checksum: string;
  /** SHA-256 of them, in hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** UTI. */
  readonly type: string;
  readonly lastModDate: number;
  readonly importGroup: string;
  /** When putAsset took it, and when its records appear (Infinity: never), milliseconds since the epoch. */
  readonly at: number;
  readonly appearsAt: number;
}

interface Job {
  readonly at: number;
  readonly done: number;
}

/** The upload service's settings, all changeable while it runs, and everything that it received. */
export class LocalUploads {
  /** How long records are NOT_FOUND after putAsset: between these, milliseconds. */
  indexingMs: { least: number; most: number } = { least: 14_000, most: 20_000 };
  urlLifetimeMs = 60 * 60_000;
  receiptLifetimeMs = 24 * 60 * 60_000;
  /** How long uploadStatus knows a job. */
  jobLifetimeMs = 24 * 60 * 60_000;
  /** UTIs that putAsset refuses, such as public.heic and public.mpeg-4: whether Apple's does is not known. JPEG and QuickTime are always taken. */
  refusedTypes: string[] = [];
  /** What may be uploaded in all, bytes; null: no end to it. */
  quotaBytes: number | null = null;
  /** Whether the same bytes are recognised as soon as putAsset took them, or only once their records are there. Not known. */
  duplicatesKnown: 'at once' | 'when indexed' = 'at once';
  /** Requests that arrived, by what they are. */
  readonly requests: Record<UploadRoute, number> = { createUploadUrl: 0, upload: 0, putAsset: 0, uploadStatus: 0 };
  /** Of those that sent bytes: how many carried cookies, which the content host has no use for. */
  uploadsWithCookies = 0;
  bytesReceived = 0;
  /** Files that were answered with 409. */
  duplicates = 0;
  readonly store = new ContentStore();
  readonly reservations: Reservations;
  private readonly taken: UploadedAsset[] = [];
  private readonly receipts = new Map<string, { readonly receipt: Receipt; readonly stored: StoredBytes; readonly at: number }>();
  private readonly jobs = new Map<string, Job>();
  private readonly random: () => number;

  constructor(
    private readonly clock: Clock,
    seed = 1,
  ) {
    this.reservations = new Reservations(clock, () => this.urlLifetimeMs);
    this.random = seededRandom(`${String(seed)}:uploads`);
  }

  /** Every file that putAsset took, in order; the 409s are not among them. */
  get assets(): readonly UploadedAsset[] {
    return this.taken;
  }

  /** How often each content was taken and has or will have records, by SHA-256 (hex). */
  copies(): Map<string, number> {
    const copies = new Map<string, number>();
    for (const { sha256, appearsAt } of this.taken) if (appearsAt < Infinity) copies.set(sha256, (copies.get(sha256) ?? 0) + 1);
    return copies;
  }

  get bytesTaken(): number {
    return this.taken.reduce((total, { bytes }) => total + bytes, 0);
  }

  newReceipt(stored: StoredBytes): Receipt {
    const receipt = { ...keysOf(stored.checksum), size: stored.bytes, fileChecksum: stored.checksum, receipt: randomBytes(120).toString('base64') };
    this.receipts.set(receipt.receipt, { receipt, stored, at: this.clock.now() });
    return receipt;
  }

  /** The bytes that a receipt stands for, if it is word for word one that was given and is not too old. */
  redeem(given: Receipt): StoredBytes | null {
    const known = this.receipts.get(given.receipt);
    if (known === undefined || this.clock.now() - known.at > this.receiptLifetimeMs) return null;
    const same = (Object.keys(known.receipt) as (keyof Receipt)[]).every((key) => known.receipt[key] === given[key]);
    return same ? known.stored : null;
  }

  /** When what is taken now will have its records. */
  nextAppearance(): number {
    const { least, most } = this.indexingMs;
    return this.clock.now() + Math.round(least + (most - least) * this.random());
  }

  remember(asset: UploadedAsset): void {
    this.taken.push(asset);
    this.jobs.set(asset.jobId, { at: asset.at, done: asset.appearsAt });
  }

  /** How far iCloud is with a job, 0 to 100; null: it knows none of that name. */
  progress(jobId: string): number | null {
    const job = this.jobs.get(jobId);
    const now = this.clock.now();
    if (job === undefined || now - job.at > this.jobLifetimeMs) return null;
    if (now >= job.done) return 100;
    return Math.floor((95 * (now - job.at)) / (job.done - job.at));
  }
}
