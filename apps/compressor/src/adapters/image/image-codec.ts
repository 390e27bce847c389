import type { QualitySearch } from '@media-pipeline/contracts';
import { isSameChroma } from '@media-pipeline/media';
import type { CompressionSettings, Findings } from '../../encoder.port';
import type { KeepCode } from '../../keep-code';
import type { MeasureAnswer } from './picture-messages';

export interface ImageSource {
  readonly bytes: Buffer;
  readonly settings: CompressionSettings;
  readonly signal: AbortSignal;
  /** Where scratch files may lie: a name that counts as temporary, to which something may be appended. */
  readonly scratch: string;
  onProgress(fraction: number): void;
}

export interface EncodedImage {
  readonly bytes: Buffer;
  /** What made it, for the record. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly search?: QualitySearch;
  /** These very bytes, decoded to their end and compared with their source as a whole, where that was done already. */
  readonly measured?: MeasureAnswer;
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

/** Everything that had to be equal is: with what that was; or the first difference. */
export type Verdict = { readonly outcome: 'proven'; readonly findings: Findings } | { readonly outcome: 'differs'; readonly difference: Difference };

/**
 * One image format. `encode` and `prove` share nothing but the parsers, so that a fault in the one is seen by the other.
 */
export abstract class ImageCodec {
  /** Whether pixels change: then COMPRESSION_KEEP and MIN_SAVING_PERCENT count. */
  abstract readonly lossy: boolean;
  /** Memory that a job takes at most for each pixel of a frame, in bytes; sharp's, ours and the proof's together. */
  abstract readonly bytesPerPixel: number;
  /** Width, height and number of frames as the header declares them; nothing is decoded. Throws MEDIA_CORRUPT. */
  abstract size(bytes: Buffer): Promise<ImageSize>;
  /** Decodes the picture to its end without treating it. Throws MEDIA_CORRUPT. */
  abstract check(source: ImageSource): Promise<void>;
  /**
   * Decodes to the end and encodes anew. Throws Refusal for a sound picture that must be left alone, MEDIA_CORRUPT for a damaged one.
   */
  abstract encode(source: ImageSource): Promise<EncodedImage>;
  /**
   * Compares everything that must be the same with the original.
   * @param measured what {@link EncodedImage.measured} says of exactly these result bytes, equal by hash; null: both are decoded here
   */
  abstract prove(source: ImageSource, result: Buffer, measured: MeasureAnswer | null): Promise<Verdict>;
}

export interface Difference {
  readonly code: 'METADATA_WOULD_CHANGE' | 'PROOF_FAILED' | 'QUALITY_OUT_OF_REACH';
  readonly reason: string;
}

const differs = (code: Difference['code'], reason: string): Verdict => ({ outcome: 'differs', difference: { code, reason } });
export const metadataDiffers = (reason: string): Verdict => differs('METADATA_WOULD_CHANGE', reason);
export const pictureDiffers = (reason: string): Verdict => differs('PROOF_FAILED', reason);
export const proven = (findings: Findings): Verdict => ({ outcome: 'proven', findings });

/** Below these two pictures are not the same picture, whatever was asked for: a wrong picture or colour (dB, seen from afar), a missing part, a broken square. */
const sameness = { mean: 0.9, worst: 0.6, colour: 26 } as const;

export const lossless: Findings['quality'] = { metric: 'lossless', mean: 1, worst: 1 };
export const likeness = ({ mean, worst, chroma }: { readonly mean: number; readonly worst: number; readonly chroma?: MeasureAnswer['chroma'] }): Findings['quality'] => ({
  ...{ metric: 'ms-ssim-luma', mean: Number(mean.toFixed(5)), worst: Number(worst.toFixed(5)) },
  ...(chroma && { chroma: Number(chroma.own.toFixed(2)) }),
});
/** @param chromaStep where planes were coded one by one: what a step of their quantiser is worth; then their chroma has to be measured */
export const isSame = ({ mean, worst, colour, chroma }: MeasureAnswer, chromaStep: number | null = null): boolean =>
  mean >= sameness.mean && worst >= sameness.worst && colour >= sameness.colour && (chromaStep === null || (chroma !== null && isSameChroma(chroma, chromaStep)));
export const unlike = ({ mean, worst, colour, chroma }: MeasureAnswer): Verdict =>
  pictureDiffers(`the picture differs (MS-SSIM ${mean.toFixed(4)}, ${worst.toFixed(4)} at its worst, colour ${colour.toFixed(1)} dB${chroma ? `, chroma ${chroma.own.toFixed(1)}, ${chroma.crossed.toFixed(1)} crossed, ${chroma.worst.toFixed(1)} at its worst` : ''})`);

/** Thrown by a codec that leaves a sound picture alone for a reason that is not in the file. */
export class KeepOriginal extends Error {
  override readonly name = 'KeepOriginal';

  constructor(
    readonly code: KeepCode,
    message: string,
    /** True when all of the picture has been decoded without complaint on the way. */
    readonly decoded = false,
  ) {
    super(message);
  }
}
