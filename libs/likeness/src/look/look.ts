import sharp from 'sharp';
import { bitsOf, sharpnessOf } from './bits';
import { shrink, type Raster } from './raster';

/** Changes when fingerprints are made in another way: those of an older version are made anew. */
export const lookVersion = 1;
/** Longest side of what sharpness is measured on. */
const viewSide = 256;
/** Both sides of the picture that is kept for comparing. */
export const sketchSide = 64;

/** What is remembered of one picture or frame. */
export interface Look {
  /** Null: the picture is flat. */
  readonly bits: string | null;
  readonly gradient: string | null;
  /** The picture squeezed into 64 × 64, WebP, base64. */
  readonly sketch: string;
  readonly sharpness: number;
}

/** Pixels as a decoder gave them, upright, with 3 or 4 channels. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export async function lookAt(pixels: Pixels): Promise<Look> {
  const scale = viewSide / Math.max(pixels.width, pixels.height);
  const size = (length: number): number => Math.max(1, Math.min(length, Math.round(length * scale)));
  const view: Raster = shrink(pixels, size(pixels.width), size(pixels.height));
  const small = shrink({ ...view, channels: 3 }, sketchSide, sketchSide);
  const bits = bitsOf(view);
  const webp = await sharp(small.data, { raw: { width: sketchSide, height: sketchSide, channels: 3 } }).webp({ quality: 88, effort: 2 }).toBuffer();
  return { bits: bits?.bits ?? null, gradient: bits?.gradient ?? null, sketch: webp.toString('base64'), sharpness: sharpnessOf(view) };
}

/**
 * Pixels of anything that libvips decodes, upright, no larger than needed: a JPEG is decoded at an eighth of its size where that is enough.
 * @param turn degrees clockwise that make a picture upright which does not say so itself
 */
export async function decodeSmall(source: string | Buffer, turn = 0): Promise<Pixels & { readonly fullWidth: number; readonly fullHeight: number }> {
  const options = { failOn: 'none', limitInputPixels: false, sequentialRead: turn === 0 } as const;
  const { autoOrient, orientation = 1 } = await sharp(source, options).metadata();
  const angle = orientation === 1 ? turn : 0;
  const { data, info } = await (angle === 0 ? sharp(source, options).autoOrient() : sharp(source, options).rotate(angle))
    .resize(viewSide * 2, viewSide * 2, { fit: 'inside', withoutEnlargement: true, fastShrinkOnLoad: true })
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const lying = angle % 180 !== 0;
  return { data, width: info.width, height: info.height, channels: info.channels, fullWidth: lying ? autoOrient.height : autoOrient.width, fullHeight: lying ? autoOrient.width : autoOrient.height };
}
