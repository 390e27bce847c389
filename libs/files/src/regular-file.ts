import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf, fileError, type Side } from './file-errors';

/** A path as text, or as the bytes on disk where it is no valid UTF-8. */
export type FilePath = string | Buffer;

/** What a file's bytes are: `sha256` in hex. */
export interface Content {
  readonly sha256: string;
  readonly bytes: number;
}

/** A regular file, open for reading, as it was when it was opened. */
export interface RegularFile {
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What tells one version of a file from another without reading it: `size:mtimeNs:inode`. */
export const fingerprintOf = (stats: Pick<BigIntStats, 'size' | 'mtimeNs' | 'ino'>): string => `${stats.size}:${stats.mtimeNs}:${stats.ino}`;

/**
 * Opens a regular file and hands it to `work`; closes it whatever happens. Never waits for the other end of a FIFO, never follows a link
 * in the last component, leaves the access time alone where the system lets us.
 * @throws NOT_A_REGULAR_FILE, FILE_MISSING, FILE_UNREADABLE (source) or LIBRARY_READ_ONLY (library), and what `work` throws, as PipelineError
 */
export async function withRegularFile<T>(path: FilePath, side: Side, work: (file: RegularFile) => Promise<T>): Promise<T> {
  try {
    const handle = await openQuietly(path);
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new PipelineError('NOT_A_REGULAR_FILE', `${path.toString()} is a ${kindOf(stats)}`);
      return await work({ handle, stats });
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, path, side);
  }
}

async function openQuietly(path: FilePath): Promise<FileHandle> {
  // O_NOATIME is Linux's alone, and only the file's owner may ask for it.
  if (process.platform !== 'linux') return await open(path, reading);
  try {
    return await open(path, reading | constants.O_NOATIME);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    return await open(path, reading);
  }
}

/** What a person calls it. */
export function kindOf(stats: Pick<BigIntStats, 'isFIFO' | 'isSocket' | 'isBlockDevice' | 'isCharacterDevice' | 'isDirectory' | 'isSymbolicLink'>): string {
  if (stats.isFIFO()) return 'named pipe';
  if (stats.isSocket()) return 'socket';
  if (stats.isBlockDevice() || stats.isCharacterDevice()) return 'device';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'symbolic link' : 'file of an unknown kind';
}

/**
 * Proves that what was read is one version of the file, from its first byte to its last.
 * @throws FILE_CHANGING when it was written to or replaced meanwhile, FILE_VANISHED when its name is gone
 */
export async function assertUnchanged(path: FilePath, { handle, stats }: RegularFile, bytesRead: number): Promise<void> {
  const now = await handle.stat({ bigint: true });
  if (now.nlink === 0n) {
    const gone = await lstat(path).then(
      () => false,
      () => true,
    );
    throw gone
      ? new PipelineError('FILE_VANISHED', `${path.toString()} was deleted while it was read`)
      : new PipelineError('FILE_CHANGING', `${path.toString()} was replaced while it was read`);
  }
  if (fingerprintOf(now) !== fingerprintOf(stats) || BigInt(bytesRead) !== stats.size) {
    throw new PipelineError('FILE_CHANGING', `${path.toString()} changed while it was read`);
  }
}
