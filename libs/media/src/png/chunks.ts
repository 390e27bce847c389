import { crc32 } from 'node:zlib';
import { PipelineError } from '@media-pipeline/contracts';
import { Refusal } from '../refusal';

/** One chunk, `[start, end)` with its length, name and checksum. */
export interface PngChunk {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colourType: number;
  readonly interlaced: boolean;
}

export interface PngStructure {
  readonly chunks: readonly PngChunk[];
  readonly header: PngHeader;
  readonly animated: boolean;
  /** The first byte after IEND. */
  readonly end: number;
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const corrupt = (what: string): PipelineError => new PipelineError('MEDIA_CORRUPT', what);

/** The chunks of a PNG to IEND, each checksum proven. Throws MEDIA_CORRUPT. */
export function parsePng(bytes: Buffer): PngStructure {
  if (!bytes.subarray(0, 8).equals(signature)) throw corrupt('no PNG: its signature is damaged');
  const chunks: PngChunk[] = [];
  let at = 8;
  for (;;) {
    if (at + 12 > bytes.length) throw corrupt('the PNG is cut off: its end is missing');
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (end > bytes.length) throw corrupt(`the PNG is cut off at ${at}`);
    if (!/^[A-Za-z]{4}$/.test(name)) throw corrupt(`no PNG chunk at ${at}`);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) throw corrupt(`the checksum of the PNG chunk ${name} at ${at} is wrong`);
    chunks.push({ name, start: at, end });
    at = end;
    if (name === 'IEND') break;
  }
  const first = chunks[0];
  if (first?.name !== 'IHDR' || first.end - first.start !== 25) throw corrupt('the PNG does not begin with its header');
  if (!chunks.some(({ name }) => name === 'IDAT')) throw corrupt('the PNG has no picture data');
  return { chunks, header: readPngHeader(bytes), animated: chunks.some(({ name }) => name === 'acTL'), end: at };
}

/** The header alone, from the first 33 bytes: for the size of a picture that must not be decoded yet. Throws MEDIA_CORRUPT. */
export function readPngHeader(bytes: Buffer): PngHeader {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') throw corrupt('the PNG does not begin with its header');
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), bitDepth: bytes.readUInt8(24), colourType: bytes.readUInt8(25), interlaced: bytes.readUInt8(28) === 1 };
}

/**
 * Ancillary chunks marked "unsafe to copy" whose meaning survives new picture data of the same pixels, header and palette
 * (PNG specification §5.4 and §14, and registered extensions).
 */
const independent = new Set(['tRNS', 'cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'mDCV', 'cLLI', 'mDCv', 'cLLi', 'bKGD', 'hIST', 'tIME', 'pCAL', 'sTER', 'caNv', 'vpAg', 'orNT']);
/** Apple's index of where IDAT may be inflated in parallel: describes the very bytes that are exchanged, and nothing needs it. */
const describesData = new Set(['iDOT']);

const isAncillary = (name: string): boolean => name.charAt(0) === name.charAt(0).toLowerCase();
const isSafeToCopy = (name: string): boolean => name.charAt(3) === name.charAt(3).toLowerCase();

/** Throws a {@link Refusal} when a chunk says that it depends on the picture data in a way that we do not know. */
export function assertPngSpliceable({ chunks, animated }: PngStructure): void {
  if (animated) throw new Refusal('ANIMATED', 'the PNG is animated');
  for (const { name } of chunks) {
    if (isAncillary(name) && !isSafeToCopy(name) && !independent.has(name) && !describesData.has(name)) throw new Refusal('METADATA_WOULD_CHANGE', `the PNG chunk ${name} may not be copied beside new picture data`);
    if (!isAncillary(name) && !['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(name)) throw new Refusal('UNSUPPORTED_VARIANT', `the PNG has the unknown critical chunk ${name}`);
  }
}

const kept = ({ name }: PngChunk): boolean => name !== 'IDAT' && !describesData.has(name);

/** The concatenated, still deflated picture data. */
export const pngData = (bytes: Buffer, { chunks }: PngStructure): Buffer => Buffer.concat(chunks.filter(({ name }) => name === 'IDAT').map(({ start, end }) => bytes.subarray(start + 8, end - 4)));

/** The original with its picture data exchanged (`data`: deflated, for the same header); all other chunks and what follows IEND stay byte for byte. */
export function splicePng(original: Buffer, structure: PngStructure, data: Buffer): Buffer {
  assertPngSpliceable(structure);
  const parts: Buffer[] = [signature];
  let written = false;
  for (const chunk of structure.chunks) {
    if (chunk.name === 'IDAT' && !written) {
      parts.push(pngChunk('IDAT', data));
      written = true;
    }
    if (kept(chunk)) parts.push(original.subarray(chunk.start, chunk.end));
  }
  return Buffer.concat([...parts, original.subarray(structure.end)]);
}

/** Null when all chunks but the picture data (and what only describes its bytes) are the same in the same order, else the first difference. */
export function pngDifference(original: Buffer, result: Buffer): string | null {
  const [before, after] = [parsePng(original), parsePng(result)];
  const [old, now] = [before.chunks.filter(kept), after.chunks.filter(kept)];
  if (old.length !== now.length) return 'the number of chunks differs';
  for (const [index, chunk] of old.entries()) {
    const other = now[index];
    if (!other || !original.subarray(chunk.start, chunk.end).equals(result.subarray(other.start, other.end))) return `the chunk ${chunk.name} differs`;
  }
  return original.subarray(before.end).equals(result.subarray(after.end)) ? null : 'what follows the picture differs';
}

function pngChunk(name: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(name, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
