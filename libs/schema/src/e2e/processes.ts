import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Job } from './worker';

const typescript = path.resolve(__dirname, '../../../../tools/testing/typescript.cjs');

export interface Worker {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves when it has ended and said everything: its lines. Fails when it ended badly, unless it was killed. */
  readonly ended: Promise<readonly string[]>;
}

export function startWorker(job: Job): Worker {
  const parameters = ['-r', typescript, path.join(__dirname, 'worker.ts'), JSON.stringify(job)];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let complaints = '';
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0 && code !== null) throw new Error(`worker ended with ${String(code)}: ${complaints}`);
    return lines;
  });
  return { child, lines, ended };
}
