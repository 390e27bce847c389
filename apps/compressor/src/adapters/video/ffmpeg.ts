import { PipelineError } from '@media-pipeline/contracts';
import { Programs, ProgramFailure, type ProgramOptions } from './program';
import { ProbeAnswer } from './stream-info';

export interface FfmpegOptions extends ProgramOptions {
  /** Threads that one job may use; the stage runs one job per core. */
  readonly cores: number;
}

/** One packet of a stream: when it is shown, in ticks of the stream's time base. */
export interface PacketTime {
  readonly pts: number;
  /** False for packets that only serve to decode others (cut off by an edit list). */
  readonly shown: boolean;
}

export interface RunWatch {
  readonly signal: AbortSignal;
  /** Frames done so far. */
  onFrame?(frame: number): void;
  /** Lines of standard output that are not progress. */
  onLine?(line: string): void;
  onErrorLine?(line: string): void;
}

/** ffmpeg and ffprobe as this stage calls them: never interactive, quiet, with as many threads as it was given. */
export class Ffmpeg {
  readonly cores: number;
  private readonly programs: Programs;
  private encoders: Promise<{ readonly version: string; readonly names: ReadonlySet<string> }> | undefined;

  constructor(options: FfmpegOptions) {
    this.cores = options.cores;
    this.programs = new Programs(options);
  }

  /**
   * Runs ffmpeg with `-progress` on standard output.
   * @param args everything after the global options
   * @returns the number of video frames that it counted, and the bytes of its output
   * Rejects like {@link Programs.run}.
   */
  async run(args: readonly string[], watch: RunWatch): Promise<{ readonly frames: number; readonly bytes: number }> {
    let frames = 0;
    let passed = 0;
    let bytes = 0;
    const handleLine = (line: string): void => {
      const [, key, value] = /^(frame|out_time_us|total_size)=\s*(-?\d+)$/.exec(line) ?? [];
      if (key === 'frame') watch.onFrame?.((frames = Number(value)));
      else if (key === 'out_time_us') passed = Number(value);
      else if (key === 'total_size') bytes = Number(value);
      else if (!/^[a-z_0-9]+=/.test(line)) watch.onLine?.(line);
    };
    await this.programs.run({
      program: 'ffmpeg',
      args: ['-nostdin', '-hide_banner', '-nostats', '-progress', 'pipe:1', '-stats_period', '0.5', ...args],
      signal: watch.signal,
      onLine: handleLine,
      onErrorLine: (line) => watch.onErrorLine?.(line),
      // sound can go on for long after the last frame
      progress: () => frames + passed,
    });
    return { frames, bytes };
  }

  /** Runs ffmpeg for what it writes to standard output, line by line. */
  async lines(args: readonly string[], signal: AbortSignal, onLine: (line: string) => void): Promise<void> {
    await this.programs.run({ program: 'ffmpeg', args: ['-nostdin', '-hide_banner', '-nostats', ...args], signal, onLine });
  }

  /** Its streams; throws MEDIA_CORRUPT when ffprobe cannot make sense of the file. */
  async probe(path: string, signal: AbortSignal): Promise<ProbeAnswer> {
    const answer: string[] = [];
    try {
      const args = ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', path];
      await this.programs.run({ program: 'ffprobe', args, signal, onLine: (line) => answer.push(line) });
    } catch (error) {
      if (error instanceof ProgramFailure && !error.machineAtFault) {
        throw new PipelineError('MEDIA_CORRUPT', `ffprobe cannot read it: ${error.errorTail}`, { cause: error });
      }
      throw inPipeline(error);
    }
    return ProbeAnswer.parse(JSON.parse(answer.join('\n')));
  }

  /** When the packets of a stream are shown, in file order. */
  async packetTimes(path: string, stream: number, signal: AbortSignal): Promise<PacketTime[]> {
    const times: PacketTime[] = [];
    const onLine = (line: string): void => {
      const [pts, flags] = line.split(',');
      if (pts !== undefined && pts !== '') times.push({ pts: Number(pts), shown: !flags?.includes('D') });
    };
    const entries = ['-select_streams', String(stream), '-show_entries', 'packet=pts,flags', '-of', 'csv=p=0'];
    try {
      await this.programs.run({ program: 'ffprobe', args: ['-v', 'error', ...entries, path], signal, onLine });
    } catch (error) {
      throw inPipeline(error);
    }
    return times;
  }

  /** Bytes of the packets of a stream that are shown from `start` to `end` (seconds). */
  async bytesBetween(path: string, stream: number, start: number, end: number, signal: AbortSignal): Promise<number> {
    let bytes = 0;
    const onLine = (line: string): void => {
      const [time, size] = line.split(',').map(Number);
      if (time !== undefined && size !== undefined && time >= start && time < end) bytes += size;
    };
    // ffprobe begins at the key frame before; a second more finds frames that are stored after later ones
    const interval = ['-read_intervals', `${start.toFixed(3)}%${(end + 1).toFixed(3)}`];
    const entries = ['-select_streams', String(stream), '-show_entries', 'packet=pts_time,size', '-of', 'csv=p=0'];
    await this.programs.run({ program: 'ffprobe', args: ['-v', 'error', '-ignore_editlist', '1', ...entries, ...interval, path], signal, onLine });
    return bytes;
  }

  /** Asked once: which ffmpeg this is and what it can encode. */
  async capabilities(signal: AbortSignal): Promise<{ readonly version: string; readonly names: ReadonlySet<string> }> {
    const asked = (this.encoders ??= this.ask(signal));
    return asked.catch((error: unknown) => {
      this.encoders = undefined; // ask again: it may be installed by then
      throw inPipeline(error);
    });
  }

  private async ask(signal: AbortSignal): Promise<{ version: string; names: Set<string> }> {
    let version = 'unknown';
    const names = new Set<string>();
    await this.lines(['-version'], signal, (line) => (version = /^ffmpeg version (\S+)/.exec(line)?.[1] ?? version));
    await this.lines(['-v', 'error', '-encoders'], signal, (line) => {
      const name = /^ [VAS][F.][S.][X.][B.][D.] (\S+)/.exec(line)?.[1];
      if (name) names.add(name);
    });
    return { version, names };
  }
}

/** What a caller that does not ask whose fault it was throws. */
export const inPipeline = (error: unknown): unknown => (error instanceof ProgramFailure ? error.toPipelineError() : error);
