import { rm, stat } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { describeMovie, graftMovie, graftObstacle, scaleTrackMatrix, transplantMetadata, type MovieDescription } from '@media-pipeline/media';
import { kept, VideoEncoder, type EncodeJob, type EncodeResult } from '../../encoder.port';
import { checkSource } from './decode-check';
import { encodeArguments, type EncodeCommand } from './encode-command';
import { inPipeline, type Ffmpeg } from './ffmpeg';
import { chooseTreatment, isTreatedFormat, keptByPolicy, type Kept, type Treatment } from './policy';
import { ProgramFailure } from './program';
import { predictRatio } from './sample-encode';
import { measureSimilarity, similarityFloor, type Similarity } from './similarity';
import { knownAudio, videoStream, type ProbeAnswer, type StreamInfo } from './stream-info';

/** A result has to save this part of the file at least: less is not worth a second generation of coding. */
export const leastSaving = 0.05;

/** How a job's time is divided, as far as a bar needs to know. */
export const shares = { check: 0.1, encode: 0.8, compare: 0.9, prove: 1 } as const;

/** What is known of a source before anything is decoded. */
interface Source {
  readonly movie: MovieDescription;
  readonly probe: ProbeAnswer;
  readonly stream: StreamInfo;
  readonly treatment: Treatment;
}

/**
 * H.264 and HEVC in QuickTime or MP4 → HEVC (`hvc1`) in the same container, by x265. Decides by policy first, decodes the source to its
 * end, tries samples of long videos, encodes, puts the new video into the original's file (or next best, see `chooseTreatment`) and
 * measures how like the two are. Whatever does not come out well is kept with its reason; nothing but `temporary` is written.
 */
export class FfmpegVideoEncoder extends VideoEncoder {
  constructor(private readonly ffmpeg: Ffmpeg) {
    super();
  }

  async encode(job: EncodeJob): Promise<EncodeResult> {
    if (!isTreatedFormat(job.type)) return kept('UNSUPPORTED_FORMAT', `${job.type.format} videos are passed on as they are`);
    const source = await this.examine(job);
    if ('code' in source) return kept(source.code, source.reason);
    const { version, names } = await this.ffmpeg.capabilities(job.signal);
    if (!names.has('libx265')) return kept('ENCODER_MISSING', `ffmpeg ${version} is built without libx265`);
    const checked = { path: job.source, movie: source.movie, probe: source.probe };
    const { frames, promised } = await checkSource(this.ffmpeg, checked, job.signal, (part) => job.onProgress(part * shares.check));
    if (frames !== promised) return kept('UNSUPPORTED_VARIANT', `${promised - frames} of ${promised} frames are never shown`);
    const unpromising = await this.trySamples(job, source);
    if (unpromising) return unpromising;
    try {
      const result = await this.make(job, source, promised, version);
      if (result.outcome === 'kept') await rm(job.temporary, { force: true });
      return result;
    } catch (error) {
      await rm(job.temporary, { force: true });
      if (error instanceof ProgramFailure && !error.machineAtFault) return kept('ENCODER_FAILED', error.message);
      throw inPipeline(error);
    }
  }

  private async examine(job: EncodeJob): Promise<Source | Kept> {
    const movie = await describeMovie(job.source);
    if (movie.truncated) throw new PipelineError('MEDIA_CORRUPT', 'the file is cut off: samples that it lists lie beyond its end');
    const probe = await this.ffmpeg.probe(job.source, job.signal);
    const byPolicy = keptByPolicy(job.type, movie, probe);
    if (byPolicy) return byPolicy;
    const stream = videoStream(probe);
    if (!stream) return { code: 'UNSUPPORTED_VARIANT', reason: 'the file has no video' };
    const treatment = chooseTreatment(movie, stream, await graftObstacle(job.source), job.settings.videoResolution);
    return 'code' in treatment ? treatment : { movie, probe, stream, treatment };
  }

