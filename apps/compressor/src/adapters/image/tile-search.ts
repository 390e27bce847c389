import type { QualitySearch } from '@media-pipeline/contracts';
import { Refusal, similarityOf, tileStream, type HeicPlan } from '@media-pipeline/media';
import { KeepOriginal, type ImageSource } from './image-codec';
import { searchStrength } from './quality-search';
import type { TileEncoder } from './tile-encoder';

/** Where the search for the crf of HEIC tiles may go. */
const space = { least: 14, most: 40, start: 30, direction: -1, slope: -0.15 } as const;
const mostSamples = 6;
/** As for JPEG: so much smaller than predicted a result may be. */
const doubt = 0.1;
/** Six tiles are not the picture: so much more is asked of them. */
const margin = 0.0002;

/** JPEG_QUALITY 85 is crf 30 (measured on five iPhone files: 72–80 % of the size at 40–47 dB); five points are two steps. */
export const crfOfQuality = (quality: number): number => Math.min(44, Math.max(14, Math.round(30 + (85 - quality) * 0.4)));

/** The crf by which the tiles reach QUALITY_TARGET, tried on a few of them. Throws KeepOriginal where it is out of reach or saves too little. */
export async function searchCrf(encoder: TileEncoder, plan: HeicPlan, { bytes, settings, scratch, signal }: ImageSource): Promise<QualitySearch> {
  const began = performance.now();
  const sizes = plan.tiles.map((tile, index) => ({ index, bytes: tileStream({ ...plan, tiles: [tile] }).length }));
  const all = sizes.reduce((sum, tile) => sum + tile.bytes, 0);
  // from the emptiest to the fullest in equal steps: so they stand for all of them
  const sorted = sizes.toSorted((a, b) => a.bytes - b.bytes);
  const count = Math.min(mostSamples, sorted.length);
  const chosen = Array.from({ length: count }, (_, step) => sorted[Math.floor(((step + 0.5) * sorted.length) / count)]).filter((tile) => tile !== undefined);
  const tiles = chosen.flatMap(({ index }) => plan.tiles[index] ?? []);
  const sampleBytes = chosen.reduce((sum, tile) => sum + tile.bytes, 0);

  const job = { stream: tileStream({ ...plan, tiles }), count, scratch, signal };
  const plane = { width: plan.tileSize.width, height: plan.tileSize.height * count };
  const before = await encoder.lumaOf(job);
  if (before.length !== plane.width * plane.height) throw new Refusal('UNSUPPORTED_VARIANT', 'the tiles of the HEIC are not of the size that it says');
  const found = await searchStrength(space, Math.min(0.9999, settings.qualityScore + margin), async (crf) => {
    const { samples, luma } = await encoder.encode(job, crf, { decodeLuma: true });
    const coded = samples.reduce((sum, { length }) => sum + length, 0);
    const score = luma?.length === before.length ? similarityOf({ ...plane, data: before }, { ...plane, data: luma }).mean : 0;
    return { score, size: (bytes.length - all + all * (coded / sampleBytes)) / bytes.length };
  });
  const trials = found.trials.map(({ value, score, size }) => ({ value, score: Number(score.toFixed(5)), size: Number(size.toFixed(3)) }));
  if (!found.reached) throw new KeepOriginal('QUALITY_OUT_OF_REACH', `crf ${found.chosen} gives ${trials.at(-1)?.score ?? 0} on samples`);
  if (found.size * (1 - doubt) > 1 - settings.minSaving) throw new KeepOriginal('NOT_SMALLER', `samples at crf ${found.chosen} predict ${Math.round(found.size * 100)} % of the size`);
  return { target: settings.qualityScore, parameter: 'crf', chosen: found.chosen, trials, milliseconds: Math.round(performance.now() - began) };
}
