/** Red, green and blue bytes, row by row. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The mean of each area: every pixel of the source counts, so that the same picture in any size gives nearly the same result. `channels` of the source: 3 or 4. */
export function shrink(source: { readonly data: Uint8Array | Uint8ClampedArray; readonly width: number; readonly height: number; readonly channels: number }, width: number, height: number): Raster {
  const { data, channels } = source;
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = spanOf(y, height, source.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = spanOf(x, width, source.width);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let row = top; row < bottom; row++) {
        for (let at = (row * source.width + left) * channels, end = (row * source.width + right) * channels; at < end; at += channels) {
          red += data[at] ?? 0;
          green += data[at + 1] ?? 0;
          blue += data[at + 2] ?? 0;
        }
      }
      const count = (bottom - top) * (right - left);
      const to = (y * width + x) * 3;
      out[to] = red / count;
      out[to + 1] = green / count;
      out[to + 2] = blue / count;
    }
  }
  return { width, height, data: out };
}

const spanOf = (index: number, parts: number, length: number): readonly [number, number] => {
  const from = Math.min(length - 1, Math.floor((index * length) / parts));
  return [from, Math.max(from + 1, Math.floor(((index + 1) * length) / parts))];
};

/** Brightness as television has it (BT.601), 0–255. */
export function lumaOf({ data, width, height }: Raster): Float32Array {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) luma[i] = 0.299 * (data[i * 3] ?? 0) + 0.587 * (data[i * 3 + 1] ?? 0) + 0.114 * (data[i * 3 + 2] ?? 0);
  return luma;
}
