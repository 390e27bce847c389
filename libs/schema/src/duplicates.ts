import type { LibraryPath } from '@media-pipeline/contracts';

/** Why an asset counts as a duplicate of another (or of a file outside of the library), and what was better about which. */
export interface DuplicateDecision {
  /** The newcomer. */
  readonly assetId: string;
  /** `duplicate`: every file of it is there · `overlap`: some are; it is kept whole. */
  readonly kind: 'duplicate' | 'overlap';
  /** The asset that has the content; null when it is a file outside of the library. */
  readonly survivorId: string | null;
  /** The file outside of the library that has the content. */
  readonly survivorPath: string | null;
  /** Whose name, date and source are better. The bytes are the same. */
  readonly better: 'survivor' | 'newcomer';
  readonly reason: string;
  /** The survivor took over the newcomer's name and date. */
  readonly adopted: boolean;
  readonly decidedAt: Date;
  /** When a person asked for the newcomer back. */
  readonly undoneAt: Date | null;
}

/** What the survivor may take over from a newcomer with the same bytes. */
export interface BetterName {
  readonly fileId: string;
  readonly filename: string;
  readonly modifiedAt: Date | null;
}

/** A file outside of the library whose content counts as there (DEDUPLICATION_DIRECTORIES). */
export interface KnownFile {
  readonly path: string;
  /** The directory of the settings below which it lies. */
  readonly root: string;
  readonly bytes: number;
  /** `size:mtimeNs:inode` of the version that was seen. */
  readonly fingerprint: string;
  /** Hex; null until somebody had to know. */
  readonly sha256: string | null;
}

/** A file that `duplicates sweep --apply` moved to cleanup/. */
export interface SweepMove {
  readonly id: string;
  readonly sweepId: string;
  readonly from: LibraryPath;
  readonly to: LibraryPath;
  /** Absolute path of the file that stays. */
  readonly survivorPath: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly state: 'planned' | 'moved' | 'undone';
  readonly at: Date;
}

export abstract class DuplicateRepository {
  /** Insert, or replace the one for the same newcomer (judged again after an undo or a redelivery). */
  abstract record(decision: Omit<DuplicateDecision, 'decidedAt' | 'undoneAt'>): Promise<void>;
  abstract find(assetId: string): Promise<DuplicateDecision | null>;
  /** Newest first. */
  abstract list(filter: { readonly kind?: DuplicateDecision['kind']; readonly limit: number }): Promise<DuplicateDecision[]>;
  abstract undone(assetId: string): Promise<void>;

  /** The assets (never those in state duplicate) that have a file with one of these hashes, except `assetId` itself. */
  abstract holders(assetId: string, hashes: readonly string[]): Promise<string[]>;
  /** Content of an owner whose bytes are gone from the disk passes to `assetId`. Conditional on the present owner. */
  abstract takeOver(assetId: string, hashes: readonly string[], from: string): Promise<void>;
  /**
   * Gives files of a survivor the names and dates of a newcomer, as long as no destination and no archive has given the asset a name.
   * One statement per file that says so itself: a stage that comes in between wins. False when it was too late.
   */
  abstract adoptNames(survivorId: string, names: readonly BetterName[]): Promise<boolean>;

  /** Insert or refresh; a row whose fingerprint is the same keeps its hash. */
  abstract see(files: readonly Omit<KnownFile, 'sha256'>[], seenAt: Date): Promise<void>;
  /** Forgets what lies below `root` and was not seen since; of roots that are no longer in the settings, everything. */
  abstract forget(roots: readonly string[], notSeenSince: Date): Promise<number>;
  abstract knownOfSize(bytes: number): Promise<KnownFile[]>;
  abstract setKnownHash(path: string, fingerprint: string, sha256: string): Promise<void>;

  abstract planSweepMove(move: Omit<SweepMove, 'id' | 'state' | 'at'>): Promise<SweepMove>;
  abstract setSweepMove(id: string, state: SweepMove['state']): Promise<void>;
  abstract sweepMoves(sweepId: string): Promise<SweepMove[]>;
  /** The newest sweeps with how many files each moved and how many lie in cleanup/ still. */
  abstract sweeps(limit: number): Promise<{ readonly sweepId: string; readonly at: Date; readonly files: number; readonly moved: number; readonly bytes: number }[]>;
}
