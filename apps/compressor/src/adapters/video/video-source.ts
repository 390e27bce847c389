import { PipelineError } from '@media-pipeline/contracts';
import { describeMovie, graftObstacle, type MovieDescription } from '@media-pipeline/media';
import type { EncodeJob } from '../../encoder.port';
import type { Ffmpeg, Packet } from './ffmpeg';
import { hdrOf, type Hdr } from './hdr';
import { chooseTreatment, isHdr, keptByPolicy, keptBySideData, type Kept, type Treatment } from './policy';
import { videoStream, type ProbeAnswer, type StreamInfo } from './stream-info';

/** What is known of a source before it is decoded. */
export interface Source {
  readonly movie: MovieDescription;
  readonly probe: ProbeAnswer;
  readonly stream: StreamInfo;
  readonly treatment: Treatment;
  /** Null for a video of standard range. */
  readonly hdr: Hdr | null;
  /** Of the picture, also those that an edit list cuts off. */
  readonly packets: readonly Packet[];
}

export const videoTrack = (movie: MovieDescription): MovieDescription['tracks'][number] | undefined => movie.tracks.find(({ handler }) => handler === 'vide');

/** By the file and by the setting. */
export const obstacleTo = async ({ source, settings }: EncodeJob): Promise<string | null> => (settings.graft.video ? graftObstacle(source) : 'PAYLOAD_GRAFT_VIDEO is off');

/** Reads what a file says of itself and decides by policy. Throws MEDIA_CORRUPT. */
export async function examine(ffmpeg: Ffmpeg, job: EncodeJob): Promise<Source | Kept> {
  const movie = await describeMovie(job.source);
  if (movie.truncated) throw new PipelineError('MEDIA_CORRUPT', 'the file is cut off: samples that it lists lie beyond its end');
  const probe = await ffmpeg.probe(job.source, job.signal);
  const byPolicy = keptByPolicy(job.type, movie, probe);
  if (byPolicy) return byPolicy;
  const stream = videoStream(probe);
  if (!stream) return { code: 'UNSUPPORTED_VARIANT', reason: 'the file has no video' };
  const treatment = chooseTreatment(movie, stream, await obstacleTo(job), job.settings.videoResolution);
  if ('code' in treatment) return treatment;
  const sideData = [...stream.side_data_list, ...(await ffmpeg.frameSideData(job.source, stream.index, job.signal))];
  const bySideData = keptBySideData(sideData);
  if (bySideData) return bySideData;
  const packets = await ffmpeg.packets(job.source, stream.index, job.signal, { wholeMedia: true });
  return { movie, probe, stream, treatment, packets, hdr: isHdr(movie, stream) ? hdrOf(sideData) : null };
}
