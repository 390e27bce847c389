import { readFile, rm, writeFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { readTileSamples, type TileSamples } from '@media-pipeline/media';
import { ProgramFailure } from '@media-pipeline/stage';
import { inPipeline, type Ffmpeg } from '../video/ffmpeg';

const preset = 'medium';

/**
 * x265 with every picture a key frame of its own. `keyint=1` would do the same and make x265 declare the Range Extensions profile, which
 * phones do not decode; hence forced key frames in the Main profile. `info=0`: no text of the encoder in every tile.
 */
const x265 = 'log-level=error:keyint=250:min-keyint=1:bframes=0:scenecut=0:open-gop=0:info=0:aq-mode=3:pools=1:frame-threads=1';

export interface TileJob {
  /** The tiles as an HEVC stream (Annex B), one picture each. */
  readonly stream: Buffer;
  readonly count: number;
  /** A name in a directory where temporary files may lie. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export interface EncodedTiles extends TileSamples {
  readonly settings: Readonly<Record<string, unknown>>;
  /** The luma of the coded tiles, one below the other, where it was asked for. */
  readonly luma: Buffer | null;
}

const streamInput = ['-f', 'hevc', '-framerate', '1'];

/** Codes the tiles of a HEIC anew, in one run of ffmpeg. */
export class TileEncoder {
  constructor(private readonly ffmpeg: Ffmpeg) {}

  async available(signal: AbortSignal): Promise<boolean> {
    const capabilities = await this.ffmpeg.capabilities(signal).catch((error: unknown) => {
      if (error instanceof PipelineError && error.code === 'PROGRAM_MISSING') return null;
      throw error;
    });
    return capabilities?.names.has('libx265') ?? false;
  }

  /**
   * @param options.decodeLuma whether the coded tiles are decoded again
   * Throws MEDIA_CORRUPT when a tile cannot be decoded without complaint: what a decoder conceals would be made permanent.
   */
  async encode(job: TileJob, crf: number, options: { readonly decodeLuma?: boolean; readonly onTile?: (done: number) => void } = {}): Promise<EncodedTiles> {
    const { version } = await this.ffmpeg.capabilities(job.signal);
    const output = temporaryPath(job.scratch);
    try {
      const arguments_ = ['-c:v', 'libx265', '-preset', preset, '-crf', String(crf), '-profile:v', 'main', '-force_key_frames', 'expr:1', '-x265-params', x265, '-tag:v', 'hvc1', '-f', 'mp4', '-y', output];
      await this.decode(job, job.stream, arguments_, options.onTile);
      const mp4 = await readFile(output);
      const luma = options.decodeLuma ? await this.readLuma(['-i', output], job) : null;
      return { ...readTileSamples(mp4), luma, settings: { encoder: `x265 (ffmpeg ${version})`, crf, preset, method: 'graft' } };
    } catch (error) {
      throw inPipeline(error);
    } finally {
      await rm(output, { force: true });
    }
  }

  /** The luma of the tiles, one below the other: width × height bytes each. Throws as {@link encode} does. */
  async lumaOf(job: TileJob): Promise<Buffer> {
    const input = temporaryPath(job.scratch);
    try {
      await writeFile(input, job.stream);
      return await this.readLuma([...streamInput, '-i', input], job);
    } finally {
      await rm(input, { force: true });
    }
  }

  /** The samples as they are stored, whatever range and matrix they are meant in: both sides of a comparison are read alike. */
  private async readLuma(input: readonly string[], { scratch, signal }: TileJob): Promise<Buffer> {
    const output = temporaryPath(scratch);
    try {
      await this.ffmpeg.run(['-v', 'error', '-xerror', '-threads', '1', ...input, '-vf', 'extractplanes=y', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-y', output], { signal });
      return await readFile(output);
    } catch (error) {
      throw corruptOr(error);
    } finally {
      await rm(output, { force: true });
    }
  }

  private async decode({ count, scratch, signal }: TileJob, stream: Buffer, arguments_: readonly string[], onTile?: (done: number) => void): Promise<void> {
    const input = temporaryPath(scratch);
    const complaints: string[] = [];
    try {
      await writeFile(input, stream);
      const watch = { signal, onFrame: (done: number) => onTile?.(done), onErrorLine: (line: string) => complaints.push(line) };
      const { frames } = await this.ffmpeg.run(['-v', 'error', '-xerror', '-err_detect', 'explode', '-threads', '1', ...streamInput, '-i', input, '-fps_mode', 'passthrough', ...arguments_], watch);
      const complaint = complaints.find((line) => /^\[hevc @/.test(line));
      if (complaint) throw new PipelineError('MEDIA_CORRUPT', `the picture cannot be decoded to its end: ${complaint}`);
      if (frames !== count) throw new PipelineError('MEDIA_CORRUPT', `only ${frames} of ${count} tiles can be decoded`);
    } catch (error) {
      throw corruptOr(error);
    } finally {
      await rm(input, { force: true });
    }
  }
}

const corruptOr = (error: unknown): unknown =>
  error instanceof ProgramFailure && !error.machineAtFault ? new PipelineError('MEDIA_CORRUPT', `the picture cannot be decoded to its end: ${error.errorTail}`, { cause: error }) : inPipeline(error);
