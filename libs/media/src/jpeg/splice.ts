import { PipelineError } from '@media-pipeline/contracts';
import { Refusal } from '../refusal';
import { isPictureIndex, readPictureIndex, type PictureIndex } from './multi-picture';
import { isMetadata, marker, parseJpeg, type JpegSegment, type JpegStructure } from './segments';

const bytesOf = (bytes: Buffer, { start, end }: JpegSegment): Buffer => bytes.subarray(start, end);

/**
 * Whether this JPEG can be re-encoded by {@link spliceJpeg} at all; throws a {@link Refusal} that says why not.
 * Four-component and RGB pictures would need their colour model written anew; content credentials are a signature over the bytes.
 */
export function assertSpliceable(bytes: Buffer, structure: JpegStructure = parseJpeg(bytes)): void {
  const { frame, segments, lateMetadata } = structure;
  if (frame.precision !== 8) throw new Refusal('UNSUPPORTED_VARIANT', `the JPEG has ${frame.precision} bits per sample`);
  if (![0xc0, 0xc1, 0xc2].includes(frame.marker)) throw new Refusal('UNSUPPORTED_VARIANT', 'the JPEG is lossless, hierarchical or arithmetic-coded');
  if (frame.components.length !== 1 && frame.components.length !== 3) throw new Refusal('UNSUPPORTED_VARIANT', `the JPEG has ${frame.components.length} colour components (CMYK)`);
  if (frame.components.length === 3 && isRgb(bytes, structure)) throw new Refusal('UNSUPPORTED_VARIANT', 'the JPEG stores RGB rather than luma and chroma');
  if (lateMetadata) throw new Refusal('UNSUPPORTED_VARIANT', 'the JPEG has metadata behind its first scan');
  if (segments.some((segment) => segment.marker === marker.app11 && bytesOf(bytes, segment).includes('c2pa'))) {
    throw new Refusal('METADATA_WOULD_CHANGE', 'the picture is signed (content credentials); any change would break the signature');
  }
  if (!trailerMayMove(bytes, structure)) throw new Refusal('UNSUPPORTED_VARIANT', 'data of an unknown kind follows the picture, which its metadata may point to');
}

/** XMP that finds what follows the picture by counting from the end, or from the end of the picture (Google's motion photos and containers). */
const selfContained = ['MicroVideo', 'MotionPhoto', 'Container:Directory', 'GContainer'];

/**
 * What follows the picture comes to lie elsewhere in the file. That is well where it is filling, where the index of further pictures leads
 * to it, and where it is found from the end: Samsung's directory ("SEFT"), motion photos. A maker note could point to anything else.
 */
function trailerMayMove(bytes: Buffer, { segments, end }: JpegStructure): boolean {
  const trailer = bytes.subarray(end);
  if (trailer.every((value) => value === 0) || trailer.every((value) => value === 0xff)) return true;
  if (segments.some((segment) => isPictureIndex(bytes, segment)) || trailer.toString('latin1', trailer.length - 4) === 'SEFT') return true;
  return segments.some((segment) => segment.marker === marker.app1 && selfContained.some((text) => bytesOf(bytes, segment).includes(text)));
}

/** As libjpeg decides: JFIF means YCbCr; else the Adobe segment's transform flag; else the component ids "R", "G", "B". */
function isRgb(bytes: Buffer, { segments, frame }: JpegStructure): boolean {
  const starts = (segment: JpegSegment, text: string): boolean => bytes.toString('latin1', segment.start + 4, segment.start + 4 + text.length) === text;
  if (segments.some((segment) => segment.marker === marker.app0 && starts(segment, 'JFIF\0'))) return false;
  const adobe = segments.find((segment) => segment.marker === marker.app14 && segment.end - segment.start >= 16 && starts(segment, 'Adobe'));
  if (adobe) return bytes[adobe.start + 15] === 0;
  return frame.components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB';
}

/**
 * The original with its picture data exchanged for that of `encoded` (a JPEG of the same picture): every APPn and COM segment stays as it
 * is, byte for byte and in its order, and so does everything behind the picture (gain map, depth, motion video, trailers). Only the
 * offsets of the Multi-Picture index are counted anew, since the first picture is shorter now.
 * Throws {@link Refusal}, or MEDIA_CORRUPT for an original that cannot be parsed.
 */
