import { stat } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { describeMovie, graftDifference, movieEmbedded, type MovieDescription } from '@media-pipeline/media';
import { ProgramFailure } from '@media-pipeline/stage';
import { VideoProver, type EncodeJob, type Findings } from '../../encoder.port';
import { acceptedCodings, type Coding } from './codings';
import { decodeFully } from './decode-check';
import { inPipeline, type Ffmpeg } from './ffmpeg';
import { hdrOf } from './hdr';
import type { MovieTags } from './movie-tags';
import { chooseTreatment, type Kept, type Treatment } from './policy';
import { colourOf, knownAudio, videoStream, type ProbeAnswer, type StreamInfo } from './stream-info';
import { measureSimilarity, type Similarity } from './similarity';
import { shares } from './video.encoder';
import { findingsOf, measuredBefore, rememberFindings } from './video-job';
import { obstacleTo, videoTrack } from './video-source';

/** Source and result, as far as they can be known without decoding. */
interface Pair {
  readonly old: Side;
  readonly fresh: Side;
  readonly treatment: Treatment;
}
interface Side {
  readonly path: string;
  readonly movie: MovieDescription;
  readonly probe: ProbeAnswer;
  readonly video: StreamInfo;
}

const broken = (reason: string): Kept => ({ code: 'PROOF_FAILED', reason });

/**
 * Reads the result from disk again and compares it with its source: decodes all of it, counts its frames and when each is shown, its
 * streams, rotation, size, colours, sound (packet by packet), dates, place and keys; a graft also byte for byte outside of the video.
 */
export class FfmpegVideoProver extends VideoProver {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly tags: MovieTags,
  ) {
    super();
  }

  async prove(job: EncodeJob): Promise<Kept | null> {
    try {
      return await this.difference(job);
    } catch (error) {
      // the source has been decoded to its end before: what cannot be read here is the result
      if (error instanceof PipelineError && error.code === 'MEDIA_CORRUPT') return broken(error.message);
      if (error instanceof ProgramFailure && !error.machineAtFault) return broken(error.message);
      throw inPipeline(error);
    }
  }

  override findings(job: EncodeJob): Findings | null {
    return findingsOf(job);
  }

  private async difference(job: EncodeJob): Promise<Kept | null> {
    if ((await stat(job.temporary)).size >= (await stat(job.source)).size) return { code: 'NOT_SMALLER', reason: 'the result is not smaller' };
    const pair = await this.pair(job);
    if ('code' in pair) return pair;
    const difference =
      streamDifference(pair, acceptedCodings(job.settings.videoEncoder)) ??
      movieDifference(pair) ??
      (await this.hdrDifference(pair, job.signal)) ??
      (await this.frameDifference(pair, job)) ??
      (await this.soundDifference(pair, job.signal)) ??
      (await this.tagDifference(pair)) ??
      (pair.treatment.method === 'graft' ? await graftProof(pair) : null);
    if (difference === null) rememberFindings(job, await this.found(pair, job));
    return difference;
  }

  private async found({ old, fresh, treatment }: Pair, job: EncodeJob): Promise<Findings> {
    const { parts, blocks } = await movieEmbedded(fresh.path);
    const { luma, frames } = (await measuredBefore(job)) ?? (await this.measure({ old, fresh, treatment }, job.signal));
    const tags = treatment.method === 'graft' ? blocks : (await this.tags.read(fresh.path)).size;
    return {
      dimensions: { width: fresh.video.width ?? 0, height: fresh.video.height ?? 0, frames, seconds: Number(fresh.probe.format.duration) },
      metadata: { compared: treatment.method === 'graft' ? 'bytes' : 'tags', count: tags, allowed: [] },
      embedded: [...parts],
      quality: { metric: 'ssim-luma', mean: Number(luma.mean.toFixed(5)), worst: Number(luma.worst.toFixed(5)) },
    };
  }

  private measure({ old, fresh, treatment }: Pair, signal: AbortSignal): Promise<Similarity> {
    const sides = { source: { path: old.path, stream: old.video.index }, result: { path: fresh.path, stream: fresh.video.index } };
    return measureSimilarity(this.ffmpeg, { ...sides, wholeMedia: treatment.method === 'graft', size: treatment.size, pixelFormat: old.video.pix_fmt ?? 'yuv420p' }, signal);
  }

  /** Mastering display and content light level, wherever a player would look for them. */
  private async hdrDifference({ old, fresh }: Pair, signal: AbortSignal): Promise<Kept | null> {
    const said = async ({ path, video }: Side): Promise<string> => JSON.stringify(hdrOf([...video.side_data_list, ...(await this.ffmpeg.frameSideData(path, video.index, signal))]));
    const [before, after] = [await said(old), await said(fresh)];
    return before === after ? null : broken(`the HDR metadata is ${after} instead of ${before}`);
  }

  private async pair(job: EncodeJob): Promise<Pair | Kept> {
    const side = async (path: string): Promise<Side | null> => {
      const probe = await this.ffmpeg.probe(path, job.signal);
      const video = videoStream(probe);
      return video ? { path, probe, video, movie: await describeMovie(path) } : null;
    };
    const [old, fresh] = [await side(job.source), await side(job.temporary)];
    if (!old || !fresh) return broken('there is no video');
    const treatment = chooseTreatment(old.movie, old.video, await obstacleTo(job), job.settings.videoResolution);
    return 'code' in treatment ? treatment : { old, fresh, treatment };
  }

  private async frameDifference({ old, fresh, treatment }: Pair, job: EncodeJob): Promise<Kept | null> {
    const [before, after] = [await this.shownTimes(old, job.signal), await this.shownTimes(fresh, job.signal)];
    if (before.length !== after.length) return broken(`${after.length} frames of ${before.length} are shown`);
    // both tracks count in the same ticks; a graft keeps even the first frame's time, ffmpeg begins its own files at 0
    const shift = treatment.method === 'graft' ? 0 : (after[0] ?? 0) - (before[0] ?? 0);
    const moved = before.findIndex((time, i) => after[i] !== time + shift);
    if (moved >= 0) return broken(`frame ${moved} is shown at another time`);
    const report = (frame: number): void => job.onProgress(Math.min(shares.prove, shares.compare + ((shares.prove - shares.compare) * frame) / Math.max(1, before.length)));
    const decoded = await decodeFully(this.ffmpeg, { path: fresh.path, probe: fresh.probe, wholeMedia: true }, job.signal, report);
    if (decoded.error !== null) return broken(`the result cannot be decoded to its end: ${decoded.error}`);
    const stored = videoTrack(fresh.movie)?.sampleCount ?? 0;
    return decoded.frames === stored ? null : broken(`${decoded.frames} of ${stored} frames can be decoded`);
  }

  private async shownTimes({ path, video }: Side, signal: AbortSignal): Promise<number[]> {
    const times = (await this.ffmpeg.packets(path, video.index, signal)).filter(({ shown }) => shown).map(({ pts }) => pts);
    return times.sort((a, b) => a - b);
  }

  private async soundDifference({ old, fresh }: Pair, signal: AbortSignal): Promise<Kept | null> {
    const [before, after] = [await this.soundHashes(old, signal), await this.soundHashes(fresh, signal)];
    return before.join() === after.join() ? null : broken('the sound is not bit-identical');
  }

  /** One hash per sound track over its packets, as they are stored. */
  private async soundHashes({ path, probe }: Side, signal: AbortSignal): Promise<string[]> {
    const maps = knownAudio(probe).flatMap(({ index }) => ['-map', `0:${index}`]);
    if (maps.length === 0) return [];
    const hashes: string[] = [];
    const args = ['-v', 'error', '-i', path, ...maps, '-c', 'copy', '-f', 'streamhash', '-hash', 'sha256', '-'];
    await this.ffmpeg.lines(args, signal, (line) => hashes.push(line));
    return hashes;
  }

  private async tagDifference({ old, fresh, treatment }: Pair): Promise<Kept | null> {
    const different = await this.tags.differences(old.path, fresh.path);
    if (different.length === 0) return null;
    const reason = `lost or changed: ${different.slice(0, 8).join(', ')}${different.length > 8 ? ` and ${different.length - 8} more` : ''}`;
    return treatment.method === 'graft' ? broken(reason) : { code: 'METADATA_WOULD_CHANGE', reason };
  }
}

