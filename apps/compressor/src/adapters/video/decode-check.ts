import { PipelineError } from '@media-pipeline/contracts';
import type { MovieDescription } from '@media-pipeline/media';
import { ProgramFailure } from '@media-pipeline/stage';
import { inPipeline, type Ffmpeg } from './ffmpeg';
import { knownAudio, videoStream, type ProbeAnswer } from './stream-info';

/** What decoders print at level "error" about files that play well: the start of an open group of pictures, sloppy headers. */
const harmless = new RegExp(
  [
    ...['Could not find ref with POC', 'co located POCs unavailable', 'mmco: unref short failure', 'Skipping NAL unit', 'Invalid NAL unit 0'],
    ...['number of reference frames .* exceeds max', 'Frame num gap', 'first frame is no keyframe', 'Last message repeated'],
  ].join('|'),
  'i',
);
/** `[hevc @ 0x55…] …`: a decoder speaks; demuxers and muxers are not the content. */
const decoderLine = /^\[(h264|hevc|aac|aac_latm|ac3|eac3|alac|mp3\w*|pcm_\w+|opus) @ [^\]]+\]\s*(.+)$/;

export interface Decoded {
  readonly frames: number;
  /** The first line that says that something is broken; null when all was well. */
  readonly error: string | null;
}

export interface Decoding {
  readonly path: string;
  readonly probe: ProbeAnswer;
  /** Also what an edit list cuts off. */
  readonly wholeMedia: boolean;
}

/**
 * Decodes the picture and every sound track to the end. Decoders conceal damage and end with code 0, so what they print counts too.
 */
export async function decodeFully(ffmpeg: Ffmpeg, { path, probe, wholeMedia }: Decoding, signal: AbortSignal, onFrame: (frame: number) => void): Promise<Decoded> {
  const errors: string[] = [];
  const streams = [videoStream(probe), ...knownAudio(probe)].flatMap((stream) => (stream ? ['-map', `0:${stream.index}`] : []));
  if (streams.length === 0) return { frames: 0, error: null };
  const input = [...(wholeMedia ? ['-ignore_editlist', '1'] : []), '-threads', String(ffmpeg.cores), '-i', path];
  const onErrorLine = (line: string): void => {
    const said = decoderLine.exec(line);
    if (errors.length === 0 && said && !harmless.test(line)) errors.push(`${said[1]}: ${said[2]}`);
  };
  try {
    const { frames } = await ffmpeg.run(['-v', 'error', '-xerror', ...input, ...streams, '-fps_mode', 'passthrough', '-f', 'null', '-'], { signal, onFrame, onErrorLine });
    return { frames, error: errors[0] ?? null };
  } catch (failure) {
    if (failure instanceof ProgramFailure && !failure.machineAtFault) return { frames: 0, error: errors[0] ?? `ffmpeg: ${failure.errorTail}` };
    throw inPipeline(failure);
  }
}

/** A few frames at the start of an open group of pictures, or at a sloppy end, that no decoder gives out. */
const tolerableLoss = 16;

interface CheckedSource {
  readonly path: string;
  readonly movie: MovieDescription;
  readonly probe: ProbeAnswer;
}
export interface FrameCount {
  readonly frames: number;
  /** By the file's own tables. */
  readonly promised: number;
}

/**
 * Decodes a source to its end and compares with what its tables promise: a recording that was cut in the middle decodes without complaint.
 * Throws MEDIA_CORRUPT.
 * @returns the number of frames, which may be up to 16 less than promised
 */
export async function checkSource(ffmpeg: Ffmpeg, { path, movie, probe }: CheckedSource, signal: AbortSignal, onProgress: (fraction: number) => void): Promise<FrameCount> {
  const stream = videoStream(probe);
  const listed = movie.tracks.find(({ handler }) => handler === 'vide')?.sampleCount ?? 0;
  const promised = movie.fragmented && stream ? (await ffmpeg.packets(path, stream.index, signal)).length : listed;
  const { frames, error } = await decodeFully(ffmpeg, { path, probe, wholeMedia: true }, signal, (frame) => onProgress(Math.min(1, frame / Math.max(1, promised))));
  if (error !== null) throw new PipelineError('MEDIA_CORRUPT', `it cannot be decoded to its end: ${error}`);
  if (frames < promised - tolerableLoss) throw new PipelineError('MEDIA_CORRUPT', `only ${frames} of ${promised} frames can be decoded`);
  return { frames, promised };
}
