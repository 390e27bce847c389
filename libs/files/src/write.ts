import { createHash } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { inFolderOf } from './directories';
import { syncDirectory } from './directory-sync';
import { fileError } from './file-errors';
import { hashOpenFile, type Witness } from './hash';
import { withRegularFile, type Content } from './regular-file';
import { temporaryPath } from './temporary-name';

/**
 * Writes a file of ours so that a crash leaves either the old one or the new one, whole. Replaces what is there.
 * @throws DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR; what `data` throws
 */
export async function writeDurably(target: string, data: Uint8Array | string | AsyncIterable<Uint8Array>): Promise<Content> {
  return await throughTemporary(target, 0o644, async (handle, temporary) => {
    const content = await writeHashed(handle, typeof data === 'string' ? Buffer.from(data) : data);
    await handle.sync();
    return { content, place: async () => await replace(temporary, target) };
  });
}

/**
 * Takes a file that another program wrote under {@link temporaryPath}: fsync, hash, rename over `target`, fsync of the folder.
 * @throws FILE_MISSING when the program wrote nothing; DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR
 */
export async function adoptTemporary(temporary: string, target: string): Promise<Content> {
  try {
    const content = await withRegularFile(temporary, 'library', async (file) => {
      const hashed = await hashOpenFile(temporary, file);
      await file.handle.sync();
      return hashed;
    });
    await replace(temporary, target);
    return content;
  } catch (error) {
    throw fileError(error, target, 'library');
  }
}

/** What to do with a temporary file that is written: its content, and how it gets its name. */
interface Written<T> {
  readonly content: T;
  readonly place: () => Promise<void>;
}

/**
 * Makes a temporary file beside `target`, lets `fill` write it, then place it. Leaves no temporary file behind when anything fails.
 * @throws PipelineError; an error of the disk counts as the library's
 */
export async function throughTemporary<T>(target: string, mode: number, fill: (handle: FileHandle, temporary: string) => Promise<Written<T>>): Promise<T> {
  const temporary = temporaryPath(target);
  try {
    const handle = await inFolderOf(target, async () => await open(temporary, 'wx', mode));
    const written = await fill(handle, temporary).finally(async () => await handle.close());
    await written.place();
    return written.content;
  } catch (error) {
    // It is ours alone and was not placed, or is a second name of what was.
    await unlink(temporary).catch(() => undefined);
    throw fileError(error, target, 'library');
  }
}

async function replace(temporary: string, target: string): Promise<void> {
  await rename(temporary, target);
  await syncDirectory(path.dirname(target));
}

/** Writes all of it, hashing on the way. Chunks are used before the next is asked for. */
export async function writeHashed(handle: FileHandle, data: Uint8Array | AsyncIterable<Uint8Array>, witness?: Witness): Promise<Content> {
  const digest = createHash('sha256');
  const hashes = witness === undefined ? [digest] : [digest, witness];
  witness?.begin();
  let bytes = 0;
  if (data instanceof Uint8Array) bytes = await writeChunk(handle, hashes, data, 0);
  else for await (const chunk of data) bytes += await writeChunk(handle, hashes, chunk, bytes);
  return { sha256: digest.digest('hex'), bytes };
}

async function writeChunk(handle: FileHandle, hashes: readonly { update(chunk: Uint8Array): unknown }[], chunk: Uint8Array, position: number): Promise<number> {
  for (const hash of hashes) hash.update(chunk);
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
  return chunk.length;
}
