import { PipelineError } from '@media-pipeline/contracts';
import { identify, readCaptureDate } from '@media-pipeline/media';
import { decodeHeic } from './heic';
import { decodeSmall, lookAt, type Look } from './look';
import { readRawPreview } from './raw';
import { lookAtVideo } from './video';

/** How a file looks, and what else helps to tell a copy from another picture of the same scene. */
export interface FileLook {
  /** One for a photo, up to five for a video. */
  readonly frames: readonly Look[];
  readonly width: number;
  readonly height: number;
  /** Null for a photo. */
  readonly durationMs: number | null;
  /** As the camera wrote it; a file's own date does not count. */
  readonly takenAt: string | null;
}

export interface LookOptions {
  /** Larger HEICs without a thumbnail are not decoded. */
  readonly maxMegapixels: number;
}

/**
 * Looks at a photo or video at the least cost: shrink-on-load, embedded thumbnail or preview, five frames.
 * @throws FILE_MISSING, FILE_UNREADABLE, NOT_MEDIA, MEDIA_CORRUPT, MEDIA_TOO_LARGE, PROGRAM_MISSING
 */
export async function lookAtFile(file: string, { maxMegapixels }: LookOptions): Promise<FileLook> {
  const type = await identify(file);
  if (!type) throw new PipelineError('NOT_MEDIA', 'neither a photo nor a video');
  const { date } = await readCaptureDate(file, { useMetadata: true, fallbackToFileDate: false, filename: '', modifiedAt: null });
  if (type.family === 'video') return { ...(await lookAtVideo(file)), takenAt: date };
  const pixels = await pixelsOf(file, type.format, maxMegapixels);
  return { frames: [await lookAt(pixels)], width: pixels.fullWidth, height: pixels.fullHeight, durationMs: null, takenAt: date };
}

async function pixelsOf(file: string, format: string, maxMegapixels: number): ReturnType<typeof decodeSmall> {
  if (format === 'heic') return decodeHeic(file, maxMegapixels);
  if (format !== 'dng' && format !== 'raw') return decoded(file);
  const { jpeg, turn, width, height } = await readRawPreview(file);
  const pixels = await decoded(jpeg, turn);
  return { ...pixels, fullWidth: width ?? pixels.fullWidth, fullHeight: height ?? pixels.fullHeight };
}

const decoded = (source: string | Buffer, turn = 0): ReturnType<typeof decodeSmall> =>
  decodeSmall(source, turn).catch((error: unknown) => {
    throw new PipelineError('MEDIA_CORRUPT', `it cannot be decoded: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
