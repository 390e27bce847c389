import type { AssetState, Destination, LibraryPath } from '@media-pipeline/contracts';
import type { CloudContentRepository } from './cloud-contents';
import type { DuplicateRepository } from './duplicates';
import type { HandOverRepository } from './hand-overs';
import type { LikenessRepository } from './likeness';
import type { OwnUploadRepository } from './own-uploads';
import type { RecompressionRepository } from './recompressions';
import type { AssetKind, AssetSource, AssetWithFiles, Batch, BatchStatus, Delivery, DeliveryState, FileRole, GoneHow, LogEntry, LogRecord, Rendition, SourceCursor } from './records';

/** A file as the source shows it, before a byte of it is copied. */
export interface ArrivingFile {
  readonly role: FileRole;
  readonly filename: string;
  /** Wanted place in the library; the repository appends ` (2)`, ` (3)` … to the stem while another file has it (compared without case and Unicode form). */
  readonly path: LibraryPath;
  readonly bytes: number;
  readonly sourcePath: string;
  /** What tells one version of the source file from another: `size:mtimeNs:inode` of a folder's, `bytes:checksum` of iCloud's. */
  readonly fingerprint: string;
  /** Null where the source knows no time for it. */
  readonly modifiedAt: Date | null;
}
export interface Arrival {
  readonly source: AssetSource;
  readonly sourceKey: string;
  /** See {@link Asset.sourceRecord}. */
  readonly sourceRecord?: string | null;
  /** See {@link Asset.takenAt}. */
  readonly takenAt?: string | null;
  readonly kind: AssetKind;
  readonly files: readonly ArrivingFile[];
}

/** A file of an asset that lies at its place. */
export interface ArrivedFile {
  readonly fileId: string;
  readonly sha256: string;
  readonly bytes: number;
  /** What iCloud calls this content, where that is known: see {@link AssetRepository.findContent}. */
  readonly checksum?: string | null;
}

/** A content that is, or was, in the library. */
export interface KnownContent {
  readonly sha256: string;
  readonly bytes: number;
  /** Where a file with it was last: look whether it still is. */
  readonly paths: readonly LibraryPath[];
}

export interface AssetFilter {
  readonly state?: AssetState;
  readonly code?: string;
  readonly source?: AssetSource;
  /** Whether the source has it no longer. */
  readonly gone?: boolean;
  readonly duplicateOf?: string;
  readonly after?: string;
  readonly limit: number;
}

/** What a source file was when it was last seen, for a rescan that reads no content. */
export interface SeenSourceFile {
  readonly sourcePath: string;
  readonly fingerprint: string;
  readonly assetId: string;
  readonly state: AssetState;
  /** Of a stopped asset. */
  readonly code: string | null;
  readonly goneAt: Date | null;
}

