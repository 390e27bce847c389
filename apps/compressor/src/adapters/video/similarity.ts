import { scaleFilter } from './encode-command';
import type { Ffmpeg } from './ffmpeg';
import type { Treatment } from './policy';

export interface Similarity {
  /** Mean SSIM over all frames and planes, 0..1. */
  readonly mean: number;
  /** SSIM of the worst frame. */
  readonly worst: number;
  readonly frames: number;
}

/**
 * Below this mean the picture is visibly worse than what people accept of a phone video (the research's range for CRF 26–30 is 0.95–0.98);
 * a single frame below the other is not a bad frame but a wrong one.
 */
export const similarityFloor = { mean: 0.93, worst: 0.7 } as const;

export interface Comparison {
  readonly source: string;
  readonly result: string;
  readonly sourceStream: number;
  readonly resultStream: number;
  readonly treatment: Treatment;
  readonly pixelFormat: string;
}

/** Decodes both in full and compares them frame by frame (by their order, not their time) with ffmpeg's `ssim`. */
export async function measureSimilarity(ffmpeg: Ffmpeg, comparison: Comparison, signal: AbortSignal, onFrame: (frame: number) => void): Promise<Similarity> {
  const { source, result, sourceStream, resultStream, treatment, pixelFormat } = comparison;
  const input = ['-noautorotate', ...(treatment.method === 'graft' ? ['-ignore_editlist', '1'] : []), '-threads', String(ffmpeg.cores)];
  const inOrder = `format=${pixelFormat},settb=expr=1/1000,setpts=N`;
  const scale = treatment.size ? `${scaleFilter(treatment.size)},` : '';
  const graph = `[0:${resultStream}]${inOrder}[a];[1:${sourceStream}]${scale}${inOrder}[b];[a][b]ssim=stats_file=-:shortest=0`;
  let [sum, worst, frames] = [0, 1, 0];
  const onLine = (line: string): void => {
    const all = /^n:\d+ .*\bAll:(\S+)/.exec(line)?.[1];
    if (all === undefined) return;
    sum += Number(all);
    worst = Math.min(worst, Number(all));
    onFrame(++frames);
  };
  const output = ['-lavfi', graph, '-fps_mode', 'passthrough', '-enc_time_base', '1:1000', '-f', 'null', '-'];
  await ffmpeg.lines(['-v', 'error', '-xerror', ...input, '-i', result, ...input, '-i', source, ...output], signal, onLine);
  return { mean: frames > 0 ? sum / frames : 0, worst, frames };
}
