import { open, type FileHandle } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import type { Box } from './boxes';

/** Far above any real `moov` or `meta` (an hour of video has a `moov` of about 3 MB). */
const defaultLimit = 64 * 1024 * 1024;
/** A file with more top-level boxes than this is a fragmented stream or an attack; neither is treated here. */
const maxTopLevelBoxes = 10_000;

/**
 * The top-level boxes of a file, read by their headers alone: `mdat` is stepped over, never loaded.
 * Close it when done (`await using` works).
 */
export class BoxFile implements AsyncDisposable {
  private constructor(
    readonly path: string,
    readonly size: number,
    readonly boxes: readonly Box[],
    private readonly handle: FileHandle,
  ) {}

  /** Throws MEDIA_CORRUPT for boxes that leave the file, and the system's error when it cannot be opened. */
  static async open(path: string): Promise<BoxFile> {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      return new BoxFile(path, size, await scan(handle, size), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes `[start, end)` of the file; throws MEDIA_CORRUPT when they are not all there or are more than `limit`. */
  async read(start: number, end: number, limit = defaultLimit): Promise<Buffer> {
    if (start < 0 || end < start || end > this.size) throw new PipelineError('MEDIA_CORRUPT', `bytes ${start}..${end} lie outside the file`);
    if (end - start > limit) throw new PipelineError('MEDIA_CORRUPT', `${end - start} bytes are more than the ${limit} that can be right here`);
    return readFully(this.handle, start, end - start);
  }

  /** The payload of one box. Boxes inside it are then read with `readBoxes(payload)`: their offsets are relative to the payload. */
  async payload(box: Box, limit = defaultLimit): Promise<Buffer> {
    return this.read(box.data, box.end, limit);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function scan(handle: FileHandle, size: number): Promise<Box[]> {
  const boxes: Box[] = [];
  let at = 0;
  while (at + 8 <= size) {
    if (boxes.length >= maxTopLevelBoxes) throw new PipelineError('MEDIA_CORRUPT', `more than ${maxTopLevelBoxes} top-level boxes`);
    const header = await readFully(handle, at, Math.min(16, size - at));
    const box = headerAt(header, at, size);
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

/** Only the header is in memory, so that its end is checked against the file's size here. */
function headerAt(header: Buffer, at: number, size: number): Box {
  const type = header.toString('latin1', 4, 8);
  const short = header.readUInt32BE(0);
  let length = short === 0 ? size - at : short;
  let headerLength = 8;
  if (short === 1) {
    if (header.length < 16) throw new PipelineError('MEDIA_CORRUPT', `the last box is cut off in its header`);
    length = Number(header.readBigUInt64BE(8));
    headerLength = 16;
  }
  if (length < headerLength || at + length > size) {
    throw new PipelineError('MEDIA_CORRUPT', `box "${type.replace(/[^\x20-\x7e]/g, '?')}" at ${at} claims ${length} bytes, ${size - at} are there`);
  }
  return { type, start: at, data: at + headerLength, end: at + length };
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw new PipelineError('FILE_CHANGING', 'the file became shorter while it was read');
    done += bytesRead;
  }
  return buffer;
}

