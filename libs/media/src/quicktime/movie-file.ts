import { open, type FileHandle } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import type { Box } from '../isobmff/boxes';
import { corruptMovie } from './structure';

/** Ten hours at 60 frames a second have a `moov` of about 50 MB. */
const maxMoovBytes = 128 * 1024 * 1024;
/** Each costs one small read; a fragmented recording has two per fragment and is not looked at further than this. */
const maxTopLevelBoxes = 20_000;
const plausibleType = /^[\x20-\x7e\xa9]{4}$/;

/**
 * A QuickTime or MP4 file whose top level is known by its headers alone; `mdat` is stepped over, never loaded. More forgiving than
 * {@link BoxFile}: players show files whose last box is cut off or that carry foreign bytes after it, so both are reported, not thrown.
 */
export class MovieFile implements AsyncDisposable {
  private constructor(
    readonly path: string,
    readonly size: number,
    readonly boxes: readonly Box[],
    /** Bytes that the last box claims beyond the end of the file; 0 for a whole file. */
    readonly missingBytes: number,
    /** Bytes after the last box that are not a box (a camera maker's trailer). */
    readonly trailingBytes: number,
    private readonly handle: FileHandle,
  ) {}

  /** Throws the system's error when the file cannot be opened, MEDIA_CORRUPT when not even one box is there. */
  static async open(path: string): Promise<MovieFile> {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const { boxes, missingBytes, trailingBytes } = await scan(handle, size);
      if (boxes.length === 0) throw corruptMovie('the file does not begin with a box');
      return new MovieFile(path, size, boxes, missingBytes, trailingBytes, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get fragmented(): boolean {
    return this.boxes.some((box) => box.type === 'moof');
  }

  /** The payload of `moov`, wherever it lies; null when the recording was never finished and has none. */
  async moov(): Promise<Buffer | null> {
    const box = this.boxes.find(({ type }) => type === 'moov');
    if (!box) return null;
    if (box.end > this.size) throw corruptMovie(`"moov" is cut off: ${box.end - this.size} of its bytes are missing`);
    if (box.end - box.data > maxMoovBytes) throw corruptMovie(`"moov" claims ${box.end - box.data} bytes`);
    return this.read(box.data, box.end - box.data);
  }

  /** `length` bytes from `position`; throws FILE_CHANGING when they are no longer there. */
  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    await this.readInto(buffer, position);
    return buffer;
  }

  /** Fills `buffer` from `position`. */
  async readInto(buffer: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await this.handle.read(buffer, done, buffer.length - done, position + done);
      if (bytesRead === 0) throw new PipelineError('FILE_CHANGING', 'the file became shorter while it was read');
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface TopLevel {
  readonly boxes: readonly Box[];
  readonly missingBytes: number;
  readonly trailingBytes: number;
}

async function scan(handle: FileHandle, size: number): Promise<TopLevel> {
  const boxes: Box[] = [];
  const header = Buffer.alloc(16);
  let at = 0;
  while (at + 8 <= size && boxes.length < maxTopLevelBoxes) {
    const { bytesRead } = await handle.read(header, 0, 16, at);
    const box = bytesRead >= 8 ? headerOf(header.subarray(0, bytesRead), at, size) : null;
    if (!box) return { boxes, missingBytes: 0, trailingBytes: size - at };
    boxes.push(box);
    if (box.end > size) return { boxes, missingBytes: box.end - size, trailingBytes: 0 };
    at = box.end;
  }
  return { boxes, missingBytes: 0, trailingBytes: boxes.length < maxTopLevelBoxes ? size - at : 0 };
}

/** The box whose header this is, or null when no writer can have meant it as one. */
function headerOf(header: Buffer, at: number, size: number): Box | null {
  const type = header.toString('latin1', 4, 8);
  if (!plausibleType.test(type)) return null;
  const short = header.readUInt32BE(0);
  if (short === 0) return { type, start: at, data: at + 8, end: size };
  if (short !== 1) return short < 8 ? null : { type, start: at, data: at + 8, end: at + short };
  if (header.length < 16) return null;
  const long = header.readBigUInt64BE(8);
  if (long < 16n || long > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return { type, start: at, data: at + 16, end: at + Number(long) };
}
