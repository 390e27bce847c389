import { inPipeline, type Ffmpeg } from './ffmpeg';
import { sampleArguments, type SampleCommand } from './encode-command';
import { ProgramFailure } from './program';

/** Shorter videos are encoded at once: the samples would cost a large part of it. */
const worthSampling = 30;
const sampleSeconds = 2;
const places = [0.15, 0.5, 0.85];

/**
 * Encodes three times two seconds and says by which factor the video's bytes would change; null when the video is short or
 * the samples say nothing (the encode then finds out).
 * @param duration seconds
 * @param bytes of the video track
 */
export async function predictRatio(ffmpeg: Ffmpeg, command: SampleCommand, duration: number, bytes: number, signal: AbortSignal): Promise<number | null> {
  if (duration < worthSampling || bytes === 0) return null;
  let encoded = 0;
  let source = 0;
  for (const place of places) {
    const start = duration * place;
    try {
      encoded += (await ffmpeg.run(sampleArguments(command, start, sampleSeconds), { signal })).bytes;
      source += await ffmpeg.bytesBetween(command.source, command.stream.index, start, start + sampleSeconds, signal);
    } catch (error) {
      if (error instanceof ProgramFailure && !error.machineAtFault) return null;
      throw inPipeline(error);
    }
  }
  return source > 0 && encoded > 0 ? encoded / source : null;
}
