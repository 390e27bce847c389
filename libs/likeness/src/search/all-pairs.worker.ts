/**
 * All pairs of 64-bit fingerprints within a Hamming distance, by multi-index hashing: the bits are cut into four bands of 16; two
 * fingerprints at a distance of at most `4 (r + 1) - 1` differ in some band by at most r bits (pigeonhole), so only the members of
 * buckets that are r bits apart are compared. Each bucket's members lie side by side in memory: that, not the number of comparisons,
 * is what makes it fast. (Norouzi, Punjani, Fleet: Fast Exact Search in Hamming Space with Multi-Index Hashing, 2014.)
 *
 * Runs in a thread of its own, so that the event loop breathes; it imports nothing of ours.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

/** Fingerprints as two halves each; index i of all arrays belongs together. */
export interface PairSearch {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** A second fingerprint of each, which must be near as well. */
  readonly gradientHigh: Uint32Array;
  readonly gradientLow: Uint32Array;
  /** Up to 11. */
  readonly distance: number;
  readonly gradientDistance: number;
  /** Also find pictures turned by 90, 180 or 270 degrees, up to this distance (at most 7); -1: not. */
  readonly turnedDistance: number;
  readonly maxPairs: number;
}

/** Three numbers for each pair: two indices (the smaller first), and `distance + 256 × quarter turns` (clockwise, that the second needs to look like the first). */
export interface PairsFound {
  readonly pairs: Uint32Array;
  readonly count: number;
  /** More than `maxPairs` were there. */
  readonly cut: boolean;
}

const bands = 4;
const buckets = 65_536;

