import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import path from 'node:path';
import type { StageName } from '@media-pipeline/contracts';

export const workspaceRoot = path.resolve(__dirname, '..', '..', '..');

/** A built stage as its own process, to be killed and started again at will. */
export class StageProcess {
  private child: ChildProcess | undefined;
  private readonly log: WriteStream;
  starts = 0;
  /** Of every process that it was. */
  readonly pids: number[] = [];

  /** @param environment the settings, as environment variables: nothing else of this process's environment is handed on but PATH and HOME. */
  constructor(
    readonly name: StageName,
    private readonly environment: Readonly<Record<string, string>>,
    readonly logFile: string,
  ) {
    this.log = createWriteStream(logFile, { flags: 'a' });
  }

  start(): void {
    const main = path.join(workspaceRoot, 'dist', 'apps', this.name, 'src', 'main.js');
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, ['--enable-source-maps', main], { env: { PATH, HOME, ...this.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.pipe(this.log, { end: false });
    this.child.stderr?.pipe(this.log, { end: false });
    this.starts++;
    if (this.child.pid !== undefined) this.pids.push(this.child.pid);
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** SIGKILL, at once; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM; resolves to the exit code when the stage has drained. */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child?.exitCode ?? null;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || !this.running) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
