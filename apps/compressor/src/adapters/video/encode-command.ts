import ffmpeg from 'fluent-ffmpeg';
import type { CompressionSettings } from '../../encoder.port';
import type { Treatment } from './policy';
import { colourOf, type StreamInfo } from './stream-info';

export interface EncodeCommand {
  readonly source: string;
  readonly target: string;
  readonly format: 'mov' | 'mp4';
  /** The picture. */
  readonly stream: StreamInfo;
  /** Stream numbers of the sound that a remux copies. */
  readonly sound: readonly number[];
  /** Ticks in a second of the source's video track. */
  readonly timescale: number;
  readonly settings: Pick<CompressionSettings, 'videoCrf' | 'videoPreset'>;
  readonly treatment: Treatment;
  readonly cores: number;
}

/** A few seconds of the same, for their size alone. */
export type SampleCommand = Omit<EncodeCommand, 'target' | 'format' | 'timescale' | 'sound'>;

/**
 * Arguments for ffmpeg that encode the video as `hvc1`, frame by frame at its own times (`passthrough`: the default rate mode
 * doubles frames of slow motion). For a graft the edit list is ignored, so that every sample of the original gets its counterpart;
 * a remux takes the sound with it. Metadata of the file come from the original's bytes afterwards.
 */
export function encodeArguments({ source, target, format, stream, sound, timescale, settings, treatment, cores }: EncodeCommand): string[] {
  const graft = treatment.method === 'graft';
  const tracks = graft ? [stream.index] : [stream.index, ...sound].sort((a, b) => a - b);
  const command = ffmpeg(source)
    .inputOptions('-v', 'error', ...(graft ? ['-ignore_editlist', '1'] : []), '-noautorotate', '-threads', String(cores))
    .outputOptions(...tracks.flatMap((index) => ['-map', `0:${index}`]))
    .videoCodec('libx265')
    .outputOptions(...x265Options(stream, settings, cores), '-tag:v', 'hvc1')
    .outputOptions('-fps_mode', 'passthrough', '-enc_time_base', '-1', '-video_track_timescale', String(timescale))
    .outputOptions('-fflags', '+bitexact', '-f', format);
  if (treatment.size) command.videoFilters(scaleFilter(treatment.size));
  if (!graft) {
    command.audioCodec('copy').outputOptions('-movflags', '+faststart');
  }
  // fluent-ffmpeg assembles the command; it is run by Programs, since fluent-ffmpeg has neither process groups nor a watchdog
  return command.output(target)._getArguments();
}

/** Arguments that encode a few seconds the same way, for their size alone: raw HEVC to standard output. */
export function sampleArguments(command: SampleCommand, start: number, seconds: number): string[] {
  const { source, stream, settings, cores, treatment } = command;
  const sample = ffmpeg(source)
    .inputOptions('-v', 'error', '-ignore_editlist', '1', '-noautorotate', '-threads', String(cores), '-ss', start.toFixed(3), '-t', seconds.toFixed(3))
    .outputOptions('-map', `0:${stream.index}`, '-an')
    .videoCodec('libx265')
    .outputOptions(...x265Options(stream, settings, cores), '-fps_mode', 'passthrough', '-f', 'hevc');
  if (treatment.size) sample.videoFilters(scaleFilter(treatment.size));
  return sample.output('/dev/null')._getArguments();
}

/** For the encode and, on the original, for the comparison with it: the same filter. */
export const scaleFilter = ({ width, height }: NonNullable<Treatment['size']>): string => `scale=w=${width}:h=${height}:flags=lanczos`;

function x265Options(stream: StreamInfo, { videoCrf, videoPreset }: EncodeCommand['settings'], cores: number): string[] {
  const { range, primaries, transfer, matrix } = colourOf(stream);
  const optional = (option: string, value: string | undefined): string[] => (value === undefined ? [] : [option, value]);
  return [
    ...['-preset', videoPreset, '-crf', String(videoCrf), '-pix_fmt', stream.pix_fmt ?? 'yuv420p', '-threads', String(cores)],
    ...optional('-color_range', range),
    ...optional('-color_primaries', primaries),
    ...optional('-color_trc', transfer),
    ...optional('-colorspace', matrix),
    ...['-x265-params', `log-level=error:pools=${cores}:frame-threads=${Math.min(cores, 3)}:open-gop=0`],
  ];
}
