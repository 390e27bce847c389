/**
 * Luma and chroma of a picture as planes of their own sizes, out of pixels in which chroma was drawn out to the size of luma.
 *
 * libjpeg draws chroma out by a triangle: where two samples were one, each becomes three quarters of its own and a quarter of its neighbour
 * (h2v1_fancy_upsample, h1v2_fancy_upsample of libjpeg-turbo's jdsample.c). A mean of both would be a little softer than what was stored, and
 * softer again each time; but the mean of each pair is ⅛, ¾ and ⅛ of three stored samples, an equation that can be solved for all of them.
 *
 * This file imports nothing: it is also loaded by path into worker threads.
 */

export interface SamplePlane {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface PlaneSteps {
  /** How many samples of luma stand beside one of chroma, across and down: 1, 2 or 4 of them in all. */
  readonly across: number;
  readonly down: number;
}

/**
 * @param pixels luma, Cb and Cr side by side, three bytes each
 * @param drawn `libjpeg`: chroma was drawn out by libjpeg, and is what was stored to within a rounding; `otherwise`: means
 */
export function planesOf(pixels: { readonly data: Uint8Array; readonly width: number; readonly height: number }, { across, down }: PlaneSteps, drawn: 'libjpeg' | 'otherwise'): readonly [SamplePlane, SamplePlane, SamplePlane] {
  const { data, width, height } = pixels;
  const luma = new Uint8Array(width * height);
  for (let to = 0, from = 0; to < luma.length; to++, from += 3) luma[to] = data[from] as number;
  const size = { width: Math.ceil(width / across), height: Math.ceil(height / down) };
  const chroma = (channel: number): SamplePlane => {
    const plane = { ...size, data: new Uint8Array(size.width * size.height) };
    // lines run along the direction in which samples were left out
    const along = across > 1 ? { lines: height, nextLine: width * 3, next: 3, length: width, toLine: size.width, to: 1 } : { lines: width, nextLine: 3, next: width * 3, length: height, toLine: 1, to: size.width };
    const line = lineReader(along.length, across * down, drawn);
    for (let index = 0; index < along.lines; index++) line(data, index * along.nextLine + channel, along.next, plane.data, index * along.toLine, along.to);
    return plane;
  };
  return [{ data: luma, width, height }, chroma(1), chroma(2)];
}

type LineReader = (from: Uint8Array, start: number, step: number, to: Uint8Array, toStart: number, toStep: number) => void;

function lineReader(length: number, steps: number, drawn: 'libjpeg' | 'otherwise'): LineReader {
  const count = Math.ceil(length / steps);
  // libjpeg draws out triangles from three samples on, pairs alone; all others it repeats
  return drawn === 'libjpeg' && steps === 2 && count > 2 ? solver(length, count) : averager(length, steps, count);
}

const averager =
  (length: number, steps: number, count: number): LineReader =>
  (from, start, step, to, toStart, toStep) => {
    for (let index = 0; index < count; index++) {
      const last = Math.min(length, (index + 1) * steps);
      let sum = 0;
      for (let at = index * steps; at < last; at++) sum += from[start + at * step] as number;
      to[toStart + index * toStep] = Math.round(sum / (last - index * steps));
    }
  };

/**
 * Gauss for a matrix of three diagonals, whose factors are the same for each line. The first sample, and with an even length the last,
 * stand there as they were stored; of an odd length's last pair only the first half is there.
 */
function solver(length: number, count: number): LineReader {
  const even = length % 2 === 0;
  const last = count - 1;
  const below = new Float64Array(count).fill(1 / 8, 1, last);
  const above = new Float64Array(count).fill(1 / 8, 1, last);
  const pivot = new Float64Array(count).fill(6 / 8);
  pivot[0] = 1;
  if (even) pivot[last] = 1;
  else below[last] = 1 / 4;
  const factor = new Float64Array(count);
  for (let index = 1; index < count; index++) {
    factor[index] = (below[index] as number) / (pivot[index - 1] as number);
    pivot[index] = (pivot[index] as number) - (factor[index] as number) * (above[index - 1] as number);
  }
  const known = new Float64Array(count);
  return (from, start, step, to, toStart, toStep) => {
    known[0] = from[start] as number;
    for (let index = 1, at = start + 2 * step; index < last; index++, at += 2 * step) {
      known[index] = ((from[at] as number) + (from[at + step] as number)) / 2 - (factor[index] as number) * (known[index - 1] as number);
    }
    known[last] = (from[start + (length - 1) * step] as number) - (factor[last] as number) * (known[last - 1] as number);
    let sample = known[last] / (pivot[last] as number);
    for (let index = last; ; index--) {
      to[toStart + index * toStep] = Math.min(255, Math.max(0, Math.round(sample)));
      if (index === 0) break;
      sample = ((known[index - 1] as number) - (above[index - 1] as number) * sample) / (pivot[index - 1] as number);
    }
  };
}
