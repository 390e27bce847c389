import type { AssetState, Destination, LibraryPath, StageName } from '@media-pipeline/contracts';

export type AssetSource = 'folder' | 'icloud' | 'operator';
export type AssetKind = 'photo' | 'video' | 'live_photo' | 'raw_jpeg';
/** What a file is to its asset. */
export type FileRole = 'primary' | 'live_video' | 'raw' | 'edited' | 'edited_video' | 'sidecar';
/** What the source did with something that it had: `hidden` is still there, `trashed` can come back, `purged` cannot. */
export type GoneHow = 'hidden' | 'trashed' | 'purged';

/** One photo or video as a person thinks of it. */
export interface Asset {
  readonly id: string;
  readonly source: AssetSource;
  /** What the source calls it (folder: the path below the source folder, bytes that are not UTF-8 percent-escaped). Never an identity. */
  readonly sourceKey: string;
  /** The source's own identity for what this was made of, where it has one (iCloud: `<zone>/<recordName>`). Several assets may share it: versions and later edits. */
  readonly sourceRecord: string | null;
  readonly kind: AssetKind;
  readonly state: AssetState;
  /** Where it was before it was set aside or failed. */
  readonly stateBefore: AssetState | null;
  readonly code: string | null;
  readonly reason: string | null;
  /** ISO 8601 local time with the photo's own offset where known: `2021-05-03T14:03:01+02:00`, or without one. */
  readonly captureDate: string | null;
  readonly captureDateSource: string | null;
  /** What the source says of when it was taken: ISO 8601 local time with its offset, or in UTC (`Z`) where no offset is known. What the file itself says counts for more. */
  readonly takenAt: string | null;
  /** When the source was found to have it no longer. Nothing here is deleted for that. */
  readonly goneAt: Date | null;
  readonly goneHow: GoneHow | null;
  readonly duplicateOf: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One file of an asset. Rows live in `media_files`. */
export interface MediaFile {
  readonly id: string;
  readonly assetId: string;
  readonly role: FileRole;
  /** Its name in the source. */
  readonly filename: string;
  /** Where the original's bytes are now. */
  readonly path: LibraryPath;
  readonly bytes: number;
  /** Hex; null until the bytes are here. */
  readonly sha256: string | null;
  readonly sourcePath: string | null;
  /** The source file's mtime. */
  readonly modifiedAt: Date | null;
  readonly archivedPath: LibraryPath | null;
}

/** What compression made of one file: a smaller rendition, or the decision to keep the original. One row per file. */
export interface Rendition {
  readonly id: string;
  readonly fileId: string;
  readonly assetId: string;
  readonly sourceSha256: string;
  readonly outcome: 'compressed' | 'kept';
  /** Why the original was kept: a stable code (NOT_SMALLER, HDR_GAIN_MAP, …) and a sentence. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly path: LibraryPath | null;
  readonly sha256: string | null;
  readonly bytes: number | null;
  /** The settings and encoder versions that made it, as JSON. */
  readonly settings: string;
  /** What was proven before it counted: JSON of RenditionProof; null for a kept original, and for what was made before proofs were kept. */
  readonly proof: string | null;
  readonly archivedPath: LibraryPath | null;
}

export interface AssetWithFiles extends Asset {
  readonly files: readonly MediaFile[];
  readonly renditions: readonly Rendition[];
}

/** `open` takes assets in; `created` is sealed, its manifest written. The other names are those of the system being replaced. */
export type BatchStatus = 'open' | 'created' | 'uploading' | 'uploaded' | 'verified' | 'error';
export interface Batch {
  readonly id: string;
  readonly destination: Destination;
  readonly status: BatchStatus;
  /** The batch's folder: `bridge/icloud/<name>`. */
  readonly path: LibraryPath;
  readonly fileCount: number;
  readonly totalBytes: number;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

/**
 * One file on its way to one destination.
 * `staged` lies in the batch · `off` the destination is not configured, the asset goes on without it ·
 * `handed_off` given away, not proven · `proven` the destination showed it, with `evidence` · `failed`.
 */
export type DeliveryState = 'staged' | 'off' | 'handed_off' | 'proven' | 'failed';
export interface Delivery {
  readonly id: string;
  readonly assetId: string;
  readonly fileId: string;
  readonly batchId: string;
  readonly destination: Destination;
  /** Its name inside the batch's folder. */
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly state: DeliveryState;
  readonly evidence: string | null;
}

/** How far a source has been read. */
export interface SourceCursor {
  readonly source: AssetSource;
  /** What of the source: iCloud's `database`, or `zone:<name>`. */
  readonly scope: string;
  /** Where to go on; null: from the beginning. */
  readonly token: string | null;
  /** A fingerprint of the filter that it was read with: with another one the token says nothing. */
  readonly filter: string;
  /** What was counted, as JSON. */
  readonly counts: Readonly<Record<string, unknown>>;
  readonly updatedAt: Date;
}

export interface LogEntry {
  readonly step: StageName | 'cli';
  readonly status: 'info' | 'success' | 'warning' | 'error';
  readonly message: string;
  readonly assetId?: string;
  readonly code?: string;
}
export interface LogRecord extends LogEntry {
  readonly at: Date;
}
