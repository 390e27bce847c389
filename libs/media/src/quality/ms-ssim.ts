/**
 * Multi-scale structural similarity of two grey pictures, 0 to 1: Wang, Simoncelli and Bovik, "Multiscale structural similarity for image
 * quality assessment" (2003), with its five scales, weights and constants. Instead of a sliding Gaussian window there are squares of 8 × 8
 * pixels side by side, shifted by four pixels: each lies across the borders of four of the encoder's own 8 × 8 blocks, so that blocking is
 * seen, and each pixel is read once per scale. That makes some 100 megapixels a second of it.
 *
 * This file imports nothing: it is also loaded by path into worker threads.
 */

/** One plane of 8-bit samples, rows without gaps. */
export interface Plane {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Similarity {
  /** Of the whole picture. */
  readonly mean: number;
  /** Of the worst square of {@link regionSide} pixels: a ruined corner must not drown in a good picture. */
  readonly worst: number;
}

/** Side of the squares among which the worst is sought, in pixels of the full size. */
export const regionSide = 256;

const weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;
const side = 8;
const shift = 4;

/** Luma (ITU-R BT.601, full range) of interleaved pixels whose first three channels are red, green and blue; of one channel, the channel. */
export function lumaOf(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return pixels;
  const luma = new Uint8Array(Math.floor(pixels.length / channels));
  if (channels === 2) {
    for (let index = 0, at = 0; index < luma.length; index++, at += 2) luma[index] = pixels[at] as number;
    return luma;
  }
  for (let index = 0, at = 0; index < luma.length; index++, at += channels) {
    luma[index] = ((pixels[at] as number) * 19595 + (pixels[at + 1] as number) * 38470 + (pixels[at + 2] as number) * 7471 + 32768) >> 16;
  }
  return luma;
}

/** Half the width and height, each pixel the mean of four; an odd last row or column is left out. */
function halve({ data, width, height }: Plane): Plane {
  const half = { width: width >> 1, height: height >> 1 };
  const result = new Uint8Array(half.width * half.height);
  for (let y = 0, to = 0; y < half.height; y++) {
    for (let x = 0, from = 2 * y * width; x < half.width; x++, from += 2, to++) {
      result[to] = ((data[from] as number) + (data[from + 1] as number) + (data[from + width] as number) + (data[from + width + 1] as number) + 2) >> 2;
    }
  }
  return { ...half, data: result };
}

/** Sums over the squares of one scale, by region of the full-size picture. */
interface ScaleSums {
  readonly contrast: Float64Array;
  readonly luminance: Float64Array;
  readonly count: Float64Array;
}

function compareScale(a: Plane, b: Plane, scale: number, columns: number, rows: number): ScaleSums {
  const sums = { contrast: new Float64Array(columns * rows), luminance: new Float64Array(columns * rows), count: new Float64Array(columns * rows) };
  const region = Math.max(1, regionSide >> scale);
  const { width, height } = a;
  // a picture smaller than the grid is compared from its corner
  const from = width < side + shift || height < side + shift ? 0 : shift;
  for (let top = from; top + side <= height; top += side) {
    const row = Math.min(rows - 1, Math.floor((top + shift) / region)) * columns;
    for (let left = from; left + side <= width; left += side) {
      let sumA = 0;
      let sumB = 0;
      let squares = 0;
      let product = 0;
      for (let y = 0, line = top * width + left; y < side; y++, line += width) {
        for (let at = line, end = line + side; at < end; at++) {
          const p = a.data[at] as number;
          const q = b.data[at] as number;
          sumA += p;
          sumB += q;
          squares += p * p + q * q;
          product += p * q;
        }
      }
      const meanA = sumA / 64;
      const meanB = sumB / 64;
      const means = meanA * meanB;
      const powers = meanA * meanA + meanB * meanB;
      const cell = row + Math.min(columns - 1, Math.floor((left + shift) / region));
      sums.contrast[cell] = (sums.contrast[cell] as number) + (2 * (product / 64 - means) + c2) / (squares / 64 - powers + c2);
      sums.luminance[cell] = (sums.luminance[cell] as number) + (2 * means + c1) / (powers + c1);
      sums.count[cell] = (sums.count[cell] as number) + 1;
    }
  }
  return sums;
}

/**
 * @returns 1 for equal pictures. Pictures of different sizes, and such that are too small for a single square, have nothing in common: 0,
 * unless they are the same to the last byte.
 */
export function similarityOf(a: Plane, b: Plane): Similarity {
  if (a.width !== b.width || a.height !== b.height || a.data.length < a.width * a.height || b.data.length < a.width * a.height) return { mean: 0, worst: 0 };
  if (Math.min(a.width, a.height) < side) return a.data.every((value, index) => value === b.data[index]) ? { mean: 1, worst: 1 } : { mean: 0, worst: 0 };
  const [columns, rows] = [Math.max(1, Math.floor(a.width / regionSide)), Math.max(1, Math.floor(a.height / regionSide))];
  const scales: ScaleSums[] = [];
  let [left, right] = [a, b];
  for (let scale = 0; scale < weights.length && Math.min(left.width, left.height) >= side; scale++) {
    scales.push(compareScale(left, right, scale, columns, rows));
    if (scale + 1 < weights.length) [left, right] = [halve(left), halve(right)];
  }
  const whole = scales.map(({ contrast, luminance, count }) => ({ contrast: total(contrast) / total(count), luminance: total(luminance) / total(count) }));
  let worst = 1;
  for (let cell = 0; cell < columns * rows; cell++) {
    const there = scales.filter(({ count }) => (count[cell] as number) > 0).map(({ contrast, luminance, count }) => ({ contrast: (contrast[cell] as number) / (count[cell] as number), luminance: (luminance[cell] as number) / (count[cell] as number) }));
    worst = Math.min(worst, combine(there));
  }
  return { mean: combine(whole), worst };
}

/** Contrast and structure of every scale, the luminance of the coarsest; fewer scales share the weight of all. */
function combine(scales: readonly { readonly contrast: number; readonly luminance: number }[]): number {
  const sum = total(weights.slice(0, scales.length));
  let score = 1;
  for (const [scale, { contrast, luminance }] of scales.entries()) {
    const weight = (weights[scale] ?? 0) / sum;
    score *= Math.max(0, contrast) ** weight;
    if (scale === scales.length - 1) score *= Math.max(0, luminance) ** weight;
  }
  return score;
}

const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] as number;
  return sum;
};
