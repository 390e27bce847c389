import { rm, stat } from 'node:fs/promises';
import { PipelineError, type QualitySearch } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { graftMovie, scaleTrackMatrix, transplantMetadata } from '@media-pipeline/media';
import { ProgramFailure, ProgramStalled } from '@media-pipeline/stage';
import { kept, VideoEncoder, type EncodeJob, type EncodeResult, type Footprint } from '../../encoder.port';
import { codings, unsuitable, type Coding } from './codings';
import { checkCrf, searchCrf, type CrfRequest } from './crf-search';
import { checkSource } from './decode-check';
import { encodeArguments, type EncodeCommand } from './encode-command';
import { inPipeline, type Ffmpeg, type RunWatch } from './ffmpeg';
import { isTreatedFormat, type Kept } from './policy';
import { measureSimilarity, similarityFloor, videoScore, type Similarity } from './similarity';
import { knownAudio, videoStream } from './stream-info';
import { videoFootprint } from './video-footprint';
import { rememberMeasured } from './video-job';
import { examine, videoTrack, type Source } from './video-source';

/** How a job's time is divided, as far as a bar needs to know. */
export const shares = { check: 0.1, search: 0.3, encode: 0.8, compare: 0.9, prove: 1 } as const;

/** With a fixed crf, shorter videos (seconds) are encoded at once: samples would cost a large part of it. */
const worthSampling = 30;
/** A whole video may lie so much further from 1 than was asked for, as a logarithm: about one step of crf. */
const tolerance = 0.1;

/** An encoder with the reason why it is not the one that was asked for. */
interface Choice {
  readonly coding: Coding;
  readonly fallback: string | null;
}

/**
 * H.264 and HEVC in QuickTime or MP4 → the same container with a smaller picture, by x265 or what VIDEO_ENCODER says. Decides by policy
 * first, decodes the source to its end, finds the strength on samples, encodes, puts the new video into the original's file (or next best,
 * see `chooseTreatment`) and measures how like the two are. What does not come out well is kept with its reason; nothing but `temporary`
 * is written.
 */
export class FfmpegVideoEncoder extends VideoEncoder {
  constructor(private readonly ffmpeg: Ffmpeg) {
    super();
  }

  override footprint(job: EncodeJob): Promise<Footprint | null> {
    return videoFootprint(job);
  }

  async encode(job: EncodeJob): Promise<EncodeResult> {
    if (!isTreatedFormat(job.type)) return kept('UNSUPPORTED_FORMAT', `${job.type.format} videos are passed on as they are`);
    const source = await examine(this.ffmpeg, job);
    if ('code' in source) return kept(source.code, source.reason);
    const missing = await this.ffmpeg.fault(codings.x265, job.signal);
    if (missing !== null) return kept('ENCODER_MISSING', missing);
    const { frames, promised } = await checkSource(this.ffmpeg, { path: job.source, movie: source.movie, probe: source.probe }, job.signal, (part) => job.onProgress(part * shares.check));
    if (frames !== promised) return kept('UNSUPPORTED_VARIANT', `${promised - frames} of ${promised} frames are never shown`);
    const choice = await this.choose(job, source);
    try {
      return await this.attempt(job, source, choice);
    } catch (error) {
      job.signal.throwIfAborted();
      // a device that fails or hangs on this file is no reason to give the file up
      if (!choice.coding.hardware || !(error instanceof ProgramFailure || error instanceof ProgramStalled)) throw inPipeline(error);
      return await this.attempt(job, source, { coding: codings.x265, fallback: error.message });
    }
  }

  private async choose(job: EncodeJob, { stream, hdr }: Source): Promise<Choice> {
    const wanted = codings[job.settings.videoEncoder];
    if (wanted === codings.x265) return { coding: wanted, fallback: null };
    const fallback = unsuitable(wanted, stream, hdr, job.type.format === 'mov' ? 'mov' : 'mp4') ?? (await this.ffmpeg.fault(wanted, job.signal));
    return { coding: fallback === null ? wanted : codings.x265, fallback };
  }

  /** With one encoder from the search to the measured result. Rejects for a hardware encoder what another may do better. */
  private async attempt(job: EncodeJob, source: Source, choice: Choice): Promise<EncodeResult> {
    try {
      const found = await this.findCrf(job, source, choice.coding);
      const result = 'code' in found ? kept(found.code, found.reason) : await this.reach(job, source, choice, found);
      if (result.outcome === 'kept') await rm(job.temporary, { force: true });
      return result;
    } catch (error) {
      await rm(job.temporary, { force: true });
      if (choice.coding.hardware) throw error;
      if (error instanceof ProgramStalled || (error instanceof ProgramFailure && !error.machineAtFault)) return kept('ENCODER_FAILED', error.message);
      throw inPipeline(error);
    }
  }

  /** VIDEO_CRF wins where it is set; else QUALITY_TARGET is searched for. */
  private async findCrf(job: EncodeJob, source: Source, coding: Coding): Promise<{ readonly crf: number; readonly search: QualitySearch | null } | Kept> {
    const { videoCrf: crf, videoPreset: preset, qualityScore, minSaving } = job.settings;
    const request: CrfRequest = {
      ...{ source: job.source, scratch: job.temporary, packets: source.packets, bytes: source.movie.bytes, minSaving, signal: job.signal },
      picture: { coding, preset, stream: source.stream, hdr: source.hdr, size: source.treatment.size },
      onProgress: (part) => job.onProgress(shares.check + (shares.search - shares.check) * part),
    };
    if (crf === null) {
      const search = await searchCrf(this.ffmpeg, request, videoScore(qualityScore));
      return 'code' in search ? search : { crf: search.chosen, search };
    }
    const unpromising = source.movie.duration >= worthSampling ? await checkCrf(this.ffmpeg, request, crf) : null;
    return unpromising ?? { crf, search: null };
  }

