import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Command, Setup } from './session-worker';

const typescript = path.resolve(__dirname, '../../../../tools/testing/typescript.cjs');

/** A process of its own that uses the session. */
export class Worker {
  private readonly lines: unknown[] = [];
  private readonly waiting: ((line: unknown) => void)[] = [];
  private complaints = '';
  private readonly ended: Promise<never>;

  private constructor(readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said: unknown = JSON.parse(line);
      const next = this.waiting.shift();
      if (next) next(said);
      else this.lines.push(said);
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.complaints += text));
    this.ended = once(child, 'close').then(() => {
      throw new Error(`the worker ended: ${this.complaints}`);
    });
    this.ended.catch(() => undefined);
  }

  static async start(setup: Setup): Promise<Worker> {
    const worker = new Worker(spawn(process.execPath, ['-r', typescript, path.join(__dirname, 'session-worker.ts'), JSON.stringify(setup)], { stdio: ['pipe', 'pipe', 'pipe'] }));
    await worker.heard();
    return worker;
  }

  /** Gives a command. @returns what is answered */
  async do(command: Command): Promise<unknown> {
    this.child.stdin!.write(`${JSON.stringify(command)}\n`);
    return await this.heard();
  }

  /** The next line it says; fails when it ends without one. */
  async heard(): Promise<unknown> {
    if (this.lines.length > 0) return this.lines.shift();
    return await Promise.race([new Promise<unknown>((resolve) => this.waiting.push(resolve)), this.ended]);
  }

  /** Everything it has said and nobody has heard yet. */
  get unheard(): readonly unknown[] {
    return this.lines;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}
