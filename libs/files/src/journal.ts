import type { LibraryPath } from '@media-pipeline/contracts';

/** One change of a file as the mover asks for it. */
export interface PlannedChange {
  readonly operation: 'move' | 'remove';
  readonly assetId: string | null;
  readonly fileId: string | null;
  readonly from: LibraryPath;
  readonly to: LibraryPath | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly reason: string;
}
export interface JournalledChange extends PlannedChange {
  readonly id: string;
}

/** Where each change of a file is written down before it happens (port; the database's journal fits it). */
export abstract class Journal {
  abstract plan(change: PlannedChange): Promise<JournalledChange>;
  /** Marks it done and, in the same transaction, moves the file's row to `to`. */
  abstract finish(id: string): Promise<void>;
  /** Planned and not finished, oldest first. */
  abstract unfinished(): Promise<readonly JournalledChange[]>;
}
