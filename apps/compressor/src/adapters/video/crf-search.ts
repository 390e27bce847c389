import { rm } from 'node:fs/promises';
import type { QualitySearch } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { searchStrength } from '../image/quality-search';
import { sampleArguments, type PictureCommand } from './encode-command';
import type { Ffmpeg, Packet } from './ffmpeg';
import type { Kept } from './policy';
import { frameBytes, withSamples, type FrameBytes, type Sample } from './samples';
import { measureSimilarity } from './similarity';

/** So much smaller than predicted a result may be: samples are not the whole. */
const doubt = 0.1;
/** Longest distance between key frames that the encoders keep. */
const keyInterval = 250;

export interface CrfRequest {
  readonly source: string;
  /** A temporary name to which something may be appended. */
  readonly scratch: string;
  readonly packets: readonly Packet[];
  /** Bytes of the whole file. */
  readonly bytes: number;
  readonly minSaving: number;
  /** Everything but the crf. */
  readonly picture: Omit<PictureCommand, 'strength'> & { readonly preset: string };
  readonly signal: AbortSignal;
  onProgress(fraction: number): void;
}

/** Thrown out of a search that need not go on: what already fails the score is already too large. */
class TooLarge extends Error {
  constructor(
    readonly crf: number,
    readonly size: number,
  ) {
    super();
  }
}

/**
 * Finds the greatest crf whose samples reach `target` (mean SSIM of luma), as ab-av1 does: a few trials on samples, the next crf by
 * interpolation, and no full encode at all when the size that they predict saves too little.
 */
export async function searchCrf(ffmpeg: Ffmpeg, request: CrfRequest, target: number): Promise<QualitySearch | Kept> {
  const began = performance.now();
  const { coding } = request.picture;
  const gate = 1 - request.minSaving;
  let tried = 0;
  try {
    const found = await inSamples(ffmpeg, request, (samples) =>
      searchStrength(coding.space, target, async (crf) => {
        const trial = await tryCrf(ffmpeg, request, samples, crf);
        request.onProgress(Math.min(1, ++tried / 4));
        if (trial.score < target && trial.size * (1 - doubt) > gate) throw new TooLarge(crf, trial.size);
        return trial;
      }),
    );
    const trials = found.trials.map(({ value, score, size }) => ({ value, score: Number(score.toFixed(5)), size: Number(size.toFixed(3)) }));
    if (!found.reached) return { code: 'QUALITY_OUT_OF_REACH', reason: `samples at crf ${found.chosen} have SSIM ${trials.at(-1)?.score ?? 0}, wanted is ${target.toFixed(4)}` };
    if (found.size * (1 - doubt) > gate) return tooLarge(found.chosen, found.size);
    return { target: Number(target.toFixed(5)), parameter: 'crf', chosen: found.chosen, trials, milliseconds: Math.round(performance.now() - began) };
  } catch (error) {
    if (error instanceof TooLarge) return tooLarge(error.crf, error.size);
    throw error;
  }
}

/** What the samples say of one given crf: null when it is worth the full encode. */
export async function checkCrf(ffmpeg: Ffmpeg, request: CrfRequest, crf: number): Promise<Kept | null> {
  const { size } = await inSamples(ffmpeg, request, (samples) => tryCrf(ffmpeg, request, samples, crf, { measure: false }));
  return size * (1 - doubt) > 1 - request.minSaving ? tooLarge(crf, size) : null;
}

const tooLarge = (crf: number, size: number): Kept => ({ code: 'NOT_SMALLER', reason: `samples at crf ${crf} predict ${Math.round(size * 100)} % of the size` });

const inSamples = <T>(ffmpeg: Ffmpeg, { source, scratch, packets, picture, signal }: CrfRequest, work: (samples: readonly Sample[]) => Promise<T>): Promise<T> =>
  withSamples(ffmpeg, { source, stream: picture.stream.index, scratch }, packets, signal, work);

/** Encodes the samples and says how alike they are and which share of the file would be left. */
async function tryCrf(ffmpeg: Ffmpeg, request: CrfRequest, samples: readonly Sample[], crf: number, { measure = true } = {}): Promise<{ readonly score: number; readonly size: number }> {
  const { picture, scratch, signal } = request;
  const command: PictureCommand = { ...picture, strength: { crf, preset: picture.preset, cores: ffmpeg.cores } };
  const coded: Packet[] = [];
  const original: FrameBytes[] = [];
  let [score, frames] = [0, 0];
  for (const sample of samples) {
    const output = temporaryPath(scratch);
    try {
      await ffmpeg.run(sampleArguments(sample.path, output, command), { signal });
      coded.push(...(await ffmpeg.packets(output, 0, signal)));
      original.push(sample.bytes);
      if (!measure) continue;
      const comparison = { source: { path: sample.path, stream: 0 }, result: { path: output, stream: 0 }, wholeMedia: false, size: picture.size, pixelFormat: picture.stream.pix_fmt ?? 'yuv420p' };
      const similarity = await measureSimilarity(ffmpeg, comparison, signal);
      score += similarity.luma.mean * similarity.frames;
      frames += similarity.frames;
    } finally {
      await rm(output, { force: true });
    }
  }
  return { score: frames > 0 ? score / frames : 0, size: predictSize(request, frameBytes(coded), original) };
}

/**
 * A sample is a few frames behind a key frame, a video hundreds: so key frames and others are counted apart, and what lies between the
 * samples is livelier or calmer than they are by as much as the source's own bytes say.
 */
function predictSize({ packets, bytes }: CrfRequest, coded: FrameBytes, samples: readonly FrameBytes[]): number {
  const whole = frameBytes(packets);
  const mean = (pick: (sample: FrameBytes) => number): number => samples.reduce((sum, sample) => sum + pick(sample), 0) / Math.max(1, samples.length);
  const livelier = whole.other / Math.max(1, mean(({ other }) => other));
  const keys = Math.min(packets.length, Math.ceil(packets.length / keyInterval));
  const video = keys * coded.key * (whole.key / Math.max(1, mean(({ key }) => key))) + (packets.length - keys) * coded.other * livelier;
  const before = packets.reduce((sum, packet) => sum + packet.bytes, 0);
  return (bytes - before + video) / bytes;
}
