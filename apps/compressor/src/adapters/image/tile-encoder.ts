import { readFile, rm, writeFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { readTileSamples, type TileSamples } from '@media-pipeline/media';
import { ProgramFailure } from '../video/program';
import { inPipeline, type Ffmpeg } from '../video/ffmpeg';

/**
 * Quality of HEIC tiles. There is no setting for it: VIDEO_CRF is meant for moving pictures, which hide more. Measured on five iPhone files,
 * as size left and PSNR of the whole picture: 28 → 87–92 % at 42–49 dB, 30 → 72–80 % at 40–47 dB, 32 → 47–64 % at 38–45 dB.
 * 30 is about what JPEG_QUALITY 85 does to a JPEG.
 */
export const heicCrf = 30;
const preset = 'medium';

/**
 * x265 with every picture a key frame of its own. `keyint=1` would do the same and make x265 declare the Range Extensions profile, which
 * phones do not decode; hence forced key frames in the Main profile. `info=0`: no text of the encoder in every tile.
 */
const x265 = 'log-level=error:keyint=250:min-keyint=1:bframes=0:scenecut=0:open-gop=0:info=0:aq-mode=3:pools=1:frame-threads=1';

export interface EncodedTiles extends TileSamples {
  readonly settings: Readonly<Record<string, unknown>>;
}

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
   * @param stream the tiles as an HEVC stream (Annex B), one picture each
   * @param scratch a name in a directory where temporary files may lie
   * Throws MEDIA_CORRUPT when a tile cannot be decoded without complaint: what a decoder conceals would be made permanent.
   */
  async encode(stream: Buffer, count: number, scratch: string, signal: AbortSignal, onTile: (done: number) => void): Promise<EncodedTiles> {
    const { version } = await this.ffmpeg.capabilities(signal);
    const [input, output] = [temporaryPath(scratch), temporaryPath(scratch)];
    const complaints: string[] = [];
    try {
      await writeFile(input, stream);
      const { frames } = await this.ffmpeg.run(
        [
          '-v', 'error', '-xerror', '-err_detect', 'explode', '-threads', '1', '-f', 'hevc', '-framerate', '1', '-i', input,
          '-c:v', 'libx265', '-preset', preset, '-crf', String(heicCrf), '-profile:v', 'main', '-force_key_frames', 'expr:1', '-x265-params', x265,
          '-fps_mode', 'passthrough', '-tag:v', 'hvc1', '-f', 'mp4', '-y', output,
        ],
        { signal, onFrame: onTile, onErrorLine: (line) => complaints.push(line) },
      );
      const complaint = complaints.find((line) => /^\[hevc @/.test(line));
      if (complaint) throw new PipelineError('MEDIA_CORRUPT', `the picture cannot be decoded to its end: ${complaint}`);
      if (frames !== count) throw new PipelineError('MEDIA_CORRUPT', `only ${frames} of ${count} tiles can be decoded`);
      return { ...readTileSamples(await readFile(output)), settings: { encoder: `x265 (ffmpeg ${version})`, crf: heicCrf, preset } };
    } catch (error) {
      if (error instanceof ProgramFailure && !error.machineAtFault) throw new PipelineError('MEDIA_CORRUPT', `the picture cannot be decoded to its end: ${error.errorTail}`, { cause: error });
      throw inPipeline(error);
    } finally {
      await rm(input, { force: true });
      await rm(output, { force: true });
    }
  }
}
