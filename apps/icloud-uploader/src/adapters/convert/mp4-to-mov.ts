import { rm } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { transplantMetadata } from '@media-pipeline/media';
import { ProgramFailure, Programs } from '@media-pipeline/stage';

/** Picture and sound; no cover picture, which a QuickTime movie has not as a track. */
const tracks = ['-map', '0:V', '-map', '0:a?'];
/** HEVC has two names; Apple's players know this one. */
const appleTag = ['-tag:v:0', 'hvc1'];

/** MP4 → QuickTime: the same coded pictures and sound in another container, with the dates, places and keys of the original byte for byte. */
export class Mp4ToMov {
  private readonly programs = new Programs({ stallMs: 5 * 60_000, niceness: 10 });

  /** @param source, target absolute; the target is written anew. @throws MEDIA_CORRUPT when it cannot go into a QuickTime movie unchanged; PROGRAM_MISSING, DISK_FULL and the like; the signal's reason */
  async convert(source: string, target: string, signal: AbortSignal): Promise<void> {
    const bare = temporaryPath(target);
    try {
      const hevc = (await this.lines('ffprobe', ['-v', 'error', '-select_streams', 'V:0', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', source], signal)).includes('hevc');
      await this.lines('ffmpeg', ['-nostdin', '-v', 'error', '-i', source, ...tracks, '-c', 'copy', ...(hevc ? appleTag : []), '-fflags', '+bitexact', '-strict', 'unofficial', '-movflags', '+faststart', '-f', 'mov', bare], signal);
      await transplantMetadata({ original: source, movie: bare, output: target, signal });
      const [before, after] = [await this.hashes(source, signal), await this.hashes(target, signal)];
      if (before !== after) throw new PipelineError('MEDIA_CORRUPT', `its tracks are not the same in a QuickTime movie: ${before} became ${after}`);
    } catch (error) {
      if (!(error instanceof ProgramFailure)) throw error;
      if (error.machineAtFault) throw error.toPipelineError();
      throw new PipelineError('MEDIA_CORRUPT', `it cannot be made a QuickTime movie: ${error.errorTail}`, { cause: error });
    } finally {
      await rm(bare, { force: true });
    }
  }

  /** Of the coded pictures and sound, track by track. */
  private async hashes(file: string, signal: AbortSignal): Promise<string> {
    return (await this.lines('ffmpeg', ['-nostdin', '-v', 'error', '-i', file, ...tracks, '-c', 'copy', '-f', 'streamhash', '-'], signal)).join(' ');
  }

  private async lines(program: string, args: readonly string[], signal: AbortSignal): Promise<string[]> {
    const lines: string[] = [];
    await this.programs.run({ program, args, signal, onLine: (line) => lines.push(line) });
    return lines;
  }
}
