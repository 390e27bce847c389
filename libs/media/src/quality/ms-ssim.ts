/**
 * Multi-scale structural similarity of two grey pictures, 0 to 1: Wang, Simoncelli and Bovik, "Multiscale structural similarity for image
 * quality assessment" (2003), with its five scales, weights and constants. Instead of a sliding Gaussian window there are squares of 8 × 8
 * pixels side by side, shifted by four pixels: each lies across the borders of four of the encoder's own 8 × 8 blocks, so that blocking is
 * seen, and each pixel is read once per scale. What is done to every pixel is WebAssembly (kernels/pixels.wat), a strip of the picture at a
 * time, so that its memory stays that of some rows.
 *
 * This file imports nothing: it is also loaded by path into worker threads.
 */

/** One plane of 8-bit samples, rows without gaps. */
export interface Plane {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Interleaved 8-bit samples, of which the luma is meant: see {@link SimilarityMeasure.lumaOf}. */
export interface Pixels extends Plane {
  readonly channels: number;
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

export interface SimilarityMeasure {
  /** Luma (ITU-R BT.601, full range) of interleaved pixels whose first three channels are red, green and blue; of one or two channels, the first. */
  readonly lumaOf: (pixels: Uint8Array, channels: number) => Uint8Array;
  /**
   * Of planes, or of the luma of pixels, which is never there as a whole.
   * @returns 1 for equal pictures. Pictures of different sizes, and such that are too small for a single square, have nothing in common: 0,
   * unless they are the same to the last byte.
   */
  readonly similarityOf: (a: Plane | Pixels, b: Plane | Pixels) => Similarity;
}

/** What kernels/pixels.wat exports; addresses and sizes in bytes. */
interface PixelKernel {
  readonly memory: WebAssembly.Memory;
  readonly luma: (from: number, to: number, count: number, channels: number) => void;
  readonly halve: (from: number, width: number, rows: number, to: number) => void;
  readonly squares: (a: number, b: number, width: number, count: number, to: number) => void;
}

const channelsOf = (picture: Plane | Pixels): number => ('channels' in picture ? picture.channels : 1);

/** So many pixels are worked on at a time, where rows are not longer: they and what is made of them stay in the processor's second cache. */
const stripPixels = 16_384;
/** Whole vectors are read and written: up to 63 bytes behind the ends. */
const slack = 64;

/** The kernel with its memory, which grows with the width of pictures and not with their height. */
class Strips {
  private readonly kernel: PixelKernel;
  private bytes: Uint8Array;
  private sums: Int32Array;
  /** Where raw pixels, the luma of both pictures, a halved plane and the sums of squares lie. */
  private at = { raw: 0, a: 0, b: 0, half: 0, sums: 0 };
  private pixels = 0;

  constructor(wasm: string) {
    const exported: unknown = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasm, 'base64'))).exports;
    this.kernel = exported as PixelKernel;
    this.bytes = new Uint8Array(0);
    this.sums = new Int32Array(0);
  }

  /** Makes room for strips of so many pixels. */
  reserve(pixels: number): void {
    if (pixels <= this.pixels) return;
    const aligned = (length: number): number => (length + slack + 15) & ~15;
    const a = aligned(4 * pixels);
    const b = a + aligned(pixels);
    const half = b + aligned(pixels);
    const sums = half + aligned(pixels >> 2);
    const { memory } = this.kernel;
    const missing = sums + aligned(pixels >> 2) - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    this.at = { raw: 0, a, b, half, sums };
    this.bytes = new Uint8Array(memory.buffer);
    this.sums = new Int32Array(memory.buffer, sums);
    this.pixels = pixels;
  }

  /** Brings the luma of `count` pixels from `first` on to where `a` or `b` lies. */
  load(data: Uint8Array, channels: number, first: number, count: number, to: 'a' | 'b' = 'a'): void {
    const { bytes, at, kernel } = this;
    const target = at[to];
    const piece = data.subarray(first * channels, (first + count) * channels);
    if (channels === 1) bytes.set(piece, target);
    else if (channels === 2) for (let index = 0; index < count; index++) bytes[target + index] = piece[2 * index] as number;
    else {
      bytes.set(piece, at.raw);
      kernel.luma(at.raw, target, count, channels);
    }
  }

  /** The luma that lies at `a`. */
  luma(count: number): Uint8Array {
    return this.bytes.subarray(this.at.a, this.at.a + count);
  }

  /** Half of what lies at `a` or `b`, a mean of four pixels each; good until the next call. */
  halve(from: 'a' | 'b', width: number, rows: number): Uint8Array {
    this.kernel.halve(this.at[from], width, rows, this.at.half);
    return this.bytes.subarray(this.at.half, this.at.half + rows * (width >> 1));
  }

  /** Four sums of each square of a row of them: of a, of b, of all squared, of the products; good until the next call. */
  squares(offset: number, width: number, count: number): Int32Array {
    this.kernel.squares(this.at.a + offset, this.at.b + offset, width, count, this.at.sums);
    return this.sums;
  }
}

/**
 * The measure for one thread.
 * @param wasm kernels/pixels.wat, compiled, in base64 (kernels/pixels.wasm.ts)
 */
