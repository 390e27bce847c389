import { writeFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { Refusal, traitsOf } from '@media-pipeline/media';
import { ImageEncoder, kept, type EncodeJob, type EncodeResult, type Footprint } from '../../encoder.port';
import { keptByTrait } from '../../policy';
import type { ImageCodecs } from './codecs';
import { KeepOriginal, type ImageCodec, type ImageSize, type ImageSource } from './image-codec';
import { readSource, rememberMeasured } from './image-job';

/** Coding without loss has to save so much; nothing is given away for it. */
const leastLosslessSaving = 0.01;
/** Smaller files are only looked at: metadata is most of them. */
export const tinyBytes = 4096;
/** Fewer pixels than a thumbnail has: such pictures are enlarged to be seen, which the measure of likeness does not know, and there is nothing to be saved. */
const tinyPixels = 160 * 120;
/** Animations are decoded frame by frame up to this many times MAX_MEGAPIXELS. */
const animationFactor = 20;
/** What a job takes whatever the picture: a thread, an ffmpeg with x265. */
const baseMemory = 64 * 1024 * 1024;

/** Images in their own format: JPEG, PNG, WebP, TIFF and HEIC are treated, GIF is looked at; everything else is passed on. */
export class CodecImageEncoder extends ImageEncoder {
  constructor(private readonly codecs: ImageCodecs) {
    super();
  }

  override async footprint(job: EncodeJob): Promise<Footprint | null> {
    const codec = this.codecs.get(job.type.format);
    if (!codec) return null;
    const { bytes } = await readSource(job);
    const { width, height } = await codec.size(bytes);
    // a picture beyond MAX_MEGAPIXELS is never decoded: it need not wait to be told so
    const pixels = width * height > job.settings.maxMegapixels * 1_000_000 ? 0 : width * height;
    return { memory: baseMemory + bytes.length * 4 + pixels * codec.bytesPerPixel, disk: bytes.length * 3 };
  }

  override async encode(job: EncodeJob): Promise<EncodeResult> {
    const codec = this.codecs.get(job.type.format);
    if (!codec) return kept('UNSUPPORTED_FORMAT', `${job.type.format} pictures are passed on as they are`);
    // what is begun is ended when the stage is asked to stop (seconds); nothing new is begun then
    job.signal.throwIfAborted();
    const source = await readSource(job);
    const { width, height, frames } = await this.assertSize(codec, source);
    if (source.bytes.length < tinyBytes) {
      await codec.check(source);
      return kept('ALREADY_SMALL', `the file has ${source.bytes.length} bytes`);
    }
    if (codec.lossy && frames === 1 && width * height < tinyPixels) {
      await codec.check(source);
      return kept('ALREADY_SMALL', `the picture has ${width} × ${height} pixels, fewer than a thumbnail`);
    }
    const byTrait = codec.lossy ? keptByTrait(traitsOf(source.bytes, job.type.format), job.settings.keep) : null;
    if (byTrait) {
      await codec.check(source);
      return kept(byTrait.code, byTrait.reason);
    }
    try {
      const { bytes, settings, measured, search } = await codec.encode(source);
      const saved = 1 - bytes.length / source.bytes.length;
      const least = codec.lossy ? job.settings.minSaving : leastLosslessSaving;
      if (saved < least || saved <= 0) return kept('NOT_SMALLER', `the result would have ${bytes.length} bytes, the original has ${source.bytes.length}`);
      if (measured) rememberMeasured(job, bytes, measured);
      await writeFile(job.temporary, bytes);
      return { outcome: 'encoded', settings, ...(search && { search }) };
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof KeepOriginal)) throw error;
      // what is passed on untreated is proven readable all the same; a search has decoded it already
      if (!(error instanceof KeepOriginal && error.decoded)) await codec.check(source);
      return kept(error.code, error.message);
    }
  }

  /** Throws MEDIA_TOO_LARGE before a pixel of a picture beyond the limit is decoded. */
  private async assertSize(codec: ImageCodec, { bytes, settings }: ImageSource): Promise<ImageSize> {
    const { width, height, frames } = await codec.size(bytes);
    const megapixels = (width * height) / 1_000_000;
    if (megapixels > settings.maxMegapixels || (megapixels * frames) / animationFactor > settings.maxMegapixels) {
      throw new PipelineError('MEDIA_TOO_LARGE', `the picture claims ${width} × ${height} pixels${frames > 1 ? ` in ${frames} frames` : ''}; the limit is ${settings.maxMegapixels} megapixels`);
    }
    return { width, height, frames };
  }
}
