import { PipelineError } from '@media-pipeline/contracts';
import { marker, type JpegSegment } from './segments';

/** One picture of a Multi-Picture file (CIPA DC-007 §5.2.3.3). */
export interface PictureEntry {
  /** Where its 16 bytes stand in the file. */
  readonly position: number;
  readonly attributes: number;
  readonly bytes: number;
  /** First byte in the file; 0 for the first picture. */
  readonly start: number;
}

export interface PictureIndex {
  readonly segment: JpegSegment;
  readonly littleEndian: boolean;
  /** What the offsets count from: the byte-order mark of the segment. */
  readonly base: number;
  readonly entries: readonly PictureEntry[];
}

const corrupt = (): PipelineError => new PipelineError('MEDIA_CORRUPT', 'the index of further pictures (MPF) is damaged');
const entryTag = 0xb002;

export const isPictureIndex = (bytes: Buffer, { marker: code, start, end }: JpegSegment): boolean => code === marker.app2 && end - start >= 16 && bytes.toString('latin1', start + 4, start + 8) === 'MPF\0';

/** The index of the pictures behind the first one, or null when there is none. Throws MEDIA_CORRUPT when it points out of its segment. */
export function readPictureIndex(bytes: Buffer, segments: readonly JpegSegment[]): PictureIndex | null {
  const segment = segments.find((each) => isPictureIndex(bytes, each));
  if (!segment) return null;
  const base = segment.start + 8;
  const littleEndian = bytes.toString('latin1', base, base + 2) === 'II';
  const inside = (at: number, length: number): number => {
    if (at < base || at + length > segment.end) throw corrupt();
    return at;
  };
  const u16 = (at: number): number => (littleEndian ? bytes.readUInt16LE(inside(at, 2)) : bytes.readUInt16BE(inside(at, 2)));
  const u32 = (at: number): number => (littleEndian ? bytes.readUInt32LE(inside(at, 4)) : bytes.readUInt32BE(inside(at, 4)));

  const directory = base + u32(base + 4);
  const entries: PictureEntry[] = [];
  for (let index = 0, count = u16(directory); index < count; index++) {
    const at = directory + 2 + 12 * index;
    if (u16(at) !== entryTag) continue;
    const length = u32(at + 4);
    const from = length <= 4 ? at + 8 : base + u32(at + 8);
    if (length % 16 !== 0) throw corrupt();
    for (let position = from; position < from + length; position += 16) {
      const offset = u32(position + 8);
      entries.push({ position: inside(position, 16), attributes: u32(position), bytes: u32(position + 4), start: offset === 0 ? 0 : base + offset });
    }
  }
  return { segment, littleEndian, base, entries };
}
