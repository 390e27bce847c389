import type { Config } from '@media-pipeline/config';
import type { QualitySearch, RenditionProof } from '@media-pipeline/contracts';
import type { ImageTrait, MediaType } from '@media-pipeline/media';
import type { KeepCode } from './keep-code';

/** What an encoder may be told; the part of the settings that changes what comes out. */
export interface CompressionSettings {
  /** 1..100 (JPEG_QUALITY); null: what {@link qualityScore} asks for. */
  readonly jpegQuality: number | null;
  /** The least MS-SSIM of luma, 0..1 (QUALITY_TARGET). */
  readonly qualityScore: number;
  /** What a lossy rendition saves at least, as a share (MIN_SAVING_PERCENT). */
  readonly minSaving: number;
  /** Whether only the payload is exchanged (PAYLOAD_GRAFT_…). */
  readonly graft: { readonly jpeg: boolean; readonly heic: boolean; readonly video: boolean };
  /** What is never coded with loss (COMPRESSION_KEEP). */
  readonly keep: readonly ImageTrait[];
  /** A fixed constant rate factor, 0..63 (VIDEO_CRF); null: what {@link qualityScore} asks for. */
  readonly videoCrf: number | null;
  /** VIDEO_ENCODER; x265 where that one cannot be used. */
  readonly videoEncoder: Config['compression']['videoEncoder'];
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
  | { readonly outcome: 'encoded'; readonly settings: Readonly<Record<string, unknown>>; readonly search?: QualitySearch }
  /** Nothing was made that may count; the original is passed on. */
  | { readonly outcome: 'kept'; readonly code: KeepCode; readonly reason: string };

export const kept = (code: KeepCode, reason: string): Extract<EncodeResult, { outcome: 'kept' }> => ({ outcome: 'kept', code, reason });

/** What a job will take at most, by estimate from what the header says; bytes. */
export interface Footprint {
  readonly memory: number;
  /** Beside the rendition: scratch files in its directory, and the rendition itself. */
  readonly disk: number;
}

/** What a prover found equal, for the record. */
export type Findings = Pick<RenditionProof, 'dimensions' | 'metadata' | 'embedded' | 'quality'>;

/**
 * Makes a smaller rendition of one file. Decodes the source to its end on the way: throws PipelineError MEDIA_CORRUPT when
 * that fails, MEDIA_TOO_LARGE before decoding a picture beyond the limit, PROGRAM_MISSING or PROGRAM_FAILED for the machine.
 */
export abstract class Encoder {
  abstract encode(job: EncodeJob): Promise<EncodeResult>;

  /** Asked before the job begins; a job that has no room waits. Null: not known, nothing is waited for. */
  footprint(_job: EncodeJob): Promise<Footprint | null> {
    return Promise.resolve(null);
  }
}

/** The two that the module binds; classes, since Nest injects by class. */
export abstract class ImageEncoder extends Encoder {}
export abstract class VideoEncoder extends Encoder {}

/** Decodes the result again and compares it with its source: null when it may count, else why it may not. */
export abstract class Prover {
  abstract prove(job: EncodeJob): Promise<{ readonly code: KeepCode; readonly reason: string } | null>;

  /** What the last proof of this job found equal, when it gave null. Null: the adapter keeps no record. */
  findings(_job: EncodeJob): Findings | null {
    return null;
  }
}
export abstract class ImageProver extends Prover {}
export abstract class VideoProver extends Prover {}