export function similarityWith(wasm: string): SimilarityMeasure {
  let strips: Strips | null = null;
  const ready = (): Strips => (strips ??= new Strips(wasm));
  return { lumaOf: (pixels, channels) => lumaBy(ready(), pixels, channels), similarityOf: (a, b) => similarityBy(ready, a, b) };
}

function lumaBy(strips: Strips, pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return pixels;
  const luma = new Uint8Array(Math.floor(pixels.length / channels));
  strips.reserve(stripPixels);
  for (let first = 0; first < luma.length; first += stripPixels) {
    const count = Math.min(stripPixels, luma.length - first);
    strips.load(pixels, channels, first, count);
    luma.set(strips.luma(count), first);
  }
  return luma;
}

/** Sums over the squares of one scale, by region of the full-size picture. */
interface ScaleSums {
  readonly contrast: Float64Array;
  readonly luminance: Float64Array;
  readonly count: Float64Array;
}

/** Compares one scale, and makes the planes of the next. */
function compareScale(strips: Strips, a: Plane | Pixels, b: Plane | Pixels, scale: number, columns: number, rows: number, halves: readonly [Plane, Plane]): ScaleSums {
  const sums = { contrast: new Float64Array(columns * rows), luminance: new Float64Array(columns * rows), count: new Float64Array(columns * rows) };
  const region = Math.max(1, regionSide >> scale);
  const { width, height } = a;
  // a picture smaller than the grid is compared from its corner
  const from = width < side + shift || height < side + shift ? 0 : shift;
  const across = Math.floor((width - from) / side);
  const columnOf = Int32Array.from({ length: across }, (_, square) => Math.min(columns - 1, Math.floor((from + square * side + shift) / region)));
  const stripRows = side * Math.max(1, Math.floor(stripPixels / (side * width)));
  strips.reserve((from + stripRows) * width);
  // strips end where squares do; the first has what lies above them, too, the last what is left below
  for (let start = 0, end = Math.min(height, from + stripRows); start < height; start = end, end = Math.min(height, end + stripRows)) {
    strips.load(a.data, channelsOf(a), start * width, (end - start) * width, 'a');
    strips.load(b.data, channelsOf(b), start * width, (end - start) * width, 'b');
    halves[0].data.set(strips.halve('a', width, (end - start) >> 1), (start >> 1) * halves[0].width);
    halves[1].data.set(strips.halve('b', width, (end - start) >> 1), (start >> 1) * halves[1].width);
    for (let top = Math.max(from, start); top + side <= end; top += side) {
      const row = Math.min(rows - 1, Math.floor((top + shift) / region)) * columns;
      addRow(sums, strips.squares((top - start) * width + from, width, across), row, columnOf);
    }
  }
  return sums;
}

/** Adds a row of squares to the sums of the regions that they lie in. */
function addRow({ contrast, luminance, count }: ScaleSums, squares: Int32Array, row: number, columnOf: Int32Array): void {
  for (let square = 0, at = 0; square < columnOf.length; square++, at += 4) {
    const meanA = (squares[at] as number) / 64;
    const meanB = (squares[at + 1] as number) / 64;
    const means = meanA * meanB;
    const powers = meanA * meanA + meanB * meanB;
    const cell = row + (columnOf[square] as number);
    contrast[cell] = (contrast[cell] as number) + (2 * ((squares[at + 3] as number) / 64 - means) + c2) / ((squares[at + 2] as number) / 64 - powers + c2);
    luminance[cell] = (luminance[cell] as number) + (2 * means + c1) / (powers + c1);
    count[cell] = (count[cell] as number) + 1;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.every((value, index) => value === b[index]);
interface OwnPlane extends Plane {
  readonly data: Uint8Array<ArrayBuffer>;
}
const half = ({ width, height }: Plane): OwnPlane => ({ data: new Uint8Array((width >> 1) * (height >> 1)), width: width >> 1, height: height >> 1 });

function similarityBy(ready: () => Strips, a: Plane | Pixels, b: Plane | Pixels): Similarity {
  const pixels = a.width * a.height;
  if (a.width !== b.width || a.height !== b.height || a.data.length < pixels * channelsOf(a) || b.data.length < pixels * channelsOf(b)) return { mean: 0, worst: 0 };
  const strips = ready();
  if (Math.min(a.width, a.height) < side) return isSame(lumaBy(strips, a.data, channelsOf(a)), lumaBy(strips, b.data, channelsOf(b))) ? { mean: 1, worst: 1 } : { mean: 0, worst: 0 };
  const [columns, rows] = [Math.max(1, Math.floor(a.width / regionSide)), Math.max(1, Math.floor(a.height / regionSide))];
  const scales: ScaleSums[] = [];
  let [left, right] = [a, b];
  let own: [OwnPlane, OwnPlane] | null = null;
  for (let scale = 0; scale < weights.length && Math.min(left.width, left.height) >= side; scale++) {
    const halves: [OwnPlane, OwnPlane] = [half(left), half(right)];
    scales.push(compareScale(strips, left, right, scale, columns, rows, halves));
    // the collector would find them late: they lie outside of its heap
    for (const { data } of own ?? []) data.buffer.transfer(0);
    [left, right] = own = halves;
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
