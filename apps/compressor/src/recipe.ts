import { LibraryPath } from '@media-pipeline/contracts';
import type { Config } from '@media-pipeline/config';
import type { CompressionSettings } from './encoder.port';

/** Raised whenever the same settings would give other bytes: a rendition of an older recipe is not taken for a new one. */
const recipes = { image: 3, video: 3 } as const;

/** Of which age the files are: `initial` for the first compression, `subsequent` for photos older than COMPRESSION_INTERVAL_YEARS. */
export type Age = 'initial' | 'subsequent';

/** The part of the settings that the encoders see. Both ages differ in size alone, and nothing becomes larger with age: what is not set for old ones, or is more, is as for new ones. */
export function compressionSettings(compression: Config['compression'], age: Age = 'initial'): CompressionSettings {
  return {
    jpegQuality: compression.jpegQuality,
    qualityScore: compression.qualityScore,
    minSaving: compression.minSaving,
    graft: compression.graft,
    keep: compression.keep,
    videoCrf: compression.videoCrf,
    videoEncoder: compression.videoEncoder,
    videoPreset: compression.videoPreset,
    resizePercentage: age === 'initial' ? compression.initialResizePercentage : Math.min(compression.initialResizePercentage, compression.subsequentResizePercentage),
    videoResolution: age === 'initial' ? compression.initialVideoResolution : lesser(compression.initialVideoResolution, compression.subsequentVideoResolution),
    maxMegapixels: compression.maxMegapixels,
  };
}

const lesser = (a: number | null, b: number | null): number | null => (a === null || b === null ? (a ?? b) : Math.min(a, b));

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