async function graftProof({ old, fresh }: Pair): Promise<Kept | null> {
  const difference = await graftDifference(old.path, fresh.path);
  return difference === null ? null : broken(difference);
}

function streamDifference({ old, fresh, treatment }: Pair, accepted: readonly Coding[]): Kept | null {
  const { video } = fresh;
  if (!accepted.some(({ codec, tag }) => video.codec_name === codec && video.codec_tag_string === tag)) return broken(`the video is ${video.codec_name} tagged ${video.codec_tag_string}`);
  const [width, height] = [treatment.size?.width ?? old.video.width, treatment.size?.height ?? old.video.height];
  if (video.width !== width || video.height !== height) return broken(`the picture has ${video.width}x${video.height} of ${width}x${height}`);
  if (video.pix_fmt !== old.video.pix_fmt) return broken(`the pixel format is ${video.pix_fmt} instead of ${old.video.pix_fmt}`);
  const [before, after] = [colourOf(old.video), colourOf(video)];
  for (const tag of ['range', 'primaries', 'transfer', 'matrix'] as const) {
    // "tv" is what a stream that says nothing means
    const assumed = tag === 'range' && before.range === undefined && after.range === 'tv';
    if (before[tag] !== after[tag] && !assumed) return broken(`the colour tag "${tag}" is ${after[tag]} instead of ${before[tag]}`);
  }
  const kind = ({ codec_type: type, codec_name: codec }: StreamInfo): string => (type === 'video' ? type : `${type} ${codec}`);
  const kinds = ({ probe }: Side): string => probe.streams.map(kind).sort().join(', ');
  if (kinds(old) !== kinds(fresh)) return broken(`the streams are ${kinds(fresh)} instead of ${kinds(old)}`);
  return Math.abs(startGap(old) - startGap(fresh)) > 0.005 ? broken('sound and picture are not in step') : null;
}

/** Seconds between the beginnings of picture and sound. */
function startGap({ probe, video }: Side): number {
  const sound = knownAudio(probe)[0];
  return sound ? Number(video.start_time ?? 0) - Number(sound.start_time ?? 0) : 0;
}

const durationTolerance = { graft: 0.000_001, remux: 0.05 } as const;

function movieDifference({ old, fresh, treatment }: Pair): Kept | null {
  const [before, after] = [videoTrack(old.movie), videoTrack(fresh.movie)];
  if (!before || !after) return broken('there is no video track');
  const [oldSeconds, freshSeconds] = [Number(old.probe.format.duration), Number(fresh.probe.format.duration)];
  if (!(Math.abs(oldSeconds - freshSeconds) <= durationTolerance[treatment.method])) return broken(`it lasts ${freshSeconds} s instead of ${oldSeconds} s`);
  const scale = treatment.size && old.video.width ? treatment.size.width / old.video.width : 1;
  const wanted = before.matrix.map((value, i) => (i === 6 || i === 7 ? value * scale : value));
  const tolerance = scale === 1 ? 0 : 0x1_0000; // one pixel
  return wanted.every((value, i) => Math.abs(value - (after.matrix[i] ?? 0)) <= tolerance) ? null : broken('the rotation matrix changed');
}
