/**
 * How alike the colours of two pictures are, in ways that a picture with the wrong planes cannot pass: luma alone would not tell them.
 *
 * This file imports nothing: it is also loaded by path into worker threads.
 */

/** Interleaved red, green and blue, and whatever follows them. */
export interface ColourPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** All in levels of Cb and Cr (0 to 255), root mean square where nothing else is said. */
export interface ChromaDifference {
  /** Sample by sample, of both planes. */
  readonly own: number;
  /** Between each plane and the other one of the other picture: what `own` would be if they were exchanged. */
  readonly crossed: number;
  /** Of the means of squares of {@link squareSide} pixels, of the worse plane: seen from afar, where the coding's noise is gone. */
  readonly squares: number;
  /** The greatest difference of such a mean. */
  readonly worst: number;
}

export const squareSide = 32;

/** ITU-R BT.601, full range, without the 128 that a difference does not have. */
const cb = (red: number, green: number, blue: number): number => -0.168736 * red - 0.331264 * green + 0.5 * blue;
const cr = (red: number, green: number, blue: number): number => 0.5 * red - 0.418688 * green - 0.081312 * blue;

/** Of two pictures of one size with three channels at least. */
export function chromaDifference(before: ColourPixels, after: ColourPixels): ChromaDifference {
  const { width, height } = before;
  // what is left at the right and below belongs to the last square: a single column of pixels has no mean to speak of
  const columns = Math.max(1, Math.floor(width / squareSide));
  const lastBand = Math.max(1, Math.floor(height / squareSide)) - 1;
  const squares = { cb: new Float64Array(columns), cr: new Float64Array(columns), count: new Float64Array(columns) };
  let own = 0;
  let crossed = 0;
  let count = 0;
  const far = { cb: 0, cr: 0, count: 0, worst: 0 };
  const closeRow = (): void => {
    for (let column = 0; column < columns; column++) {
      const samples = squares.count[column] as number;
      if (samples === 0) continue;
      const [blue, red] = [(squares.cb[column] as number) / samples, (squares.cr[column] as number) / samples];
      far.cb += blue * blue;
      far.cr += red * red;
      far.count++;
      far.worst = Math.max(far.worst, Math.abs(blue), Math.abs(red));
    }
    for (const sums of Object.values(squares)) sums.fill(0);
  };
  for (let y = 0, band = 0; y < height; y++) {
    if (band < lastBand && y >= (band + 1) * squareSide) {
      band++;
      closeRow();
    }
    for (let x = 0, at = y * width * before.channels, to = y * width * after.channels; x < width; x++, at += before.channels, to += after.channels) {
      const r = before.data[at] as number;
      const g = before.data[at + 1] as number;
      const b = before.data[at + 2] as number;
      const red = (after.data[to] as number) - r;
      const green = (after.data[to + 1] as number) - g;
      const blue = (after.data[to + 2] as number) - b;
      const byCb = cb(red, green, blue);
      const byCr = cr(red, green, blue);
      const apart = cb(r, g, b) - cr(r, g, b);
      const error = byCb * byCb + byCr * byCr;
      own += error;
      // (cr′ − cb)² + (cb′ − cr)², written with what is known
      crossed += error + 2 * apart * (apart + byCb - byCr);
      count++;
      const column = Math.min(columns - 1, (x / squareSide) | 0);
      squares.cb[column] = (squares.cb[column] as number) + byCb;
      squares.cr[column] = (squares.cr[column] as number) + byCr;
      squares.count[column] = (squares.count[column] as number) + 1;
    }
  }
  closeRow();
  const mean = (sum: number, of: number): number => Math.sqrt(sum / Math.max(1, of));
  return { own: mean(own / 2, count), crossed: mean(crossed / 2, count), squares: mean(Math.max(far.cb, far.cr), far.count), worst: far.worst };
}

/**
 * Rounding to a step brings the mean of a block no further than half of it, and those of all blocks by 0.29 of it; several blocks make a
 * square. Twice of that is room for what encoders do beside rounding. The rest is for the way through RGB, in levels.
 */
const room = { squares: { steps: 0.48, levels: 0.2 }, worst: { steps: 0.96, levels: 1 } } as const;
/** A picture without colour is no nearer to its own planes than to exchanged ones; in levels squared. */
const slack = 0.05;

/**
 * Whether a picture has its own colours: no further off from afar than its own quantiser can bring them, on the whole and in any square, and
 * no nearer to exchanged planes than to its own.
 * @param step what a step of the quantiser is worth in the mean of a block, in levels (meanSteps)
 */
export const isSameChroma = ({ own, crossed, squares, worst }: ChromaDifference, step: number): boolean =>
  squares <= room.squares.steps * step + room.squares.levels && worst <= room.worst.steps * step + room.worst.levels && own ** 2 <= crossed ** 2 + slack;
