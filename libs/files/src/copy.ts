import { constants } from 'node:fs';
import { copyFile, link, lstat, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { inFolderOf } from './directories';
import { syncDirectory } from './directory-sync';
import { errnoOf, fileError } from './file-errors';
import { chunksOf, hashOpenFile, hashWhole, readSmall, smallFileBytes, type Witness } from './hash';
import { assertSameContent, publish, refusesHardLink } from './publish';
import { assertUnchanged, fingerprintOf, withRegularFile, type Content, type FilePath, type RegularFile } from './regular-file';
import { temporaryPath } from './temporary-name';
import { throughTemporary, writeHashed } from './write';

/** How bytes may come to another place. `auto`: reflink, else copy. `hardlink` and `reflink` fall back to the next where the disk cannot. */
export type Transfer = 'auto' | 'hardlink' | 'reflink' | 'copy';
export type Placement = Content & { readonly method: 'hardlink' | 'reflink' | 'copy' };

export interface CopyOptions {
  readonly mode?: Transfer;
  /** Only this version of the source (`size:mtimeNs:inode`). @throws FILE_CHANGING when it is another by now */
  readonly fingerprint?: string;
  /** Only this content. @throws CONTENT_CHANGED, before anything has the target's name */
  readonly expected?: Content;
  /** Is shown the bytes on their way. */
  readonly witness?: Witness;
  readonly signal?: AbortSignal;
}

/** A copy is nobody's to change: originals are read-only from their first moment (less the umask). */
const readOnly = 0o444;

/**
 * Puts the bytes of `source` at `target`, durably, with the source's modification time; makes the folders above it. Never overwrites:
 * a target with the same bytes is success, so that a copy cut short by a crash can simply be done again. The source is only read
 * (hard link apart, which gives it a second name).
 * @throws FILE_MISSING, FILE_UNREADABLE, NOT_A_REGULAR_FILE, FILE_CHANGING, FILE_VANISHED (source); NAME_CONFLICT, DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR (target)
 */
export async function copyDurably(source: FilePath, target: string, options: CopyOptions = {}): Promise<Placement> {
  return await withRegularFile(source, 'source', async (file) => {
    if (options.fingerprint !== undefined && options.fingerprint !== fingerprintOf(file.stats)) {
      throw new PipelineError('FILE_CHANGING', `${source.toString()} is not the version that was seen before`);
    }
    const mode = options.mode ?? 'auto';
    const linked = mode === 'hardlink' ? await hardLinked(source, file, target, options) : null;
    if (linked !== null) return linked;
    if (file.stats.size <= smallFileBytes) return await copySmall(source, file, target, options);
    const there = await alreadyThere(source, file, target, options);
    if (there !== null) return there;
    const cloned = mode === 'copy' ? null : await reflinked(source, file, target, options);
    return cloned ?? (await copyLarge(source, file, target, options));
  });
}

async function copySmall(source: FilePath, file: RegularFile, target: string, { expected, witness }: CopyOptions): Promise<Placement> {
  const data = await readSmall(source, file);
  const content = asExpected(source, hashWhole(data, witness), expected);
  return await throughTemporary(target, readOnly, async (handle, temporary) => {
    await handle.writeFile(data);
    await finish(handle, file);
    return { content: { ...content, method: 'copy' }, place: async () => await publish(temporary, target, content) };
  });
}

async function copyLarge(source: FilePath, file: RegularFile, target: string, { expected, signal, witness }: CopyOptions): Promise<Placement> {
  return await throughTemporary(target, readOnly, async (handle, temporary) => {
    const content = await writeHashed(handle, sourceChunks(source, file, signal), witness);
    await assertUnchanged(source, file, content.bytes);
    asExpected(source, content, expected);
    await finish(handle, file);
    return { content: { ...content, method: 'copy' }, place: async () => await publish(temporary, target, content) };
  });
}

async function* sourceChunks(source: FilePath, file: RegularFile, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunksOf(file.handle)) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    throw signal?.aborted === true ? error : fileError(error, source, 'source');
  }
}