  private async trySamples(job: EncodeJob, { movie, stream, treatment }: Source): Promise<EncodeResult | null> {
    const bytes = videoTrack(movie)?.sampleBytes ?? 0;
    const command = { source: job.source, stream, settings: job.settings, cores: this.ffmpeg.cores, treatment };
    const ratio = await predictRatio(this.ffmpeg, command, movie.duration, bytes, job.signal);
    if (ratio === null) return null;
    const predicted = movie.bytes - bytes + bytes * ratio;
    if (predicted <= movie.bytes * (1 - leastSaving)) return null;
    return kept('NOT_SMALLER', `samples of it come out at ${percent(predicted / movie.bytes)} of the size`);
  }

  private async make(job: EncodeJob, source: Source, frames: number, version: string): Promise<EncodeResult> {
    const encoded = temporaryPath(job.temporary);
    try {
      const between = (from: number, to: number) => (frame: number) => job.onProgress(Math.min(to, from + ((to - from) * frame) / Math.max(1, frames)));
      await this.ffmpeg.run(encodeArguments(this.command(job, source, encoded)), { signal: job.signal, onFrame: between(shares.check, shares.encode) });
      await this.assemble(job, source, encoded);
      const { size } = await stat(job.temporary);
      if (size > source.movie.bytes * (1 - leastSaving)) return kept('NOT_SMALLER', `the result has ${percent(size / source.movie.bytes)} of the size`);
      const similarity = await measureSimilarity(this.ffmpeg, await this.comparison(job, source), job.signal, between(shares.encode, shares.compare));
      if (similarity.mean < similarityFloor.mean || similarity.worst < similarityFloor.worst) {
        return kept('PROOF_FAILED', `the picture would suffer: SSIM ${similarity.mean.toFixed(4)}, worst frame ${similarity.worst.toFixed(4)}`);
      }
      return { outcome: 'encoded', settings: this.record(job, source, version, similarity) };
    } finally {
      await rm(encoded, { force: true });
    }
  }

  private command(job: EncodeJob, { movie, probe, stream, treatment }: Source, target: string): EncodeCommand {
    const format = job.type.format === 'mov' ? 'mov' : 'mp4';
    const sound = knownAudio(probe).map(({ index }) => index);
    const timescale = videoTrack(movie)?.timescale ?? 600;
    return { source: job.source, target, format, stream, sound, timescale, settings: job.settings, treatment, cores: this.ffmpeg.cores };
  }

  private async assemble(job: EncodeJob, { treatment, stream }: Source, encoded: string): Promise<void> {
    await rm(job.temporary, { force: true });
    const output = { original: job.source, output: job.temporary, signal: job.signal };
    const written = treatment.method === 'graft' ? graftMovie({ ...output, encoded }) : transplantMetadata({ ...output, movie: encoded });
    await written.catch((error: unknown) => {
      // the source has been decoded without an error, so that it is not the source's fault
      throw error instanceof PipelineError && error.code === 'MEDIA_CORRUPT' ? new ProgramFailure(treatment.method, null, null, error.message) : error;
    });
    if (treatment.size) await scaleTrackMatrix(job.temporary, treatment.size.width / (stream.width ?? treatment.size.width));
  }

  private async comparison(job: EncodeJob, { stream, treatment }: Source): Promise<Parameters<typeof measureSimilarity>[1]> {
    const result = videoStream(await this.ffmpeg.probe(job.temporary, job.signal));
    const streams = { sourceStream: stream.index, resultStream: result?.index ?? 0 };
    return { source: job.source, result: job.temporary, ...streams, treatment, pixelFormat: stream.pix_fmt ?? 'yuv420p' };
  }

  private record(job: EncodeJob, { treatment, stream }: Source, version: string, similarity: Similarity): Readonly<Record<string, unknown>> {
    return {
      encoder: 'libx265',
      ffmpeg: version,
      crf: job.settings.videoCrf,
      preset: job.settings.videoPreset,
      method: treatment.method,
      ...(treatment.obstacle && { obstacle: treatment.obstacle }),
      size: treatment.size ?? { width: stream.width, height: stream.height },
      frames: similarity.frames,
      ssim: Number(similarity.mean.toFixed(4)),
      ssimWorst: Number(similarity.worst.toFixed(4)),
    };
  }
}

export const videoTrack = (movie: MovieDescription): MovieDescription['tracks'][number] | undefined => movie.tracks.find(({ handler }) => handler === 'vide');

const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;