  /** Encodes the whole; once more, stronger by what was measured, when a searched crf turns out to be too great for it. */
  private async reach(job: EncodeJob, source: Source, choice: Choice, { crf, search }: { readonly crf: number; readonly search: QualitySearch | null }): Promise<EncodeResult> {
    const first = await this.make(job, source, choice.coding, crf);
    if ('code' in first) return kept(first.code, first.reason);
    const missed = search ? shortfall(first, search.target) : 0;
    if (missed <= tolerance) return this.finish(job, source, choice, { crf, search, similarity: first });
    const { least, slope } = choice.coding.space;
    const better = Math.max(least, crf - Math.ceil(missed / Math.abs(slope)));
    const second = await this.make(job, source, choice.coding, better);
    if ('code' in second) return kept(second.code, second.reason);
    if (search && shortfall(second, search.target) > tolerance) return kept('QUALITY_OUT_OF_REACH', `the whole video has SSIM ${second.luma.mean.toFixed(4)} at crf ${better}, wanted is ${search.target}`);
    return this.finish(job, source, choice, { crf: better, search, similarity: second });
  }

  private async make(job: EncodeJob, source: Source, coding: Coding, crf: number): Promise<Similarity | Kept> {
    const encoded = temporaryPath(job.temporary);
    const { movie, stream, treatment, packets } = source;
    try {
      const between = (from: number, to: number) => (frame: number) => job.onProgress(Math.min(to, from + ((to - from) * frame) / Math.max(1, packets.length)));
      const most = Math.min(movie.bytes - 1, movie.bytes * (1 - job.settings.minSaving));
      const command = encodeArguments(this.command(job, source, coding, crf, encoded));
      const small = await this.encodeWithin(most, command, { signal: job.signal, onFrame: between(shares.search, shares.encode) });
      if (!small) return { code: 'NOT_SMALLER', reason: `the result has more than ${Math.round((100 * most) / movie.bytes)} % of the size` };
      await this.assemble(job, source, encoded);
      const { size } = await stat(job.temporary);
      if (size > most) return { code: 'NOT_SMALLER', reason: `the result has ${Math.round((100 * size) / movie.bytes)} % of the size` };
      const result = videoStream(await this.ffmpeg.probe(job.temporary, job.signal));
      const sides = { source: { path: job.source, stream: stream.index }, result: { path: job.temporary, stream: result?.index ?? 0 } };
      const comparison = { ...sides, wholeMedia: treatment.method === 'graft', size: treatment.size, pixelFormat: stream.pix_fmt ?? 'yuv420p' };
      const similarity = await measureSimilarity(this.ffmpeg, comparison, job.signal, between(shares.encode, shares.compare));
      const { mean, worst } = similarity.all;
      return mean < similarityFloor.mean || worst < similarityFloor.worst ? { code: 'PROOF_FAILED', reason: `the picture would suffer: SSIM ${mean.toFixed(4)}, worst frame ${worst.toFixed(4)}` } : similarity;
    } finally {
      await rm(encoded, { force: true });
    }
  }

  /** False: ended, for it had grown beyond `most` bytes before it was done. What stood still is tried once more: it may have been the machine. */
  private async encodeWithin(most: number, command: readonly string[], watch: RunWatch): Promise<boolean> {
    const outgrown = new AbortController();
    const within: RunWatch = { ...watch, signal: AbortSignal.any([watch.signal, outgrown.signal]), onBytes: (bytes) => bytes > most && outgrown.abort() };
    const run = () => this.ffmpeg.run(command, within);
    try {
      await run().catch((error: unknown) => {
        if (error instanceof ProgramStalled) return run();
        throw error;
      });
      return true;
    } catch (error) {
      watch.signal.throwIfAborted();
      if (outgrown.signal.aborted) return false;
      throw error;
    }
  }

  private command(job: EncodeJob, { movie, probe, stream, treatment, hdr }: Source, coding: Coding, crf: number, target: string): EncodeCommand {
    return {
      ...{ source: job.source, target, format: job.type.format === 'mov' ? 'mov' : 'mp4', stream, hdr, coding, size: treatment.size, method: treatment.method },
      strength: { crf, preset: job.settings.videoPreset, cores: this.ffmpeg.cores },
      sound: knownAudio(probe).map(({ index }) => index),
      timescale: videoTrack(movie)?.timescale ?? 600,
    };
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

  private async finish(job: EncodeJob, { treatment, stream, hdr }: Source, { coding, fallback }: Choice, made: { readonly crf: number; readonly search: QualitySearch | null; readonly similarity: Similarity }): Promise<EncodeResult> {
    const { crf, search, similarity } = made;
    await rememberMeasured(job, similarity);
    const { version } = await this.ffmpeg.capabilities(job.signal);
    const settings = {
      ...{ encoder: coding.library, ffmpeg: version, crf, preset: job.settings.videoPreset, method: treatment.method },
      ...(fallback !== null && { insteadOf: `${job.settings.videoEncoder}: ${fallback}` }),
      ...(treatment.obstacle !== null && { obstacle: treatment.obstacle }),
      ...(hdr && { hdr: { mastering: hdr.mastering !== null, light: hdr.light !== null, transfer: stream.color_transfer } }),
      size: treatment.size ?? { width: stream.width, height: stream.height },
    };
    return { outcome: 'encoded', settings, ...(search && { search }) };
  }
}

/** By how much further from 1 than wanted, as a logarithm; 0 or less: reached. */
const shortfall = ({ luma }: Similarity, target: number): number => Math.log(Math.max(1e-6, 1 - luma.mean) / Math.max(1e-6, 1 - target));
