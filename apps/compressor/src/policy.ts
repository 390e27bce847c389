import type { ImageTrait, MediaType } from '@media-pipeline/media';
import { keepCodes, type KeepCode } from './keep-code';

/** The switches that say what is compressed at all. */
export interface CompressionToggles {
  readonly compression: boolean;
  readonly imageCompression: boolean;
  readonly videoCompression: boolean;
}

export interface Keep {
  readonly code: KeepCode;
  readonly reason: string;
}

const keep = (code: KeepCode, reason: string = keepCodes[code]): Keep => ({ code, reason });

/** Whether nothing at all is compressed: then no file need be read. */
export const allOff = ({ compression, imageCompression, videoCompression }: CompressionToggles): boolean => !compression || (!imageCompression && !videoCompression);

/**
 * What the type of a file alone decides: null when it goes to its encoder (which looks at the content: HDR, animation, Dolby Vision,
 * timed metadata …), else why the original is passed on. `made` counts the renditions of this run.
 */
export function keptByType(type: MediaType, toggles: CompressionToggles, made: number, maxFiles: number | null): Keep | null {
  if (!toggles.compression) return keep('COMPRESSION_OFF');
  if (type.family === 'image' && !toggles.imageCompression) return keep('COMPRESSION_OFF', 'image compression is switched off (ENABLE_IMAGE_COMPRESSION)');
  if (type.family === 'video' && !toggles.videoCompression) return keep('COMPRESSION_OFF', 'video compression is switched off (ENABLE_VIDEO_COMPRESSION)');
  if (type.format === 'raw' || type.format === 'dng') return keep('RAW');
  if (maxFiles !== null && made >= maxFiles) return keep('RUN_LIMIT', `this run has made ${made} renditions, as many as MAX_FILES_TO_PROCESS allows`);
  return null;
}

const traitCodes: Readonly<Record<ImageTrait, KeepCode>> = {
  screenshot: 'SCREENSHOT',
  spatial: 'SPATIAL',
  gain_map: 'HDR_GAIN_MAP',
  depth: 'DEPTH',
  motion_photo: 'MOTION_PHOTO',
  burst: 'BURST',
  edited: 'EDITED',
};

/** Whether the user wants pictures of such traits left alone (COMPRESSION_KEEP). */
export function keptByTrait(traits: ReadonlySet<ImageTrait>, wanted: readonly ImageTrait[]): Keep | null {
  const trait = wanted.find((candidate) => traits.has(candidate));
  return trait === undefined ? null : keep(traitCodes[trait], `${trait.replace('_', ' ')}: left as it is (COMPRESSION_KEEP)`);
}

/** Decisions that say something of the moment or the machine rather than of the file: taken anew each time. */
const passing = new Set<KeepCode>(['COMPRESSION_OFF', 'RUN_LIMIT', 'NEEDS_MEMORY', 'ENCODER_MISSING', 'ENCODER_FAILED']);

export const isPassing = (code: KeepCode): boolean => passing.has(code);

/** Whether what was once decided for the same bytes and settings still holds. */
export const stillHolds = (outcome: 'compressed' | 'kept', code: string | null): boolean => outcome === 'compressed' || !passing.has(code as KeepCode);
