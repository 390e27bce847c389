import type { MediaType } from '@media-pipeline/media';
import type { KeepCode } from './keep-code';

/** What an encoder may be told; the part of the settings that changes what comes out. */
export interface CompressionSettings {
  /** 1..100 (JPEG_QUALITY). */
  readonly jpegQuality: number;
  /** x265/x264 constant rate factor, 0..51 (VIDEO_CRF). */
  readonly videoCrf: number;
  /** x265 preset (VIDEO_PRESET). */
  readonly videoPreset: string;
  /** 100 leaves pictures their size (INITIAL_RESIZE_PERCENTAGE). */
  readonly resizePercentage: number;
  /** Upper bound of a video's shorter side in pixels; null leaves it (INITIAL_VIDEO_RESOLUTION). */
  readonly videoResolution: number | null;
  /** A picture with more pixels (in millions) is never decoded (MAX_MEGAPIXELS). */
  readonly maxMegapixels: number;
}

export interface EncodeJob {
  /** Absolute path of the original; read only. */
  readonly source: string;
  /** Absolute path to write; in the directory of the final file, removed by the service unless it is adopted. */
  readonly temporary: string;
  readonly type: MediaType;
  readonly settings: CompressionSettings;
  readonly signal: AbortSignal;
  /** 0..1. */
  onProgress(fraction: number): void;
}

export type EncodeResult =
  /** A file lies at `temporary` and the encoder has checked what only it can; `settings` name the encoder and its version. */
  | { readonly outcome: 'encoded'; readonly settings: Readonly<Record<string, unknown>> }
  /** Nothing was made that may count; the original is passed on. */
  | { readonly outcome: 'kept'; readonly code: KeepCode; readonly reason: string };

export const kept = (code: KeepCode, reason: string): EncodeResult => ({ outcome: 'kept', code, reason });

/**
 * Makes a smaller rendition of one file. Decodes the source to its end on the way: throws PipelineError MEDIA_CORRUPT when
 * that fails, MEDIA_TOO_LARGE before decoding a picture beyond the limit, PROGRAM_MISSING or PROGRAM_FAILED for the machine.
 */
export abstract class Encoder {
  abstract encode(job: EncodeJob): Promise<EncodeResult>;
}

/** The two that the module binds; classes, since Nest injects by class. */
export abstract class ImageEncoder extends Encoder {}
export abstract class VideoEncoder extends Encoder {}

/** Decodes the result again and compares it with its source: null when it may count, else why it may not. */
export abstract class Prover {
  abstract prove(job: EncodeJob): Promise<{ readonly code: KeepCode; readonly reason: string } | null>;
}
export abstract class ImageProver extends Prover {}
export abstract class VideoProver extends Prover {}
