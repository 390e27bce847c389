import { rm } from 'node:fs/promises';
import { temporaryPath } from '@media-pipeline/files';
import type { Ffmpeg, Packet } from './ffmpeg';

/** Frames of one sample: enough for an encoder's lookahead to fill. */
const sampleFrames = 40;
/** Not more of a video than this is tried, however short it is, unless it has no more than two samples' frames. */
const greatestShare = 0.5;

/** Some frames of a video, copied out of it as they are: its own file with one stream. */
export interface Sample {
  readonly path: string;
  /** Bytes of a key frame and of another, each as a mean over the sample. */
  readonly bytes: FrameBytes;
}
export interface FrameBytes {
  readonly key: number;
  readonly other: number;
}

/** Places to look at: key frames in equal steps through the video, each with how many frames to take. Pure. */
export function samplePlaces(packets: readonly Packet[]): { readonly time: string; readonly frames: number }[] {
  const keys = packets.flatMap(({ key, time }, index) => (key ? [{ index, time }] : []));
  const [first] = keys;
  if (!first) return [];
  if (packets.length <= 2 * sampleFrames) return [{ time: first.time, frames: packets.length }];
  const wanted = Math.min(6, Math.max(2, Math.floor((packets.length * greatestShare) / sampleFrames)), Math.max(3, Math.round(packets.length / 1800) + 2));
  const chosen = new Map<number, { readonly time: string; readonly frames: number }>();
  for (let step = 0; step < wanted; step++) {
    const place = ((step + 0.5) / wanted) * packets.length - sampleFrames / 2;
    const nearest = keys.reduce((best, key) => (Math.abs(key.index - place) < Math.abs(best.index - place) ? key : best), first);
    if (packets.length - nearest.index >= sampleFrames / 2) chosen.set(nearest.index, { time: nearest.time, frames: Math.min(sampleFrames, packets.length - nearest.index) });
  }
  // a video with a single key frame can only be entered there
  return chosen.size > 0 ? [...chosen.values()] : [{ time: first.time, frames: Math.min(packets.length, wanted * sampleFrames) }];
}

/** Mean bytes of key frames and others; a kind that does not occur counts as the other. */
export function frameBytes(packets: readonly Pick<Packet, 'key' | 'bytes'>[]): FrameBytes {
  const mean = (chosen: readonly { readonly bytes: number }[]): number => (chosen.length === 0 ? 0 : chosen.reduce((sum, { bytes }) => sum + bytes, 0) / chosen.length);
  const [key, other] = [mean(packets.filter((packet) => packet.key)), mean(packets.filter((packet) => !packet.key))];
  return { key: key || other, other: other || key };
}

/**
 * Copies the samples out of the source, calls `work` with them, and removes them.
 * Rejects like {@link Ffmpeg.run}.
 */
export async function withSamples<T>(ffmpeg: Ffmpeg, from: { readonly source: string; readonly stream: number; readonly scratch: string }, packets: readonly Packet[], signal: AbortSignal, work: (samples: readonly Sample[]) => Promise<T>): Promise<T> {
  const samples: Sample[] = [];
  try {
    for (const { time, frames } of samplePlaces(packets)) {
      const path = temporaryPath(from.scratch);
      // a little after the key frame: seeking goes back to the key frame before
      const seek = ['-seek_timestamp', '1', '-ss', (Number(time) + 0.0005).toFixed(6)];
      samples.push({ path, bytes: { key: 0, other: 0 } });
      await ffmpeg.run(['-v', 'error', '-ignore_editlist', '1', ...seek, '-i', from.source, '-map', `0:${from.stream}`, '-c', 'copy', '-frames:v', String(frames), '-f', 'matroska', '-y', path], { signal });
      const bytes = frameBytes(await ffmpeg.packets(path, 0, signal));
      samples[samples.length - 1] = { path, bytes };
    }
    return await work(samples);
  } finally {
    for (const { path } of samples) await rm(path, { force: true });
  }
}