export abstract class AssetRepository {
  /** All source files ever taken in from `source` below `prefix`, by source path (the newest version of each). */
  abstract seen(source: AssetSource, prefix: string): Promise<Map<string, SeenSourceFile>>;
  /** The same for these source files alone: a page of a listing at a time. */
  abstract seenFiles(source: AssetSource, sourcePaths: readonly string[]): Promise<Map<string, SeenSourceFile>>;
  /** Every asset that was ever made of these records of the source, by time of arrival. */
  abstract ofSourceRecords(source: AssetSource, records: readonly string[]): Promise<AssetWithFiles[]>;
  /**
   * The source has these assets no longer, with a line of history each. The first time counts; a later `how` replaces the one before.
   * @returns the ids of those for which this is news
   */
  abstract recordGone(ids: readonly string[], how: GoneHow, log: LogEntry): Promise<string[]>;
  /** The source has these assets again. @returns the ids of those that were gone */
  abstract recordReturned(ids: readonly string[], log: LogEntry): Promise<string[]>;
  abstract countGone(source: AssetSource): Promise<Record<GoneHow, number>>;
  /** Writes down what is about to arrive (state `arriving`), many in one transaction. The same source files with the same fingerprints again return the asset that is there. */
  abstract reserve(arrivals: readonly Arrival[]): Promise<AssetWithFiles[]>;
  /** Every byte is here: fills in hashes and sizes, arriving → discovered. False when it was no longer arriving. */
  abstract arrived(assetId: string, files: readonly ArrivedFile[], log: LogEntry): Promise<boolean>;
  /** What is known of the content that iCloud calls `checksum`: originals and renditions with it. Null when there is none. */
  abstract findContent(checksum: string): Promise<KnownContent | null>;
  /** The asset of a file that somebody put under the library by hand; made in state `discovered` if there is none. Safe when two do it at once. */
  abstract adopt(path: LibraryPath, file: { readonly filename: string; readonly kind: AssetKind; readonly sha256: string; readonly bytes: number; readonly modifiedAt: Date }): Promise<AssetWithFiles>;
  abstract find(id: string): Promise<AssetWithFiles | null>;
  /** By the present path of an original, of a rendition, or of an archived copy. */
  abstract findByPath(path: LibraryPath): Promise<AssetWithFiles | null>;
  abstract findMany(ids: readonly string[]): Promise<AssetWithFiles[]>;
  /** Conditional update `… where state = from`, with a log row in the same transaction. False when the asset was elsewhere. */
  abstract move(id: string, from: AssetState, to: AssetState, log: LogEntry, change?: { readonly captureDate?: string | null; readonly captureDateSource?: string | null; readonly duplicateOf?: string | null }): Promise<boolean>;
  /** Ends an asset that has not ended: `set_aside` (bad input) or `failed`, remembering where it was. False when it had ended. */
  abstract stop(id: string, as: 'set_aside' | 'failed', why: { readonly code: string; readonly reason: string }, log: LogEntry): Promise<boolean>;
  /** Puts a stopped asset back where it was. The state it is in now, null when it was not stopped. */
  abstract revive(id: string, log: LogEntry): Promise<AssetState | null>;
  /**
   * Claims each hash for the asset unless another has it (unique constraint; two replicas cannot both win).
   * Returns the owner of every hash afterwards.
   */
  abstract claimContent(assetId: string, hashes: readonly string[]): Promise<Map<string, string>>;
  abstract recordDuplicate(pairs: readonly { readonly originalFileId: string; readonly duplicateFileId: string; readonly sha256: string }[]): Promise<void>;
  abstract setCaptureDate(id: string, captureDate: string | null, source: string): Promise<void>;
  abstract setFilePath(fileId: string, path: LibraryPath): Promise<void>;
  /** The file lies in the archive at `path` (reserved before with {@link reserveArchivePaths}). */
  abstract setArchivedPath(fileId: string, path: LibraryPath): Promise<void>;
  /**
   * Reserves names in the archive before anything is placed there: one number for all files of the call (`IMG_1 (2).HEIC`,
   * `IMG_1 (2).MOV`), unique by nameKey over the whole archive. The same owner again gets what it has. `ownerId` is a file or a rendition.
   */
  abstract reserveArchivePaths(assetId: string, wanted: readonly { readonly ownerId: string; readonly path: LibraryPath }[]): Promise<LibraryPath[]>;
  abstract countByState(): Promise<Record<AssetState, number>>;
  /** Codes for which assets were stopped, or the original of one of their files kept: the most frequent first. */
  abstract countByCode(): Promise<Map<string, number>>;
  /** In order of id (time of arrival); `code` is why an asset was stopped, or why the original of one of its files was kept; `after` is the last id of the page before. */
  abstract list(filter: AssetFilter): Promise<AssetWithFiles[]>;
}

export abstract class RenditionRepository {
  /** Insert, or replace the one for the same file. */
  abstract save(rendition: Omit<Rendition, 'id' | 'archivedPath'>): Promise<Rendition>;
  abstract setArchivedPath(id: string, path: LibraryPath): Promise<void>;
  /** What the same bytes became under the same settings, wherever they first came from. */
  abstract findBySource(sha256: string, settings: string): Promise<Rendition | null>;
  /** The rendition that these bytes are, if any was ever made: a compressed file that comes back through a source. The oldest one; also for bytes that it was before it was made again. */
  abstract findByResult(sha256: string): Promise<Rendition | null>;
}

