import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf } from '@media-pipeline/files';

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  /** Each line of standard output. */
  onLine?(line: string): void;
  /** Each line of standard error. */
  onErrorLine?(line: string): void;
  /**
   * A number that grows while the program gets on (frames done); without it any output counts. A program whose number has stood still
   * for `stallMs` hangs, on a broken file or a network mount, and is killed.
   */
  progress?(): number;
}

export interface ProgramOptions {
  /** How long a program may make no progress before it is killed; ms. */
  readonly stallMs: number;
  /** 0 (as the pipeline itself) to 19 (only what nobody else wants). */
  readonly niceness: number;
}

const machineFault = /No space left on device|Cannot allocate memory|Input\/output error|Read-only file system/;
/** ffmpeg says this of the end of a file, which it writes last, and ends with code 0 all the same. */
const cutShort = /^(\[\S+ @ \S+\] )?Error (writing trailer|closing file)/;

/** A program ended with another code than 0, or could not write all that it should. Whether its input or the machine is at fault is the caller's to say. */
export class ProgramFailure extends Error {
  override readonly name = 'ProgramFailure';

  constructor(
    readonly program: string,
    readonly exitCode: number | null,
    readonly killedBy: NodeJS.Signals | null,
    /** The last lines that it printed on standard error. */
    readonly errorTail: string,
  ) {
    super(`${program} ${killedBy ? `was killed by ${killedBy}` : `ended with code ${exitCode}`}${errorTail ? `: ${errorTail}` : ''}`);
  }

  /** True when the machine is at fault: killed (out of memory), no space, input or output error. */
  get machineAtFault(): boolean {
    return this.killedBy !== null || machineFault.test(this.errorTail);
  }

  toPipelineError(): PipelineError {
    const code = /No space left on device/.test(this.errorTail) ? 'DISK_FULL' : /Read-only file system/.test(this.errorTail) ? 'LIBRARY_READ_ONLY' : 'PROGRAM_FAILED';
    return new PipelineError(code, this.message, { cause: this });
  }
}

/** A program made no progress and was killed. The machine's fault, unless the same happens again with a file that was read before. */
export class ProgramStalled extends PipelineError {
  constructor(program: string, seconds: number, errorTail: string) {
    super('PROGRAM_FAILED', `${program} made no progress for ${seconds} s and was killed${errorTail ? `: ${errorTail}` : ''}`);
  }
}

const tailLines = 12;
const tailLineLength = 400;
const graceMs = 3_000;

/**
 * Runs programs at low priority for processor and disk, each in a process group of its own. With `setpriv` (util-linux) the kernel kills the
 * program when this process dies, also by SIGKILL, so that no encoder goes on for hours for nobody. What of these a system lacks is left out.
 */
export class Programs {
  private launcher: Promise<readonly string[]> | undefined;

  constructor(private readonly options: ProgramOptions) {}

  /**
   * Resolves when the program ended with code 0, has written all that it should, and all its output is handled. Rejects with
   * {@link ProgramFailure} for another code, PROGRAM_MISSING when it is not in PATH, PROGRAM_FAILED when it hung, and with the signal's
   * reason when aborted; by then the whole process group is gone.
   */
  async run(call: ProgramCall): Promise<void> {
    call.signal.throwIfAborted();
    const child = await this.start(call);
    const tail: string[] = [];
    const lines = createInterface({ input: child.stdout });
    const errorLines = createInterface({ input: child.stderr });
    const watch = new StallWatch(call, this.options.stallMs, () => void killGroup(child));
    lines.on('line', (line) => {
      watch.sawOutput();
      call.onLine?.(line);
    });
    errorLines.on('line', (line) => {
      watch.sawOutput();
      tail.push(line.slice(0, tailLineLength));
      if (tail.length > tailLines) tail.shift();
      call.onErrorLine?.(line);
    });
    const abort = (): void => void killGroup(child);
    call.signal.addEventListener('abort', abort, { once: true });
    const drained = Promise.all([once(lines, 'close'), once(errorLines, 'close')]);
    try {
      const [code, killedBy]: [number | null, NodeJS.Signals | null] = await new Promise((resolve) => child.once('close', (...end) => resolve(end)));
      await drained;
      call.signal.throwIfAborted();
      if (watch.stalled) {
        const seconds = Math.round(this.options.stallMs / 1000);
        throw new ProgramStalled(call.program, seconds, tail.join(' / '));
      }
      if (code === 127 && tail.some((line) => line.includes('No such file or directory'))) throw missing(call.program);
      if (code !== 0 || tail.some((line) => cutShort.test(line))) throw new ProgramFailure(call.program, code, killedBy, tail.join(' / '));
    } finally {
      watch.stop();
      call.signal.removeEventListener('abort', abort);
    }
  }

  private async start(call: ProgramCall): Promise<ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }> {
    const [command = call.program, ...args] = [...(await (this.launcher ??= this.findLauncher())), call.program, ...call.args];
    const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn').catch((error: unknown) => {
      throw errnoOf(error) === 'ENOENT' ? missing(call.program) : error;
    });
    return child;
  }

  /** Each of them runs what follows in its own place, so that all are one process in the end. */
  private async findLauncher(): Promise<readonly string[]> {
    const { niceness } = this.options;
    const launchers = [['setpriv', '--pdeathsig', 'KILL'], ...(niceness > 0 ? [['ionice', '-c', '2', '-n', '7', '-t']] : []), ['nice', '-n', String(niceness)]];
    const works = await Promise.all(launchers.map((launcher) => succeeds([...launcher, 'true'])));
    return launchers.filter((_, index) => works[index]).flat();
  }
}

async function succeeds([command = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'ignore' });
  return new Promise((resolve) => child.once('error', () => resolve(false)).once('close', (code) => resolve(code === 0)));
}

const missing = (program: string): PipelineError => new PipelineError('PROGRAM_MISSING', `${program} is not in PATH`);

/** Asks the group to end, then ends it. */
async function killGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => child.pid !== undefined && signalGroup(child.pid, 'SIGKILL'), graceMs);
  await once(child, 'close');
  clearTimeout(timer);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group has ended meanwhile
  }
}

/** Looks every now and then whether a program still gets on. */
class StallWatch {
  stalled = false;
  private last = Number.NaN;
  private outputs = 0;
  private since = Date.now();
  private readonly timer: NodeJS.Timeout;

  constructor(call: ProgramCall, stallMs: number, onStall: () => void) {
    const progress = call.progress?.bind(call) ?? ((): number => this.outputs);
    this.timer = setInterval(() => {
      const now = progress();
      if (now !== this.last) {
        this.last = now;
        this.since = Date.now();
      } else if (!this.stalled && Date.now() - this.since >= stallMs) {
        this.stalled = true;
        onStall();
      }
    }, Math.max(20, Math.min(5_000, stallMs / 5)));
    this.timer.unref();
  }

  sawOutput(): void {
    this.outputs++;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
