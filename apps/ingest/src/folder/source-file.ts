import type { ErrorCode } from '@media-pipeline/contracts';

/** A regular file of the source that the patterns want, as a scan saw it. Nothing of it has been read. */
export interface SourceFile {
  /** Its absolute path as bytes: what to open. */
  readonly place: Buffer;
  /** The same as text (`textOfName`): what the database knows it by. */
  readonly sourcePath: string;
  /** Text, below the source folder, `/` between segments. */
  readonly path: string;
  readonly bytes: number;
  /** `size:mtimeNs:inode`. */
  readonly fingerprint: string;
  readonly modifiedAt: Date;
  readonly changedAt: Date;
}

/** A file that bears a wanted name (or a link to a folder) and can never be taken in as it is. */
export interface Finding {
  readonly file: SourceFile;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** What one folder of the source holds. */
export interface Listing {
  /** Below the source folder, as bytes; empty for the source folder itself. */
  readonly folder: Buffer;
  readonly files: readonly SourceFile[];
  readonly findings: readonly Finding[];
  /** Of each regular file that the patterns do not want, its kind: `.psd`, or nothing. */
  readonly others: readonly string[];
  /** Why the folder could not be read; it then counts as unseen. */
  readonly unreadable?: { readonly code: ErrorCode; readonly reason: string };
}

export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