/** Shares the blocks (Btrfs, XFS, ZFS, bcachefs): no byte is written, and a later change of either file leaves the other alone. Null where that cannot be. */
async function reflinked(source: FilePath, file: RegularFile, target: string, options: CopyOptions): Promise<Placement | null> {
  return await nullWhereImpossible(async () =>
    await throughTemporary(target, 0o644, async (handle, temporary) => {
      const { mode } = await handle.stat();
      await copyFile(source, temporary, constants.COPYFILE_FICLONE_FORCE).catch((error: unknown) => {
        throw new Impossible('cannot share blocks', { cause: error });
      });
      const content = await withRegularFile(temporary, 'library', async (clone) => await hashOpenFile(temporary, clone, options.witness));
      await assertUnchanged(source, file, content.bytes);
      asExpected(source, content, options.expected);
      await handle.chmod(mode & readOnly); // copyFile gave it the source's mode
      await finish(handle, file);
      return { content: { ...content, method: 'reflink' }, place: async () => await publish(temporary, target, content) };
    }),
  );
}

/** A second name for the source itself, given first as a temporary one until it is hashed. Its mode is the source's and stays. Null where that cannot be. */
async function hardLinked(source: FilePath, file: RegularFile, target: string, options: CopyOptions): Promise<Placement | null> {
  return await nullWhereImpossible(async () => {
    const temporary = temporaryPath(target);
    try {
      await inFolderOf(target, async () => await link(source, temporary)).catch((error: unknown) => {
        throw refusesHardLink(error) ? new Impossible('cannot link', { cause: error }) : error;
      });
      const { ino } = await lstat(temporary, { bigint: true });
      if (ino !== file.stats.ino) throw new PipelineError('FILE_CHANGING', `${source.toString()} was replaced while it was read`);
      const content = asExpected(source, await hashOpenFile(source, file, options.witness), options.expected);
      await file.handle.sync();
      await publish(temporary, target, content);
      return { ...content, method: 'hardlink' };
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw fileError(error, target, 'library');
    }
  });
}

/** Thrown where the disk cannot do it this way and another way must be taken. */
class Impossible extends Error {}

async function nullWhereImpossible(work: () => Promise<Placement>): Promise<Placement | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PipelineError && error.cause instanceof Impossible) return null;
    throw error;
  }
}

/** For a large file that a crash may have left in place: compare before copying it all again. */
async function alreadyThere(source: FilePath, file: RegularFile, target: string, { expected, witness }: CopyOptions): Promise<Placement | null> {
  const there = await lstat(target, { bigint: true }).catch(() => null);
  if (there === null) return null;
  if (there.size !== file.stats.size) throw new PipelineError('NAME_CONFLICT', `${target} is there already with other content`);
  const content = asExpected(source, await hashOpenFile(source, file, witness), expected);
  await assertSameContent(target, content);
  await syncDirectory(path.dirname(target));
  return { ...content, method: 'copy' };
}

async function finish(handle: FileHandle, { stats }: RegularFile): Promise<void> {
  await handle.utimes(timestamp(stats.atimeNs, stats.atime), timestamp(stats.mtimeNs, stats.mtime)).catch((error: unknown) => {
    // Some network mounts let nobody set times. The database has the time too.
    if (!['EPERM', 'EINVAL', 'ENOSYS', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  });
  await handle.sync();
}

/** Node takes seconds with a fraction, but not before 1970; a Date has milliseconds only, and any year. */
const timestamp = (nanoseconds: bigint, date: Date): number | Date => (nanoseconds >= 0n ? Number(nanoseconds) / 1e9 : date);

function asExpected(source: FilePath, content: Content, expected: Content | undefined): Content {
  if (expected !== undefined && (expected.sha256 !== content.sha256 || expected.bytes !== content.bytes)) {
    throw new PipelineError('CONTENT_CHANGED', `${source.toString()} is not what it was: expected ${expected.sha256}, found ${content.sha256}`);
  }
  return content;
}
