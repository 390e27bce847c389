import { scaleFilter } from './encode-command';
import type { Ffmpeg } from './ffmpeg';
import type { Treatment } from './policy';

export interface Similarity {
  /** SSIM of luma, 0..1: mean over all frames, and of the worst one. */
  readonly luma: { readonly mean: number; readonly worst: number };
  /** The same over all planes. */
  readonly all: { readonly mean: number; readonly worst: number };
  readonly frames: number;
}

/**
 * Below this mean the picture is visibly worse than what people accept of a phone video (the research's range for CRF 26–30 is 0.95–0.98);
 * a single frame below the other is not a bad frame but a wrong one.
 */
export const similarityFloor = { mean: 0.9, worst: 0.6 } as const;

/**
 * What QUALITY_TARGET, an MS-SSIM of still pictures, asks of a video, as ffmpeg's SSIM of luma: six times as far from 1. Measured on real
 * videos SSIM lies 2.5 to 4.3 times as far from 1 as MS-SSIM; the rest is that moving pictures forgive more. `high` (0.9965) becomes 0.979,
 * about x265 crf 24 to 28.
 */
export const videoScore = (score: number): number => Math.max(0.9, 1 - 6 * (1 - score));

/** One side of a comparison. */
export interface Shown {
  readonly path: string;
  readonly stream: number;
}

export interface Comparison {
  readonly source: Shown;
  readonly result: Shown;
  /** Also what an edit list cuts off, on both sides. */
  readonly wholeMedia: boolean;
  /** What the source is scaled to for it, if the result is. */
  readonly size: Treatment['size'];
  readonly pixelFormat: string;
}

/** Decodes both in full and compares them frame by frame (by their order, not their time) with ffmpeg's `ssim`. */
export async function measureSimilarity(ffmpeg: Ffmpeg, comparison: Comparison, signal: AbortSignal, onFrame?: (frame: number) => void): Promise<Similarity> {
  const { source, result, wholeMedia, size, pixelFormat } = comparison;
  const input = ({ path }: Shown): string[] => ['-noautorotate', ...(wholeMedia ? ['-ignore_editlist', '1'] : []), '-threads', String(ffmpeg.cores), '-i', path];
  const inOrder = `format=${pixelFormat},settb=expr=1/1000,setpts=N`;
  const scale = size ? `${scaleFilter(size)},` : '';
  const graph = `[0:${result.stream}]${inOrder}[a];[1:${source.stream}]${scale}${inOrder}[b];[a][b]ssim=stats_file=-:shortest=0`;
  const sums = { luma: 0, all: 0 };
  const worst = { luma: 1, all: 1 };
  let frames = 0;
  const onLine = (line: string): void => {
    const [, luma, all] = /^n:\d+ Y:(\S+) .*\bAll:(\S+)/.exec(line)?.map(Number) ?? [];
    if (luma === undefined || all === undefined) return;
    sums.luma += luma;
    sums.all += all;
    worst.luma = Math.min(worst.luma, luma);
    worst.all = Math.min(worst.all, all);
    frames++;
    onFrame?.(frames);
  };
  const output = ['-lavfi', graph, '-fps_mode', 'passthrough', '-enc_time_base', '1:1000', '-f', 'null', '-'];
  await ffmpeg.lines(['-v', 'error', '-xerror', ...input(result), ...input(source), ...output], signal, onLine);
  const mean = (sum: number): number => (frames > 0 ? sum / frames : 0);
  return { luma: { mean: mean(sums.luma), worst: worst.luma }, all: { mean: mean(sums.all), worst: worst.all }, frames };
}