function popcount(value: number): number {
  let bits = value - ((value >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** All 16-bit words with at most `radius` bits set. */
function masksUpTo(radius: number): Uint16Array {
  return Uint16Array.from(Array.from({ length: buckets }, (_, word) => word).filter((word) => popcount(word) <= radius));
}

const bandOf = (high: number, low: number, band: number): number => ((band < 2 ? low : high) >>> ((band & 1) << 4)) & 0xffff;

/** One band of the index: fingerprints sorted by that band's bits, bucket k from `start[k]` to `start[k + 1]`. */
interface Band {
  readonly start: Uint32Array;
  readonly ids: Uint32Array;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

function sortByBand(high: Uint32Array, low: Uint32Array, band: number): Band {
  const count = high.length;
  const start = new Uint32Array(buckets + 1);
  for (let i = 0; i < count; i++) start[bandOf(high[i]!, low[i]!, band) + 1]!++;
  for (let k = 0; k < buckets; k++) start[k + 1]! += start[k]!;
  const next = start.slice(0, buckets);
  const sorted = { start, ids: new Uint32Array(count), high: new Uint32Array(count), low: new Uint32Array(count) };
  for (let i = 0; i < count; i++) {
    const at = next[bandOf(high[i]!, low[i]!, band)]!++;
    sorted.ids[at] = i;
    sorted.high[at] = high[i]!;
    sorted.low[at] = low[i]!;
  }
  return sorted;
}

/** Whether an earlier band had this pair in buckets that were compared already. */
function seenBefore(high: number, low: number, band: number, radius: number): boolean {
  for (let earlier = 0; earlier < band; earlier++) if (popcount(bandOf(high, low, earlier)) <= radius) return true;
  return false;
}

class Collector {
  pairs = new Uint32Array(3 * 65_536);
  count = 0;
  cut = false;

  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  add(i: number, j: number, value: number): void {
    if (this.count >= this.most) {
      this.cut = true;
      return;
    }
    if ((this.count + 1) * 3 > this.pairs.length) {
      const larger = new Uint32Array(this.pairs.length * 2);
      larger.set(this.pairs);
      this.pairs = larger;
    }
    const at = this.count++ * 3;
    this.pairs[at] = i < j ? i : j;
    this.pairs[at + 1] = i < j ? j : i;
    this.pairs[at + 2] = value;
  }
}

function upright(search: PairSearch, found: Collector): void {
  const { high, low, gradientHigh, gradientLow, distance: most, gradientDistance } = search;
  const radius = Math.floor(most / bands);
  const masks = masksUpTo(radius);
  for (let band = 0; band < bands; band++) {
    const { start, ids, high: highs, low: lows } = sortByBand(high, low, band);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const from = start[bucket]!;
      const to = start[bucket + 1]!;
      if (from === to) continue;
      for (let m = 0; m < masks.length; m++) {
        const other = bucket ^ masks[m]!;
        if (other < bucket) continue;
        const end = start[other + 1]!;
        const begin = start[other]!;
        if (begin === end) continue;
        for (let a = from; a < to; a++) {
          const h = highs[a]!;
          const l = lows[a]!;
          for (let b = other === bucket ? a + 1 : begin; b < end; b++) {
            const dh = h ^ highs[b]!;
            let bits = dh - ((dh >>> 1) & 0x55555555);
            bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
            const dl = l ^ lows[b]!;
            let more = dl - ((dl >>> 1) & 0x55555555);
            more = (more & 0x33333333) + ((more >>> 2) & 0x33333333);
            const total = ((bits + (bits >>> 4)) & 0x0f0f0f0f) + ((more + (more >>> 4)) & 0x0f0f0f0f);
            const distance = Math.imul(total, 0x01010101) >>> 24;
            if (distance > most || seenBefore(dh, dl, band, radius)) continue;
            const i = ids[a]!;
            const j = ids[b]!;
            if (popcount(gradientHigh[i]! ^ gradientHigh[j]!) + popcount(gradientLow[i]! ^ gradientLow[j]!) <= gradientDistance) found.add(i, j, distance);
          }
        }
      }
    }
  }
}

/**
 * The fingerprint of the picture turned clockwise by quarter turns, without the picture: bit (u, v) is the sign of the cosine coefficient
 * of frequencies u across and v down; turning exchanges the two and changes the sign of the odd ones. Bit number = 8 v + u; bit 0 stands
 * for (8, 8), which turning leaves alone.
 */
export function turned(high: number, low: number, quarters: 1 | 2 | 3): { readonly high: number; readonly low: number } {
  const out = [0, 0];
  for (let v = 0; v < 8; v++) {
    for (let u = 0; u < 8; u++) {
      const bit = v * 8 + u;
      const source = quarters === 2 || bit === 0 ? bit : u * 8 + v;
      const value = ((source < 32 ? low : high) >>> (source & 31)) & 1;
      const odd = quarters === 1 ? u & 1 : quarters === 3 ? v & 1 : (u + v) & 1;
      out[bit >> 5]! |= (value ^ (bit === 0 ? 0 : odd)) << (bit & 31);
    }
  }
  return { high: out[1]! >>> 0, low: out[0]! >>> 0 };
}

function turnedBy(quarters: 1 | 2, search: PairSearch, found: Collector): void {
  const { high, low, turnedDistance: most } = search;
  const radius = Math.floor(most / bands);
  const masks = masksUpTo(radius);
  const turnedHigh = new Uint32Array(high.length);
  const turnedLow = new Uint32Array(high.length);
  for (let i = 0; i < high.length; i++) {
    const other = turned(high[i]!, low[i]!, quarters);
    turnedHigh[i] = other.high;
    turnedLow[i] = other.low;
  }
  for (let band = 0; band < bands; band++) {
    const straight = sortByBand(high, low, band);
    const sideways = sortByBand(turnedHigh, turnedLow, band);
    // as locals: fields of an object are looked up again for each of hundreds of millions of comparisons
    const { ids, high: highs, low: lows } = straight;
    const { start: otherStart, ids: otherIds, high: otherHighs, low: otherLows } = sideways;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const from = straight.start[bucket]!;
      const to = straight.start[bucket + 1]!;
      if (from === to) continue;
      for (let m = 0; m < masks.length; m++) {
        const other = bucket ^ masks[m]!;
        const begin = otherStart[other]!;
        const end = otherStart[other + 1]!;
        if (begin === end) continue;
        for (let a = from; a < to; a++) {
          const h = highs[a]!;
          const l = lows[a]!;
          for (let b = begin; b < end; b++) {
            const dh = h ^ otherHighs[b]!;
            let bits = dh - ((dh >>> 1) & 0x55555555);
            bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
            const dl = l ^ otherLows[b]!;
            let more = dl - ((dl >>> 1) & 0x55555555);
            more = (more & 0x33333333) + ((more >>> 2) & 0x33333333);
            const total = ((bits + (bits >>> 4)) & 0x0f0f0f0f) + ((more + (more >>> 4)) & 0x0f0f0f0f);
            const distance = Math.imul(total, 0x01010101) >>> 24;
            if (distance > most) continue;
            const i = ids[a]!;
            const j = otherIds[b]!;
            // i looks like j turned; by half a turn that goes both ways
            if (i === j || (quarters === 2 && j < i) || seenBefore(dh, dl, band, radius)) continue;
            found.add(i, j, distance + 256 * (quarters === 2 ? 2 : i < j ? 1 : 3));
          }
        }
      }
    }
  }
}

/** What the thread does, callable without one. */
export function findPairs(search: PairSearch): PairsFound {
  if (search.distance < 0 || search.distance > 11 || search.turnedDistance > 7) throw new RangeError('distances of more than 11 (turned: 7) are not found completely');
  const found = new Collector(search.maxPairs);
  upright(search, found);
  if (search.turnedDistance >= 0) {
    turnedBy(1, search, found);
    turnedBy(2, search, found);
  }
  return { pairs: found.pairs.slice(0, found.count * 3), count: found.count, cut: found.cut };
}

interface Job {
  readonly kind: 'likeness pairs';
  readonly search: PairSearch;
}
const isJob = (data: unknown): data is Job => typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'likeness pairs';

if (!isMainThread && isJob(workerData)) {
  const found = findPairs(workerData.search);
  parentPort?.postMessage(found, [found.pairs.buffer as ArrayBuffer]);
}
