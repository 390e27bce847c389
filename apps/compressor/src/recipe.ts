import { LibraryPath } from '@media-pipeline/contracts';
import type { Config } from '@media-pipeline/config';
import type { CompressionSettings } from './encoder.port';

/** Raised whenever the same settings would give other bytes: a rendition of an older recipe is not taken for a new one. */
const recipe = 1;

/** The part of the settings that the encoders see, for the first compression of a file. */
export function compressionSettings(compression: Config['compression']): CompressionSettings {
  return {
    jpegQuality: compression.jpegQuality,
    videoCrf: compression.videoCrf,
    videoPreset: compression.videoPreset,
    resizePercentage: compression.initialResizePercentage,
    videoResolution: compression.initialVideoResolution,
    maxMegapixels: compression.maxMegapixels,
  };
}

/** What a rendition is known by beside its source's hash: everything that changes its bytes, as JSON in a fixed order. */
export function recipeOf(family: 'image' | 'video', settings: CompressionSettings): string {
  const { jpegQuality, resizePercentage, videoCrf, videoPreset, videoResolution } = settings;
  return JSON.stringify(family === 'image' ? { recipe, jpegQuality, resizePercentage } : { recipe, videoCrf, videoPreset, videoResolution });
}

/** `originals/2021/a.jpg` → `compressed/2021/a.jpg`. */
export function renditionPath(original: LibraryPath): LibraryPath {
  return LibraryPath.parse(`compressed/${original.replace(/^originals\//, '')}`);
}
