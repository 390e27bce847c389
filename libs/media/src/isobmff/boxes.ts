import { PipelineError } from '@media-pipeline/contracts';

/**
 * Boxes of the ISO base media file format (ISO/IEC 14496-12 §4.2), which QuickTime (`atoms`), MP4 and HEIF share.
 * All offsets are absolute within the buffer or file that was read; nothing outside `[start, end)` of a parent is ever touched.
 */
export interface Box {
  /** Four characters, Latin-1: `moov`, `©day`. */
  readonly type: string;
  /** First byte of the header. */
  readonly start: number;
  /** First byte of the payload (a `uuid` box's payload begins with its 16-byte user type). */
  readonly data: number;
  /** First byte after the box. */
  readonly end: number;
}

const corrupt = (what: string): PipelineError => new PipelineError('MEDIA_CORRUPT', what);

/** The size that a box header declares: `0` means "to the end of what holds it". */
function parseHeader(header: Buffer, at: number, start: number, limit: number): Box {
  const type = header.toString('latin1', at + 4, at + 8);
  let size = header.readUInt32BE(at);
  let headerLength = 8;
  if (size === 1) {
    if (limit - start < 16 || header.length - at < 16) throw corrupt(`box "${printable(type)}" at ${start} is cut off in its header`);
    const large = header.readBigUInt64BE(at + 8);
    if (large > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(`box "${printable(type)}" at ${start} claims ${large} bytes`);
    size = Number(large);
    headerLength = 16;
  } else if (size === 0) {
    size = limit - start;
  }
  if (size < headerLength || start + size > limit) throw corrupt(`box "${printable(type)}" at ${start} claims ${size} bytes, ${limit - start} are there`);
  return { type, start, data: start + headerLength, end: start + size };
}

const printable = (type: string): string => type.replace(/[^\x20-\x7e]/g, '?');

/**
 * The boxes that lie side by side in `[start, end)`. Fewer than 8 bytes after the last box are padding and left out
 * (QuickTime ends `udta` with a 32-bit zero). Throws MEDIA_CORRUPT for a box that leaves its parent.
 */
export function readBoxes(buffer: Buffer, start = 0, end = buffer.length): Box[] {
  if (start < 0 || end > buffer.length || start > end) throw corrupt(`no boxes can lie in ${start}..${end}`);
  const boxes: Box[] = [];
  let at = start;
  while (at + 8 <= end) {
    const box = parseHeader(buffer, at, at, end);
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

/** The first box of a type among `boxes`. */
export const findBox = (boxes: readonly Box[], type: string): Box | undefined => boxes.find((box) => box.type === type);

/** The same; throws MEDIA_CORRUPT when there is none. */
export function requireBox(boxes: readonly Box[], type: string): Box {
  const box = findBox(boxes, type);
  if (!box) throw corrupt(`box "${printable(type)}" is missing`);
  return box;
}

/** Follows a path of plain container boxes (`moov`, `trak`, `mdia` …), taking the first of each type. */
export function descend(buffer: Buffer, from: readonly Box[], ...path: readonly string[]): Box | undefined {
  let level = from;
  let found: Box | undefined;
  for (const type of path) {
    found = findBox(level, type);
    if (!found) return undefined;
    if (type !== path.at(-1)) level = readBoxes(buffer, found.data, found.end);
  }
  return found;
}

/** Header and payload of a box, without a copy. */
export const boxBytes = (buffer: Buffer, box: Box): Buffer => buffer.subarray(box.start, box.end);
/** The payload of a box, without a copy. */
export const boxPayload = (buffer: Buffer, box: Box): Buffer => buffer.subarray(box.data, box.end);

/** Makes a box; a payload of 4 GiB or more gets the 64-bit size. */
export function writeBox(type: string, ...payload: readonly Uint8Array[]): Buffer {
  return Buffer.concat([boxHeader(type, payload.reduce((sum, part) => sum + part.length, 0)), ...payload]);
}

/** The header of a box whose payload of `length` bytes is written apart (a large `mdat`). */
export function boxHeader(type: string, length: number): Buffer {
  if (Buffer.byteLength(type, 'latin1') !== 4) throw new TypeError(`a box type has four characters, not "${type}"`);
  const large = length + 8 > 0xffff_ffff;
  const header = Buffer.alloc(large ? 16 : 8);
  header.writeUInt32BE(large ? 1 : length + 8, 0);
  header.write(type, 4, 'latin1');
  if (large) header.writeBigUInt64BE(BigInt(length + 16), 8);
  return header;
}

/** Version and flags of a "full box" (ISO/IEC 14496-12 §4.2.2); its own payload begins 4 bytes later, at `data`. */
export function fullBox(buffer: Buffer, box: Box): { readonly version: number; readonly flags: number; readonly data: number } {
  if (box.end - box.data < 4) throw corrupt(`box "${printable(box.type)}" at ${box.start} has no version`);
  return { version: buffer.readUInt8(box.data), flags: buffer.readUIntBE(box.data + 1, 3), data: box.data + 4 };
}
