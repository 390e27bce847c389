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

/** A program ended with another code than 0. Whether its input or the machine is at fault is the caller's to say. */
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
    return this.killedBy !== null || /No space left on device|Cannot allocate memory|Input\/output error|Read-only file system/.test(this.errorTail);
  }

  toPipelineError(): PipelineError {
    const code = /No space left on device/.test(this.errorTail) ? 'DISK_FULL' : /Read-only file system/.test(this.errorTail) ? 'LIBRARY_READ_ONLY' : 'PROGRAM_FAILED';
    return new PipelineError(code, this.message, { cause: this });
  }
}

const tailLines = 12;
const tailLineLength = 400;
const graceMs = 3_000;

/**
 * Runs programs at low priority, each in a process group of its own. With `setpriv` (util-linux) the kernel kills the program when this
 * process dies, also by SIGKILL, so that no encoder goes on for hours for nobody.
 */
export class Programs {
  private launcher: readonly string[];

  constructor(private readonly options: ProgramOptions) {
    this.launcher = ['setpriv', '--pdeathsig', 'KILL', 'nice', '-n', String(options.niceness)];
  }

  /**
   * Resolves when the program ended with code 0 and all its output is handled. Rejects with {@link ProgramFailure} for another code,
   * PROGRAM_MISSING when it is not in PATH, PROGRAM_FAILED when it hung, and with the signal's reason when aborted; by then the
   * whole process group is gone.
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
        throw new PipelineError('PROGRAM_FAILED', `${call.program} made no progress for ${seconds} s and was killed: ${tail.join(' / ')}`);
      }
      if (code === 127 && tail.some((line) => line.includes('No such file or directory'))) throw missing(call.program);
      if (code !== 0) throw new ProgramFailure(call.program, code, killedBy, tail.join(' / '));
    } finally {
      watch.stop();
      call.signal.removeEventListener('abort', abort);
    }
  }

  /** Starts behind the first launcher that this system has. */
  private async start(call: ProgramCall): Promise<ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }> {
    for (;;) {
      const [command = call.program, ...args] = [...this.launcher, call.program, ...call.args];
      const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      try {
        await once(child, 'spawn');
        return child;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        if (command === call.program) throw missing(call.program);
        this.launcher = command === 'setpriv' ? this.launcher.slice(3) : [];
      }
    }
  }
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
