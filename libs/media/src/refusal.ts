export type RefusalCode = 'UNSUPPORTED_VARIANT' | 'ANIMATED' | 'MULTI_PAGE' | 'HDR_GAIN_MAP' | 'HDR' | 'METADATA_WOULD_CHANGE';

/**
 * A sound file that must not be taken apart: its variant is one that we cannot put together again without loss.
 * Nothing is wrong with it (that is PipelineError MEDIA_CORRUPT); it is passed on as it is.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }
}
