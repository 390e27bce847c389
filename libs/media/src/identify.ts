import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import { sniff, sniffLength } from './sniff';
import { distantTiffDirectory, sniffTiff } from './sniff-tiff';
import type { MediaType } from './types';

/** A first directory that a TIFF keeps behind its pixels; its entries and the maker's name rarely need more. */
const directoryWindow = 16 * 1024;

/**
 * What the file is by its content, never by its name; null when it is neither photo nor video (an empty file too).
 * Throws FILE_MISSING, FILE_UNREADABLE, or the system error's own code. A pipe or device is never waited for.
 */
export async function identify(path: string): Promise<MediaType | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw openError(path, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new PipelineError('NOT_A_REGULAR_FILE', 'not a regular file');
    const head = await readAt(handle, 0, sniffLength);
    const distant = distantTiffDirectory(head);
    if (distant === null) return sniff(head);
    // the directory is brought to where its offset is small; values it points to elsewhere stay out of reach (a maker's name is then unknown)
    const window = await readAt(handle, distant, directoryWindow);
    if (window.length < 14) return sniff(head);
    const moved = Buffer.concat([head.subarray(0, 8), window]);
    if (head[0] === 0x49) moved.writeUInt32LE(8, 4);
    else moved.writeUInt32BE(8, 4);
    if (head.toString('latin1', 8, 10) === 'CR') return sniff(head);
    return sniffTiff(rebase(moved, distant)) ?? sniff(head);
  } finally {
    await handle.close();
  }
}

/** Offsets inside the moved directory that point into the window are shifted with it. */
function rebase(moved: Buffer, from: number): Buffer {
  const little = moved[0] === 0x49;
  const count = little ? moved.readUInt16LE(8) : moved.readUInt16BE(8);
  for (let index = 0; index < count; index++) {
    const at = 10 + index * 12;
    if (at + 12 > moved.length) break;
    const id = little ? moved.readUInt16LE(at) : moved.readUInt16BE(at);
    if (id !== 0x010f) continue;
    const offset = little ? moved.readUInt32LE(at + 8) : moved.readUInt32BE(at + 8);
    const shifted = offset >= from ? offset - from + 8 : moved.length;
    if (little) moved.writeUInt32LE(shifted, at + 8);
    else moved.writeUInt32BE(shifted, at + 8);
  }
  return moved;
}

/** Up to `length` bytes from `position`; fewer at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

export function openError(path: string, error: unknown): PipelineError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new PipelineError('FILE_MISSING', `no such file: ${path}`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM') return new PipelineError('FILE_UNREADABLE', `not readable: ${path}`, { cause: error });
  if (code === 'ENXIO' || code === 'EISDIR') return new PipelineError('NOT_A_REGULAR_FILE', `not a regular file: ${path}`, { cause: error });
  return toPipelineError(error);
}
