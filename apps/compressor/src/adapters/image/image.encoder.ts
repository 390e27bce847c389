import { readFile, stat, writeFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { Refusal } from '@media-pipeline/media';
import { ImageEncoder, kept, type EncodeJob, type EncodeResult } from '../../encoder.port';
import type { ImageCodecs } from './codecs';
import { KeepOriginal, type ImageCodec, type ImageSource } from './image-codec';

/** A result has to save this part of the file at least: less is not worth a second generation of coding. */
export const leastSaving = 0.05;
/** The same for coding without loss, where nothing is given away. */
const leastLosslessSaving = 0.01;
const lossless = new Set(['png', 'tiff']);
/** Smaller files are only looked at: metadata is most of them. */
export const tinyBytes = 4096;
/** Animations are decoded frame by frame up to this many times MAX_MEGAPIXELS. */
const animationFactor = 20;

/** Images in their own format: JPEG, PNG, WebP, TIFF and HEIC are treated, GIF is looked at; everything else is passed on. */
export class CodecImageEncoder extends ImageEncoder {
  constructor(private readonly codecs: ImageCodecs) {
    super();
  }

  override async encode(job: EncodeJob): Promise<EncodeResult> {
    const codec = this.codecs.get(job.type.format);
    if (!codec) return kept('UNSUPPORTED_FORMAT', `${job.type.format} pictures are passed on as they are`);
    // what is begun is ended when the stage is asked to stop (seconds); nothing new is begun then
    job.signal.throwIfAborted();
    const source = await readSource(job);
    await this.assertSize(codec, source);
    if (source.bytes.length < tinyBytes) {
      await codec.check(source);
      return kept('ALREADY_SMALL', `the file has ${source.bytes.length} bytes`);
    }
    try {
      const { bytes, settings } = await codec.encode(source);
      const saved = 1 - bytes.length / source.bytes.length;
      const least = lossless.has(job.type.format) ? leastLosslessSaving : leastSaving;
      if (saved < least) return kept('NOT_SMALLER', `the result would have ${bytes.length} bytes, the original has ${source.bytes.length}`);
      await writeFile(job.temporary, bytes);
      return { outcome: 'encoded', settings };
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof KeepOriginal)) throw error;
      // what is passed on untreated is proven readable all the same
      await codec.check(source);
      return kept(error.code, error.message);
    }
  }

  /** Throws MEDIA_TOO_LARGE before a pixel of a picture beyond the limit is decoded. */
  private async assertSize(codec: ImageCodec, { bytes, settings }: ImageSource): Promise<void> {
    const { width, height, frames } = await codec.size(bytes);
    const megapixels = (width * height) / 1_000_000;
    if (megapixels > settings.maxMegapixels || (megapixels * frames) / animationFactor > settings.maxMegapixels) {
      throw new PipelineError('MEDIA_TOO_LARGE', `the picture claims ${width} × ${height} pixels${frames > 1 ? ` in ${frames} frames` : ''}; the limit is ${settings.maxMegapixels} megapixels`);
    }
  }
}

/** A file that an image codec reads whole; larger ones are no photos, or raw scans whose pixels are beyond the limit anyway. */
const maxBytes = 1024 * 1024 * 1024;

/** The bytes of jobs under way, so that the proof need not read them again; the service makes sure that the file is the same before and after. */
const sources = new WeakMap<EncodeJob, ImageSource>();

export async function readSource(job: EncodeJob): Promise<ImageSource> {
  const { source, settings, signal, temporary } = job;
  const before = sources.get(job);
  if (before) return before;
  const { size } = await stat(source);
  if (size > maxBytes) throw new PipelineError('MEDIA_TOO_LARGE', `the picture has ${size} bytes`);
  const bytes = await readFile(source);
  const read: ImageSource = { bytes, settings, signal, scratch: temporary, onProgress: (fraction) => job.onProgress(fraction) };
  sources.set(job, read);
  return read;
}
