import { leafAt, requireLeaf, type Atom } from './atom';
import { corruptMovie, parsing } from './structure';

/** When the samples of one track are shown, in ticks of the track's time scale (ISO/IEC 14496-12 §8.6.1). */
export interface SampleTiming {
  /** Composition (presentation) time of each sample, in decoding order. */
  readonly composition: Float64Array;
  /** Sum of all sample durations. */
  readonly total: number;
}

/** @param count number of samples, checked against `stsz` before, which bounds the memory taken here */
export function readTiming(stbl: Atom, count: number): SampleTiming {
  return parsing('a time table', () => {
    const stts = requireLeaf(stbl, 'stts');
    const composition = new Float64Array(count);
    let at = 0;
    const total = forRuns(stts, count, (index, delta) => {
      composition[index] = at;
      at += delta;
      return at;
    });
    const ctts = leafAt(stbl, 'ctts');
    // version 0 is unsigned by the standard, yet QuickTime always wrote signed offsets and every player reads them so
    if (ctts) forRuns(ctts, count, (index, offset) => (composition[index] = (composition[index] ?? 0) + (offset | 0)));
    return { composition, total };
  });
}

/** Calls `each` for every sample of a run-length table (count, value); returns its last result. */
function forRuns(table: Buffer, count: number, each: (index: number, value: number) => number): number {
  const runs = table.readUInt32BE(4);
  if (8 + 8 * runs > table.length) throw corruptMovie(`a time table claims ${runs} runs`);
  let index = 0;
  let last = 0;
  for (let run = 0; run < runs; run++) {
    const length = table.readUInt32BE(8 + 8 * run);
    const value = table.readUInt32BE(12 + 8 * run);
    if (index + length > count) throw corruptMovie('a time table has more samples than there are');
    for (let i = 0; i < length; i++) last = each(index++, value);
  }
  if (index !== count) throw corruptMovie(`a time table has ${index} samples of ${count}`);
  return last;
}

/** Each sample's place in presentation order. Null when two are shown at the same time: then there is no such order. */
export function presentationRanks(composition: Float64Array): Uint32Array | null {
  const order = Uint32Array.from(composition.keys()).sort((a, b) => (composition[a] ?? 0) - (composition[b] ?? 0));
  const ranks = new Uint32Array(order.length);
  for (const [rank, sample] of order.entries()) {
    if (rank > 0 && composition[sample] === composition[order[rank - 1] ?? 0]) return null;
    ranks[sample] = rank;
  }
  return ranks;
}

/** Time tables for samples that are shown at `times` but decoded in another order. */
export interface Restamped {
  readonly stts: Buffer;
  /** Null where nothing is reordered. */
  readonly ctts: Buffer | null;
  readonly total: number;
  /** Ticks by which every composition time is later than in `times`; edit lists must point this much later into the media. */
  readonly shift: number;
}

/**
 * Gives new samples the exact presentation times of old ones: the n-th shown gets the n-th time.
 * Decoding times are the same times from 0; the smallest shift keeps every composition offset positive, which all players understand.
 * @param times strictly rising presentation times
 * @param total the old samples' total duration, kept
 * @param ranks presentation order of the new samples, in decoding order
 */
export function restamp(times: Float64Array, total: number, ranks: Uint32Array): Restamped {
  const start = times[0] ?? 0;
  const time = (index: number): number => times[index] ?? 0;
  let shift = 0;
  for (const [index, rank] of ranks.entries()) shift = Math.max(shift, time(index) - start - time(rank));
  const last = times.length - 1;
  const lastDuration = start + total - time(last);
  const durations = Array.from(times.subarray(0, last), (_, index) => time(index + 1) - time(index));
  if (last >= 0) durations.push(lastDuration > 0 ? lastDuration : (durations.at(-1) ?? 1));
  const offsets = Array.from(ranks, (rank, index) => time(rank) + shift - (time(index) - start));
  return {
    stts: runLengthTable(durations),
    ctts: offsets.some((offset) => offset !== 0) ? runLengthTable(offsets) : null,
    total: durations.reduce((sum, duration) => sum + duration, 0),
    shift,
  };
}

function runLengthTable(values: readonly number[]): Buffer {
  const runs: [length: number, value: number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run?.[1] === value) run[0]++;
    else runs.push([1, value]);
  }
  const table = Buffer.alloc(8 + 8 * runs.length);
  table.writeUInt32BE(runs.length, 4);
  runs.forEach(([length, value], i) => {
    table.writeUInt32BE(length, 8 + 8 * i);
    table.writeUInt32BE(value, 12 + 8 * i);
  });
  return table;
}

/**
 * `elst` with every media time `shift` ticks later; empty edits (-1) stay. Null when it is not understood or does not fit its 32 bits.
 * @param elst payload
 */
export function shiftEditList(elst: Buffer, shift: number): Buffer | null {
  const wide = elst.readUInt8(0) === 1;
  const count = elst.readUInt32BE(4);
  const width = wide ? 20 : 12;
  if (elst.readUInt8(0) > 1 || 8 + count * width > elst.length) return null;
  const shifted = Buffer.from(elst);
  for (let i = 0; i < count; i++) {
    const at = 8 + i * width + (wide ? 8 : 4);
    const time = wide ? Number(elst.readBigInt64BE(at)) : elst.readInt32BE(at);
    if (time < 0) continue;
    if (!wide && time + shift > 0x7fff_ffff) return null;
    if (wide) shifted.writeBigInt64BE(BigInt(time + shift), at);
    else shifted.writeInt32BE(time + shift, at);
  }
  return shifted;
}
