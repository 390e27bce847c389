import { PipelineError } from '@media-pipeline/contracts';
import { Programs, ProgramFailure, type ProgramOptions } from '@media-pipeline/stage';
import type { Coding } from './codings';
import { FramesAnswer, ProbeAnswer, type FrameSideData } from './stream-info';

export interface FfmpegOptions extends ProgramOptions {
  /** Threads that one job may use; the stage runs one job per core. */
  readonly cores: number;
}

/** One packet of a stream. */
export interface Packet {
  /** When it is shown, in ticks of the stream's time base. */
  readonly pts: number;
  /** The same in seconds, as ffprobe writes it. */
  readonly time: string;
  readonly bytes: number;
  readonly key: boolean;
  /** False for packets that only serve to decode others (cut off by an edit list). */
  readonly shown: boolean;
}

export interface RunWatch {
  readonly signal: AbortSignal;
  /** Frames done so far. */
  onFrame?(frame: number): void;
  /** Bytes written so far. */
  onBytes?(bytes: number): void;
  /** Lines of standard output that are not progress. */
  onLine?(line: string): void;
  onErrorLine?(line: string): void;
}

/** ffmpeg and ffprobe as this stage calls them: never interactive, quiet, with as many threads as it was given. */
export class Ffmpeg {
  readonly cores: number;
  private readonly programs: Programs;
  private readonly faults = new Map<string, string | null>();
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
      else if (key === 'total_size') watch.onBytes?.((bytes = Number(value)));
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

  /** The packets of a stream in file order, without decoding. */
  async packets(path: string, stream: number, signal: AbortSignal, { wholeMedia = false } = {}): Promise<Packet[]> {
    const packets: Packet[] = [];
    const onLine = (line: string): void => {
      const [pts, time, bytes, flags] = line.split(',');
      if (pts !== undefined && pts !== '' && pts !== 'N/A') packets.push({ pts: Number(pts), time: time ?? '0', bytes: Number(bytes), key: flags?.includes('K') ?? false, shown: !flags?.includes('D') });
    };
    const entries = ['-select_streams', String(stream), '-show_entries', 'packet=pts,pts_time,size,flags', '-of', 'csv=p=0'];
    try {
      await this.programs.run({ program: 'ffprobe', args: ['-v', 'error', ...(wholeMedia ? ['-ignore_editlist', '1'] : []), ...entries, path], signal, onLine });
    } catch (error) {
      throw inPipeline(error);
    }
    return packets;
  }

  /** Side data of the first frames as they are decoded: static HDR metadata, captions, dynamic HDR … */
  async frameSideData(path: string, stream: number, signal: AbortSignal): Promise<FrameSideData[]> {
    const answer: string[] = [];
    const args = ['-v', 'error', '-of', 'json', '-select_streams', String(stream), '-read_intervals', '%+#4', '-show_frames', path];
    await this.programs.run({ program: 'ffprobe', args, signal, onLine: (line) => answer.push(line) });
    return FramesAnswer.parse(JSON.parse(answer.join('\n') || '{}')).frames.flatMap(({ side_data_list: list }) => list);
  }

  /**
   * Why this encoder cannot be used on this machine, by a tiny encode; null when it can. That ffmpeg lists it says nothing of the device.
   * A device is asked once: what the machine lacks it lacks until the stage starts anew.
   */
  async fault(coding: Coding, signal: AbortSignal): Promise<string | null> {
    const known = this.faults.get(coding.library);
    if (known !== undefined) return known;
    const found = await this.tryEncoder(coding, signal);
    if (coding.hardware) this.faults.set(coding.library, found);
    return found;
  }

  private async tryEncoder(coding: Coding, signal: AbortSignal): Promise<string | null> {
    const { version, names } = await this.capabilities(signal);
    if (!names.has(coding.library)) return `ffmpeg ${version} is built without ${coding.library}`;
    if (!coding.hardware) return null;
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=10:d=0.5'];
    const filters = ['format=yuv420p', ...(coding.upload === null ? [] : [coding.upload])].join(',');
    const options = ['-c:v', coding.library, ...coding.options({ crf: coding.space.start, preset: 'fast', cores: 1 }, null)];
    try {
      const { frames } = await this.run(['-v', 'error', ...coding.device, ...picture, '-vf', filters, ...options, '-f', 'null', '-'], { signal });
      return frames === 5 ? null : `${coding.library} gave ${frames} of 5 frames`;
    } catch (error) {
      if (signal.aborted) throw error;
      return error instanceof Error ? error.message : String(error);
    }
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
