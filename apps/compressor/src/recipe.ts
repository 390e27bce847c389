import { LibraryPath } from '@media-pipeline/contracts';
import type { Config } from '@media-pipeline/config';
import type { CompressionSettings } from './encoder.port';

/** Raised whenever the same settings would give other bytes: a rendition of an older recipe is not taken for a new one. */
const recipes = { image: 2, video: 2 } as const;

/** The part of the settings that the encoders see, for the first compression of a file. */
export function compressionSettings(compression: Config['compression']): CompressionSettings {
  return {
    jpegQuality: compression.jpegQuality,
    qualityScore: compression.qualityScore,
    minSaving: compression.minSaving,
    graft: compression.graft,
    keep: compression.keep,
    videoCrf: compression.videoCrf,
    videoEncoder: compression.videoEncoder,
    videoPreset: compression.videoPreset,
    resizePercentage: compression.initialResizePercentage,
    videoResolution: compression.initialVideoResolution,
    maxMegapixels: compression.maxMegapixels,
  };
}

/** What a rendition is known by beside its source's hash: everything that changes its bytes, as JSON in a fixed order. */
export function recipeOf(family: 'image' | 'video', settings: CompressionSettings): string {
  const { jpegQuality, qualityScore, minSaving, resizePercentage, graft, keep, videoCrf, videoEncoder, videoPreset, videoResolution } = settings;
  const recipe = recipes[family];
  // a strength that is set wins: then the target changes nothing
  if (family === 'video') return JSON.stringify({ recipe, ...(videoCrf === null ? { msSsim: qualityScore } : { crf: videoCrf }), encoder: videoEncoder, videoPreset, videoResolution, minSaving, graft: graft.video });
  const quality = jpegQuality === null ? { msSsim: qualityScore } : { quality: jpegQuality };
  return JSON.stringify({ recipe, ...quality, minSaving, resizePercentage, graft: [graft.jpeg, graft.heic], keep: [...keep].sort() });
}

/** `originals/2021/a.jpg` → `compressed/2021/a.jpg`. */
export function renditionPath(original: LibraryPath): LibraryPath {
  return LibraryPath.parse(`compressed/${original.replace(/^originals\//, '')}`);
}
