import { lumaOf, type Raster } from './raster';
import { shrink } from './raster';

/** Two fingerprints of one picture, 64 bits each, in hex. */
export interface Bits {
  /** Signs of the lowest cosine coefficients: the picture's large forms. */
  readonly bits: string;
  /** Which of two neighbours is brighter, 8 × 8. */
  readonly gradient: string;
}

const side = 32;
const lowest = 9;
const cosines = Array.from({ length: lowest }, (_, u) => Float64Array.from({ length: side }, (_unused, x) => Math.cos(((2 * x + 1) * u * Math.PI) / (2 * side))));
/** Less spread of brightness than this: nothing to tell pictures apart by (a black frame, a white page). */
const flatness = 4;

/**
 * The fingerprints of a picture; null when it is flat. The signs are taken against zero, not against the median, so that turning the
 * picture only moves and inverts bits (see `turned` in ../search/all-pairs.worker).
 */
export function bitsOf(raster: Raster): Bits | null {
  const luma = lumaOf(shrink({ ...raster, channels: 3 }, side, side));
  const mean = luma.reduce((sum, value) => sum + value, 0) / luma.length;
  const spread = Math.sqrt(luma.reduce((sum, value) => sum + (value - mean) ** 2, 0) / luma.length);
  if (spread < flatness) return null;
  const words = [0, 0];
  for (let bit = 0; bit < 64; bit++) {
    const value = bit === 0 ? coefficient(luma, 8, 8) : coefficient(luma, bit % 8, bit >> 3);
    if (value > 0) words[bit >> 5] = ((words[bit >> 5] ?? 0) | (1 << (bit & 31))) >>> 0;
  }
  return { bits: hex(words), gradient: gradientOf(raster) };
}

function coefficient(luma: Float32Array, u: number, v: number): number {
  const across = cosines[u];
  const down = cosines[v];
  if (!across || !down) return 0;
  let sum = 0;
  for (let y = 0; y < side; y++) {
    let row = 0;
    for (let x = 0; x < side; x++) row += (luma[y * side + x] ?? 0) * (across[x] ?? 0);
    sum += row * (down[y] ?? 0);
  }
  return sum;
}

function gradientOf(raster: Raster): string {
  const luma = lumaOf(shrink({ ...raster, channels: 3 }, 9, 8));
  const words = [0, 0];
  for (let bit = 0; bit < 64; bit++) {
    const at = (bit >> 3) * 9 + (bit % 8);
    if ((luma[at] ?? 0) < (luma[at + 1] ?? 0)) words[bit >> 5] = ((words[bit >> 5] ?? 0) | (1 << (bit & 31))) >>> 0;
  }
  return hex(words);
}

/** High word first. */
const hex = (words: readonly number[]): string => [words[1], words[0]].map((word) => (word ?? 0).toString(16).padStart(8, '0')).join('');

/**
 * How sharp a picture is: the mean strength of its edges in brightness at the same size for all, in thousandths of the whole range.
 * Only good for telling pictures of one scene apart.
 */
export function sharpnessOf(raster: Raster): number {
  const luma = lumaOf(raster);
  const { width, height } = raster;
  let sum = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const edge = 4 * (luma[at] ?? 0) - (luma[at - 1] ?? 0) - (luma[at + 1] ?? 0) - (luma[at - width] ?? 0) - (luma[at + width] ?? 0);
      sum += edge * edge;
    }
  }
  return Math.round((1000 * Math.sqrt(sum / Math.max(1, (width - 2) * (height - 2)))) / 255);
}
