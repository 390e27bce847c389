import { createHash, hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Side } from './file-errors';
import { assertUnchanged, withRegularFile, type Content, type FilePath, type RegularFile } from './regular-file';

/** Sees every byte of a file while it is hashed, from the beginning: another digest costs no second reading. */
export interface Witness {
  /** What was seen so far counts no more: reading begins (again). */
  begin(): void;
  update(chunk: Uint8Array): void;
}

/** Up to this size a file is read, hashed and written in one piece: three system calls instead of a loop. */
export const smallFileBytes = 1024 * 1024;
const chunkBytes = 1024 * 1024;

/**
 * SHA-256 and size of a file, read in bounded memory.
 * @throws FILE_MISSING, FILE_UNREADABLE (`side` source), NOT_A_REGULAR_FILE, FILE_CHANGING, FILE_VANISHED, IO_ERROR
 */
export async function hashFile(path: FilePath, side: Side = 'source'): Promise<Content> {
  return await withRegularFile(path, side, async (file) => await hashOpenFile(path, file));
}

export async function hashOpenFile(path: FilePath, file: RegularFile, witness?: Witness): Promise<Content> {
  if (file.stats.size <= smallFileBytes) return hashWhole(await readSmall(path, file), witness);
  const digest = createHash('sha256');
  witness?.begin();
  let bytes = 0;
  for await (const chunk of chunksOf(file.handle)) {
    digest.update(chunk);
    witness?.update(chunk);
    bytes += chunk.length;
  }
  await assertUnchanged(path, file, bytes);
  return { sha256: digest.digest('hex'), bytes };
}

/** Of bytes that are all here. */
export function hashWhole(data: Uint8Array, witness?: Witness): Content {
  witness?.begin();
  witness?.update(data);
  return { sha256: hash('sha256', data, 'hex'), bytes: data.length };
}

/** The whole of a small file. @throws FILE_CHANGING, FILE_VANISHED */
export async function readSmall(path: FilePath, file: RegularFile): Promise<Buffer> {
  // One byte more than it has: growth shows as a full buffer.
  const buffer = Buffer.allocUnsafe(Number(file.stats.size) + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
    // A regular file gives all it has: a short read that reaches the size is the end, and a second read would only say so.
    if (length === buffer.length - 1) break;
  }
  await assertUnchanged(path, file, length);
  return buffer.subarray(0, length);
}

/** The bytes from the beginning to the end. Each chunk is overwritten by the next: use it before asking for more. */
export async function* chunksOf(handle: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
