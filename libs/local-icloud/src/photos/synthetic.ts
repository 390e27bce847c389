import { dng, heic, jpeg, mov } from './templates';

export type SyntheticFormat = 'jpeg' | 'heic' | 'mov' | 'dng';

/** Content that is computed whenever it is read: the same `seed`, `format` and `bytes` always give the same file. */
export interface SyntheticContent {
  readonly format: SyntheticFormat;
  readonly seed: number;
  readonly bytes: number;
}

type Part = { readonly literal: Buffer } | { readonly noise: number; readonly seed: number };

/** The least length a made-up file can have, whatever its format. */
export const leastSyntheticBytes = 1024;

const BLOCK = 64 * 1024;
const LONGEST_SEGMENT = 65_535 + 2;

/** Reads `[start, end)` of made-up content in blocks of at most 64 KiB. */
export function* readSynthetic(content: SyntheticContent, start = 0, end = content.bytes): Generator<Buffer> {
  let at = 0;
  for (const part of partsOf(content)) {
    const length = 'literal' in part ? part.literal.length : part.noise;
    const from = Math.max(0, start - at);
    const to = Math.min(length, end - at);
    at += length;
    if (from >= to) continue;
    if ('literal' in part) yield part.literal.subarray(from, to);
    else yield* readNoise(part.seed, from, to);
    if (at >= end) return;
  }
}

/** Where the noise goes: into comment segments of a JPEG, a `free` box behind the movie or the picture, behind the data of a DNG. */
function partsOf({ format, seed, bytes }: SyntheticContent): readonly Part[] {
  if (bytes < leastSyntheticBytes) throw new RangeError(`a made-up file has at least ${String(leastSyntheticBytes)} bytes, not ${String(bytes)}`);
  switch (format) {
    case 'jpeg':
      return [{ literal: jpeg.subarray(0, 2) }, ...commentSegments(bytes - jpeg.length, seed), { literal: jpeg.subarray(2) }];
    case 'heic':
      return [{ literal: heic }, ...freeBox(bytes - heic.length, seed)];
    case 'mov':
      return [{ literal: mov }, ...freeBox(bytes - mov.length, seed)];
    case 'dng':
      return [{ literal: dng }, { noise: bytes - dng.length, seed }];
  }
}

function freeBox(length: number, seed: number): readonly Part[] {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(length, 0);
  header.write('free', 4, 'latin1');
  return [{ literal: header }, { noise: length - 8, seed }];
}

function commentSegments(length: number, seed: number): readonly Part[] {
  const count = Math.ceil(length / LONGEST_SEGMENT);
  return Array.from({ length: count }, (_, index) => {
    const size = Math.floor((length * (index + 1)) / count) - Math.floor((length * index) / count);
    return [{ literal: Buffer.from([0xff, 0xfe, (size - 2) >> 8, (size - 2) & 0xff]) }, { noise: size - 4, seed: seed + index * 7919 }];
  }).flat();
}

/** Noise is computed by whole blocks, each from its own number, so that any place of a long file can be read at once. */
function* readNoise(seed: number, from: number, to: number): Generator<Buffer> {
  for (let block = Math.floor(from / BLOCK); block * BLOCK < to; block++) {
    const offset = block * BLOCK;
    const length = Math.min(BLOCK, to - offset);
    yield noiseBlock(seed, block, length).subarray(Math.max(0, from - offset), length);
  }
}

function noiseBlock(seed: number, block: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(block + 1, 0x85ebca6b)) | 0 || 1;
  for (let at = 0; at < words.length; at++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}
