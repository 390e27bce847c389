/**
 * Why an original is passed on as it is. Each is stored with the file's rendition row and shown by `media-pipeline asset show`;
 * none is an error: nothing is lost, the file is only not smaller.
 */
export const keepCodes = {
  ALREADY_COMPRESSED: 'the file is itself a rendition that this pipeline made',
  COMPRESSION_OFF: 'compression is switched off (ENABLE_COMPRESSION, ENABLE_IMAGE_COMPRESSION or ENABLE_VIDEO_COMPRESSION)',
  RUN_LIMIT: 'MAX_FILES_TO_PROCESS renditions have been made in this run',
  NOT_SMALLER: 'the result would not be smaller',
  ALREADY_SMALL: 'the file is so small that there is nothing to gain',
  QUALITY_OUT_OF_REACH: 'no strength of the encoder reaches the wanted quality',
  SCREENSHOT: 'screenshots are not coded with loss (COMPRESSION_KEEP)',
  SPATIAL: 'spatial pictures (COMPRESSION_KEEP) and videos are not coded with loss',
  DEPTH: 'pictures with a depth map are not coded with loss (COMPRESSION_KEEP)',
  MOTION_PHOTO: 'motion photos are not coded with loss (COMPRESSION_KEEP)',
  BURST: 'pictures of a burst are not coded with loss (COMPRESSION_KEEP)',
  EDITED: 'pictures whose editing can be taken back are not coded with loss (COMPRESSION_KEEP)',
  UNSUPPORTED_FORMAT: 'this format cannot be treated without loss',
  UNSUPPORTED_VARIANT: 'the file uses a variant of its format that cannot be treated without loss',
  RAW: 'camera RAW is never touched',
  SIDECAR: 'the file is no picture but goes with one (the steps of an edit)',
  ANIMATED: 'the picture is animated',
  MULTI_PAGE: 'the file holds several pictures',
  HDR_GAIN_MAP: 'the picture has an HDR gain map that cannot be carried over, or that COMPRESSION_KEEP names',
  HDR: 'the picture or video is HDR in a form that cannot be carried over',
  DOLBY_VISION: 'Dolby Vision would be lost',
  TIMED_METADATA: 'the video has timed metadata (Live Photo) that cannot be carried over',
  METADATA_WOULD_CHANGE: 'metadata would be lost or changed',
  PROOF_FAILED: 'the result, decoded again, is not what the source is',
  GRAFT_OFF: 'the format can only be treated by exchanging its payload, which is switched off (PAYLOAD_GRAFT_HEIC)',
  NEEDS_MEMORY: 'the file alone would take more memory than MEMORY_LIMIT or the machine has',
  ENCODER_MISSING: 'the encoder for this format is not on this machine',
  ENCODER_FAILED: 'the encoder could not treat this file',
} as const;

export type KeepCode = keyof typeof keepCodes;
