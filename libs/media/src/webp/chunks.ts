import { PipelineError } from '@media-pipeline/contracts';
import { Refusal } from '../refusal';

/** One RIFF chunk, `[start, end)` with its header and padding byte. */
export interface WebpChunk {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface WebpStructure {
  readonly chunks: readonly WebpChunk[];
  readonly animated: boolean;
  /** The picture is coded losslessly (VP8L). */
  readonly lossless: boolean;
  /** The first byte after the RIFF chunk. */
  readonly end: number;
}

const picture = new Set(['ALPH', 'VP8 ', 'VP8L']);
const corrupt = (what: string): PipelineError => new PipelineError('MEDIA_CORRUPT', what);

/** The chunks of a WebP file (RFC 9649). Throws MEDIA_CORRUPT. */
export function parseWebp(bytes: Buffer): WebpStructure {
  if (bytes.length < 20 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') throw corrupt('no WebP: its header is damaged');
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw corrupt('the WebP is cut off');
  const chunks: WebpChunk[] = [];
  let at = 12;
  while (at + 8 <= end) {
    const length = bytes.readUInt32LE(at + 4);
    // the padding byte of a last chunk of odd length is missing from some files
    const next = Math.min(at + 8 + length + (length % 2), Math.max(end, at + 8 + length));
    if (at + 8 + length > end) throw corrupt(`the WebP chunk at ${at} leaves the file`);
    chunks.push({ name: bytes.toString('latin1', at, at + 4), start: at, end: next });
    at = next;
  }
  const has = (name: string): boolean => chunks.some((chunk) => chunk.name === name);
  if (!has('VP8 ') && !has('VP8L') && !has('ANMF')) throw corrupt('the WebP has no picture');
  return { chunks, animated: has('ANIM') || has('ANMF'), lossless: has('VP8L'), end };
}

/** The original with its picture (`VP8 `, `VP8L`, `ALPH`) exchanged for that of `encoded`; all other chunks stay byte for byte. */
export function spliceWebp(original: Buffer, encoded: Buffer): Buffer {
  const [source, made] = [parseWebp(original), parseWebp(encoded)];
  if (source.animated) throw new Refusal('ANIMATED', 'the WebP is animated');
  const extended = source.chunks.some(({ name }) => name === 'VP8X');
  const pictures = made.chunks.filter(({ name }) => picture.has(name)).map(({ start, end }) => encoded.subarray(start, end));
  // transparency needs the extended header, and only a file that had it has one to keep
  if (!extended && made.chunks.some(({ name }) => name === 'ALPH')) throw new Refusal('UNSUPPORTED_VARIANT', 'the WebP would need an extended header');
  const parts: Buffer[] = [];
  let written = false;
  for (const { name, start, end } of source.chunks) {
    if (!picture.has(name)) parts.push(original.subarray(start, end));
    else if (!written) {
      parts.push(...pictures);
      written = true;
    }
  }
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(12);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(body.length + 4, 4);
  header.write('WEBP', 8, 'latin1');
  return Buffer.concat([header, body, original.subarray(source.end)]);
}

/** Null when all chunks but the picture are the same in the same order, else the first difference in words. */
export function webpDifference(original: Buffer, result: Buffer): string | null {
  const [before, after] = [parseWebp(original), parseWebp(result)];
  const other = (chunks: readonly WebpChunk[]): WebpChunk[] => chunks.filter(({ name }) => !picture.has(name));
  const [old, now] = [other(before.chunks), other(after.chunks)];
  if (old.length !== now.length) return 'the number of chunks differs';
  for (const [index, chunk] of old.entries()) {
    const same = now[index];
    if (!same || !original.subarray(chunk.start, chunk.end).equals(result.subarray(same.start, same.end))) return `the chunk ${chunk.name.trim()} differs`;
  }
  if (before.lossless !== after.lossless) return 'one is lossless and the other is not';
  return original.subarray(before.end).equals(result.subarray(after.end)) ? null : 'what follows the picture differs';
}
