import ffmpeg from 'fluent-ffmpeg';
import { pictureOptions, type Coding, type Strength } from './codings';
import type { Hdr } from './hdr';
import type { Treatment } from './policy';
import type { StreamInfo } from './stream-info';

/** How a picture is coded, whether all of it or a sample. */
export interface PictureCommand {
  readonly coding: Coding;
  readonly strength: Strength;
  /** The picture of the source. */
  readonly stream: StreamInfo;
  readonly hdr: Hdr | null;
  readonly size: Treatment['size'];
}

export interface EncodeCommand extends PictureCommand {
  readonly source: string;
  readonly target: string;
  readonly format: 'mov' | 'mp4';
  /** Stream numbers of the sound that a remux copies. */
  readonly sound: readonly number[];
  /** Ticks in a second of the source's video track. */
  readonly timescale: number;
  readonly method: Treatment['method'];
}

/**
 * Arguments for ffmpeg that encode the video frame by frame at its own times (`passthrough`: the default rate mode doubles frames of
 * slow motion). For a graft the edit list is ignored, so that every sample of the original gets its counterpart; a remux takes the
 * sound with it. Metadata of the file come from the original's bytes afterwards.
 */
export function encodeArguments({ source, target, format, sound, timescale, method, ...picture }: EncodeCommand): string[] {
  const graft = method === 'graft';
  const { index } = picture.stream;
  const tracks = graft ? [index] : [index, ...sound].sort((a, b) => a - b);
  const command = ffmpeg(source)
    .inputOptions('-v', 'error', ...(graft ? ['-ignore_editlist', '1'] : []), ...inputOptions(picture))
    .outputOptions(...tracks.flatMap((track) => ['-map', `0:${track}`]))
    .videoCodec(picture.coding.library)
    .outputOptions(...codingOptions(picture), '-tag:v', picture.coding.tag)
    .outputOptions('-fps_mode', 'passthrough', '-enc_time_base', '-1', '-video_track_timescale', String(timescale))
    .outputOptions('-fflags', '+bitexact', '-f', format);
  const filters = filtersOf(picture);
  if (filters.length > 0) command.videoFilters(filters);
  if (!graft) command.audioCodec('copy').outputOptions('-movflags', '+faststart');
  // fluent-ffmpeg assembles the command; it is run by Programs, since fluent-ffmpeg has neither process groups nor a watchdog
  return command.output(target)._getArguments();
}

/** Arguments that encode a sample, which has one stream, the same way. */
export function sampleArguments(sample: string, target: string, picture: PictureCommand): string[] {
  const command = ffmpeg(sample)
    .inputOptions('-v', 'error', ...inputOptions(picture))
    .outputOptions('-map', '0:0', '-an')
    .videoCodec(picture.coding.library)
    .outputOptions(...codingOptions(picture), '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'matroska', '-y');
  const filters = filtersOf(picture);
  if (filters.length > 0) command.videoFilters(filters);
  return command.output(target)._getArguments();
}

/** For the encode and, on the original, for the comparison with it: the same filter. */
export const scaleFilter = ({ width, height }: NonNullable<Treatment['size']>): string => `scale=w=${width}:h=${height}:flags=lanczos`;

const inputOptions = ({ coding, strength }: PictureCommand): string[] => ['-noautorotate', '-threads', String(strength.cores), ...coding.device];
const codingOptions = ({ coding, strength, stream, hdr }: PictureCommand): string[] => [...coding.options(strength, hdr), ...pictureOptions(coding, stream, strength.cores)];
const filtersOf = ({ coding, size }: PictureCommand): string[] => [...(size ? [scaleFilter(size)] : []), ...(coding.upload === null ? [] : [coding.upload])];
