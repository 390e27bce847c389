import type { CompressionSettings } from '../../encoder.port';
import type { KeepCode } from '../../keep-code';

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
}

/**
 * One image format. `encode` and `prove` share nothing but the parsers, so that a fault in the one is seen by the other.
 */
export abstract class ImageCodec {
  /** Width, height and number of frames as the header declares them; nothing is decoded. Throws MEDIA_CORRUPT. */
  abstract size(bytes: Buffer): Promise<{ readonly width: number; readonly height: number; readonly frames: number }>;
  /** Decodes the picture to its end without treating it. Throws MEDIA_CORRUPT. */
  abstract check(source: ImageSource): Promise<void>;
  /**
   * Decodes to the end and encodes anew. Throws Refusal for a sound picture that must be left alone, MEDIA_CORRUPT for a damaged one.
   */
  abstract encode(source: ImageSource): Promise<EncodedImage>;
  /** Decodes the result and compares everything that must be the same with the original: null, or the first difference. */
  abstract prove(source: ImageSource, result: Buffer): Promise<Difference | null>;
}

export interface Difference {
  readonly code: 'METADATA_WOULD_CHANGE' | 'PROOF_FAILED';
  readonly reason: string;
}

export const metadataDiffers = (reason: string): Difference => ({ code: 'METADATA_WOULD_CHANGE', reason });
export const pictureDiffers = (reason: string): Difference => ({ code: 'PROOF_FAILED', reason });

/** Below this (dB, seen at an eighth of the size) two pictures are not the same picture. */
export const thumbnailFloor = 26;

/** Thrown by a codec that leaves a sound picture alone for a reason that is not in the file. */
export class KeepOriginal extends Error {
  override readonly name = 'KeepOriginal';

  constructor(
    readonly code: KeepCode,
    message: string,
  ) {
    super(message);
  }
}
