import sharp from 'sharp';
import { PipelineError } from '@media-pipeline/contracts';

// one job per core does the spreading; libvips' own threads and its cache would only hold memory between jobs
sharp.concurrency(1);
sharp.cache(false);

export { sharp };
export const sharpVersion = sharp.versions.sharp;

/**
 * How every picture is opened: a warning of the decoder is damage, the profile is not applied (pixels stay in their own colour space),
 * and the size was checked before.
 */
export const strict = { failOn: 'warning', ignoreIcc: true, limitInputPixels: false, sequentialRead: true } as const;

/** libvips says the same once for each time that it has tried. */
const linesOf = (message: string): string[] => [...new Set(message.split('\n').map((line) => line.trim().replace(/\s+/g, ' ')))].filter((line) => line !== '');

/** Runs a decode of a *source*: what libvips says then is about the file, unless it ran out of memory or space. */
export async function decoding<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (/memory|No space left|Input\/output error/i.test(message)) throw new PipelineError('IO_ERROR', `the picture cannot be decoded now: ${message}`, { cause: error });
    throw new PipelineError('MEDIA_CORRUPT', `the picture cannot be decoded to its end: ${linesOf(message).join('; ')}`, { cause: error });
  }
}

/** Decodes every pixel (all frames of an animation) and keeps none. Throws MEDIA_CORRUPT. */
export async function assertDecodes(bytes: Buffer, options: { readonly animated?: boolean } = {}): Promise<void> {
  await decoding(() => sharp(bytes, { ...strict, ...options }).stats());
}

/** Greyscale and 16 bits stay what they are: libvips would make sRGB of them. */
export function ownColourSpace(metadata: sharp.Metadata): 'b-w' | 'grey16' | 'rgb16' | 'srgb' {
  const deep = metadata.depth === 'ushort';
  return metadata.channels < 3 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb';
}

/** Every sample of the picture, undithered, at its own depth. */
export async function rawPixels(bytes: Buffer): Promise<{ readonly data: Buffer; readonly shape: string }> {
  const metadata = await sharp(bytes, strict).metadata();
  const space = ownColourSpace(metadata);
  const { data, info } = await sharp(bytes, strict)
    .toColourspace(space)
    .raw({ depth: metadata.depth === 'ushort' ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { data, shape: `${info.width}x${info.height}x${info.channels} ${space}` };
}

/** Null when both pictures have exactly the same samples, else why not. */
export async function pixelDifference(original: Buffer, result: Buffer): Promise<string | null> {
  const [before, after] = [await rawPixels(original), await rawPixels(result)];
  if (before.shape !== after.shape) return `the samples are ${after.shape}, not ${before.shape}`;
  return before.data.equals(after.data) ? null : 'a pixel differs';
}
