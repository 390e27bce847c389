import { leafAt, requireLeaf, type Atom } from './atom';
import { corruptMovie, exactNumber, parsing } from './structure';

/** 90 hours at 60 frames a second; tables that claim more samples one by one are not real. */
const maxSamples = 20_000_000;

/** Where the samples of one track lie (ISO/IEC 14496-12 §8.7). */
export interface SampleTable {
  readonly count: number;
  /** Bytes of each sample, or one number where all are the same (PCM sound has millions). */
  readonly sizes: Uint32Array | number;
  /** File offset of each chunk. */
  readonly chunkOffsets: Float64Array;
  /** Samples in each chunk. */
  readonly chunkSamples: Uint32Array;
  /** Bytes of each chunk. */
  readonly chunkBytes: Float64Array;
  /** Whether every chunk uses the first sample description. */
  readonly oneDescription: boolean;
}

/** @param stbl the track's `stbl`. Throws MEDIA_CORRUPT for tables that contradict each other. */
export function readSampleTable(stbl: Atom): SampleTable {
  return parsing('a sample table', () => {
    const { count, sizes } = readSizes(stbl);
    const chunkOffsets = readChunkOffsets(stbl);
    const { chunkSamples, oneDescription } = readChunkSamples(requireLeaf(stbl, 'stsc'), chunkOffsets.length);
    return { count, sizes, chunkOffsets, chunkSamples, oneDescription, chunkBytes: chunkBytes(chunkSamples, sizes, count) };
  });
}

/** Number of samples that `stsz` claims; cheap, for describing a file. */
export function sampleCount(stbl: Atom): number {
  const stsz = leafAt(stbl, 'stsz') ?? leafAt(stbl, 'stz2');
  return stsz ? parsing('"stsz"', () => stsz.readUInt32BE(8)) : 0;
}

function readSizes(stbl: Atom): Pick<SampleTable, 'count' | 'sizes'> {
  const stsz = leafAt(stbl, 'stsz');
  if (!stsz) return readCompactSizes(requireLeaf(stbl, 'stz2'));
  const [uniform, count] = [stsz.readUInt32BE(4), stsz.readUInt32BE(8)];
  if (uniform !== 0 || count === 0) return { count, sizes: uniform };
  if (count > maxSamples || 12 + 4 * count > stsz.length) throw corruptMovie(`"stsz" claims ${count} samples`);
  const sizes = new Uint32Array(count);
  for (let i = 0; i < count; i++) sizes[i] = stsz.readUInt32BE(12 + 4 * i);
  return { count, sizes };
}

/** `stz2`: sizes of 4, 8 or 16 bits. */
function readCompactSizes(stz2: Buffer): Pick<SampleTable, 'count' | 'sizes'> {
  const [bits, count] = [stz2.readUInt8(7), stz2.readUInt32BE(8)];
  if (![4, 8, 16].includes(bits) || count > maxSamples || 12 + Math.ceil((count * bits) / 8) > stz2.length) throw corruptMovie(`"stz2" claims ${count} samples`);
  const sizes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (bits === 16) sizes[i] = stz2.readUInt16BE(12 + 2 * i);
    else if (bits === 8) sizes[i] = stz2.readUInt8(12 + i);
    else sizes[i] = (stz2.readUInt8(12 + (i >> 1)) >> (i % 2 === 0 ? 4 : 0)) & 15;
  }
  return { count, sizes };
}

function readChunkOffsets(stbl: Atom): Float64Array {
  const stco = leafAt(stbl, 'stco');
  const table = stco ?? requireLeaf(stbl, 'co64');
  const width = stco ? 4 : 8;
  const count = table.readUInt32BE(4);
  if (8 + width * count > table.length) throw corruptMovie(`a chunk table claims ${count} chunks`);
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    offsets[i] = stco ? table.readUInt32BE(8 + 4 * i) : exactNumber(table.readBigUInt64BE(8 + 8 * i), 'a chunk offset');
  }
  return offsets;
}

/** `stsc` names runs of chunks: first chunk (from 1), samples in each, description. A run ends where the next begins. */
function readChunkSamples(stsc: Buffer, chunks: number): Pick<SampleTable, 'chunkSamples' | 'oneDescription'> {
  const runs = stsc.readUInt32BE(4);
  if (8 + 12 * runs > stsc.length) throw corruptMovie(`"stsc" claims ${runs} runs`);
  const chunkSamples = new Uint32Array(chunks);
  let oneDescription = true;
  for (let run = 0; run < runs; run++) {
    const first = stsc.readUInt32BE(8 + 12 * run) - 1;
    const next = run + 1 < runs ? stsc.readUInt32BE(8 + 12 * (run + 1)) - 1 : chunks;
    if (first < 0 || next <= first || (run === 0 && first !== 0)) {
      if (chunks === 0) break;
      throw corruptMovie('the runs of "stsc" are out of order');
    }
    chunkSamples.fill(stsc.readUInt32BE(12 + 12 * run), Math.min(first, chunks), Math.min(next, chunks));
    if (stsc.readUInt32BE(16 + 12 * run) !== 1) oneDescription = false;
  }
  return { chunkSamples, oneDescription };
}

function chunkBytes(chunkSamples: Uint32Array, sizes: Uint32Array | number, count: number): Float64Array {
  const bytes = new Float64Array(chunkSamples.length);
  let sample = 0;
  for (const [chunk, samples] of chunkSamples.entries()) {
    if (sample + samples > count) throw corruptMovie('the chunks hold more samples than there are');
    if (typeof sizes === 'number') bytes[chunk] = sizes * samples;
    else for (let i = sample; i < sample + samples; i++) bytes[chunk] = (bytes[chunk] ?? 0) + (sizes[i] ?? 0);
    sample += samples;
  }
  if (sample !== count) throw corruptMovie(`the chunks hold ${sample} samples of ${count}`);
  return bytes;
}

/** `stsz` for these sizes. */
export function writeSizes(sizes: Uint32Array): Buffer {
  const stsz = Buffer.alloc(12 + 4 * sizes.length);
  stsz.writeUInt32BE(sizes.length, 8);
  sizes.forEach((size, i) => stsz.writeUInt32BE(size, 12 + 4 * i));
  return stsz;
}

/** `stco` or, for a file of 4 GiB and more, `co64`. */
export function writeChunkOffsets(offsets: Float64Array, wide: boolean): Atom {
  const width = wide ? 8 : 4;
  const payload = Buffer.alloc(8 + width * offsets.length);
  payload.writeUInt32BE(offsets.length, 4);
  offsets.forEach((offset, i) => (wide ? payload.writeBigUInt64BE(BigInt(offset), 8 + 8 * i) : payload.writeUInt32BE(offset, 8 + 4 * i)));
  return { type: wide ? 'co64' : 'stco', payload };
}