export function spliceJpeg(original: Buffer, encoded: Buffer): Buffer {
  const source = parseJpeg(original);
  assertSpliceable(original, source);
  const picture = parseJpeg(encoded);
  if (picture.frame.components.length !== source.frame.components.length) throw new Refusal('UNSUPPORTED_VARIANT', 'the encoder changed the number of colour components');

  const index = readPictureIndex(original, source.segments);
  const metadata = source.segments.filter(isMetadata);
  const trailer = original.subarray(source.end);
  const result = Buffer.concat([
    Buffer.from([0xff, marker.soi]),
    ...metadata.map((segment) => bytesOf(original, segment)),
    ...picture.segments.filter((segment) => !isMetadata(segment)).map((segment) => bytesOf(encoded, segment)),
    encoded.subarray(picture.scanStart, picture.end),
    trailer,
  ]);
  if (index) rewriteIndex(result.subarray(0, result.length - trailer.length), original, source, index, metadata);
  return result;
}

/** Changes the offsets of `index` in `first`, the new first picture, in place. */
function rewriteIndex(first: Buffer, original: Buffer, source: JpegStructure, index: PictureIndex, metadata: readonly JpegSegment[]): void {
  const before = metadata.slice(0, metadata.indexOf(index.segment)).reduce((sum, { start, end }) => sum + end - start, 0);
  const moved = 2 + before - index.segment.start;
  const newBase = index.base + moved;
  const write = (value: number, at: number): void => {
    if (value < 0 || value > 0xffff_ffff) throw new Refusal('UNSUPPORTED_VARIANT', 'a further picture lies beyond 4 GiB');
    if (index.littleEndian) first.writeUInt32LE(value, at);
    else first.writeUInt32BE(value, at);
  };
  for (const entry of index.entries) {
    if (entry.start === 0) {
      if (entry.bytes !== 0) write(first.length, entry.position + moved + 4);
      continue;
    }
    if (entry.start < source.end || original.readUInt16BE(checked(original, entry.start)) !== 0xffd8) throw new Refusal('UNSUPPORTED_VARIANT', 'the index of further pictures (MPF) points to no picture');
    write(entry.start - source.end + first.length - newBase, entry.position + moved + 8);
  }
}

function checked(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) throw new PipelineError('MEDIA_CORRUPT', 'a further picture (MPF) lies beyond the end of the file: it is cut off');
  return at;
}

/**
 * Compares a spliced JPEG with its original by what must be the same: metadata segments, trailer, further pictures, frame size.
 * Null when all is, else the first difference in words. This reads both from scratch; it shares nothing with the splice but the parser.
 */
export function jpegDifference(original: Buffer, result: Buffer, options: { readonly resized?: boolean } = {}): string | null {
  const [before, after] = [parseJpeg(original), parseJpeg(result)];
  if (!options.resized && (before.frame.width !== after.frame.width || before.frame.height !== after.frame.height)) return 'the size in pixels differs';
  if (before.frame.components.length !== after.frame.components.length) return 'the number of colour components differs';
  const [old, now] = [before.segments.filter(isMetadata), after.segments.filter(isMetadata)];
  if (old.length !== now.length || after.lateMetadata) return 'the number of metadata segments differs';
  for (const [position, segment] of old.entries()) {
    const other = now[position];
    if (!other || other.marker !== segment.marker) return 'the order of the metadata segments differs';
    if (isPictureIndex(original, segment)) continue;
    if (!bytesOf(original, segment).equals(bytesOf(result, other))) return `metadata segment ${position + 1} differs`;
  }
  if (!original.subarray(before.end).equals(result.subarray(after.end))) return 'what follows the picture differs';
  return indexDifference(original, before, result, after);
}

function indexDifference(original: Buffer, before: JpegStructure, result: Buffer, after: JpegStructure): string | null {
  const [old, now] = [readPictureIndex(original, before.segments), readPictureIndex(result, after.segments)];
  if (!old || !now) return old === now ? null : 'the index of further pictures is gone';
  if (old.entries.length !== now.entries.length) return 'the number of further pictures differs';
  for (const [position, entry] of old.entries.entries()) {
    const other = now.entries[position];
    if (!other || other.attributes !== entry.attributes) return `the attributes of picture ${position + 1} differ`;
    if (entry.start === 0) {
      if (other.start !== 0 || (entry.bytes !== 0 && other.bytes !== after.end)) return 'the index does not describe the first picture';
    } else if (!original.subarray(entry.start, entry.start + entry.bytes).equals(result.subarray(other.start, other.start + other.bytes))) {
      return `picture ${position + 1} differs`;
    }
  }
  return null;
}