export interface BatchLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}
export interface Staging {
  readonly fileId: string;
  /** Wanted name; made unique within the batch when `renameOnConflict`. */
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}
export abstract class BatchRepository {
  /**
   * Assigns all files of an asset to the open batch of the destination, opening a new one when there is none or the asset would
   * exceed its limits (an asset larger than the limits gets a batch of its own). Idempotent: files already assigned to a batch of
   * this destination keep it (unique file+destination). Never splits an asset. Throws NAME_CONFLICT (PipelineError) if names clash and
   * `renameOnConflict` is false.
   */
  abstract assign(destination: Destination, assetId: string, files: readonly Staging[], limits: BatchLimits, renameOnConflict: boolean): Promise<{ readonly batch: Batch; readonly deliveries: readonly Delivery[] }>;
  abstract open(): Promise<Batch[]>;
  abstract find(id: string): Promise<Batch | null>;
  abstract list(filter: { readonly status?: BatchStatus; readonly limit: number }): Promise<Batch[]>;
  abstract deliveries(batchId: string): Promise<Delivery[]>;
  abstract deliveriesOf(assetId: string): Promise<Delivery[]>;
  /** Conditional: from one status to another. `completedAt` is set with `verified`. */
  abstract move(id: string, from: BatchStatus, to: BatchStatus): Promise<boolean>;
  abstract setDeliveries(batchId: string, state: DeliveryState, evidence: string | null): Promise<void>;
  abstract setDelivery(id: string, state: DeliveryState, evidence: string | null): Promise<void>;
}

/** One planned or finished change of a file, written before it happens. */
export interface JournalEntry {
  readonly id: string;
  readonly operation: 'move' | 'remove';
  readonly assetId: string | null;
  readonly fileId: string | null;
  readonly from: LibraryPath;
  readonly to: LibraryPath | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly state: 'planned' | 'done';
  readonly reason: string;
  readonly plannedAt: Date;
}
export abstract class JournalRepository {
  abstract plan(entry: Omit<JournalEntry, 'id' | 'state' | 'plannedAt'>): Promise<JournalEntry>;
  /** Marks it done and, in the same transaction, moves the file's row to `to`. */
  abstract finish(id: string): Promise<void>;
  abstract unfinished(): Promise<JournalEntry[]>;
  /** Newest first. `from`: of what lay there. */
  abstract list(filter: { readonly assetId?: string; readonly from?: LibraryPath; readonly limit: number }): Promise<JournalEntry[]>;
}

export abstract class LogRepository {
  abstract write(...entries: readonly LogEntry[]): Promise<void>;
  /** Newest first. @param filter.assetId null: of no asset */
  abstract list(filter: { readonly assetId?: string | null; readonly status?: LogEntry['status']; readonly limit: number }): Promise<LogRecord[]>;
}

/** How far each source has been read. */
export abstract class CursorRepository {
  abstract get(source: AssetSource, scope: string): Promise<SourceCursor | null>;
  /** By scope. */
  abstract list(source: AssetSource): Promise<SourceCursor[]>;
  /** Insert, or replace the one of the same source and scope. */
  abstract set(cursor: Omit<SourceCursor, 'updatedAt'>): Promise<void>;
}

export interface Repositories {
  readonly assets: AssetRepository;
  readonly renditions: RenditionRepository;
  readonly recompressions: RecompressionRepository;
  readonly batches: BatchRepository;
  readonly journal: JournalRepository;
  readonly log: LogRepository;
  readonly duplicates: DuplicateRepository;
  readonly likeness: LikenessRepository;
  readonly cursors: CursorRepository;
  readonly cloudContents: CloudContentRepository;
  readonly ownUploads: OwnUploadRepository;
  readonly handOvers: HandOverRepository;
}
