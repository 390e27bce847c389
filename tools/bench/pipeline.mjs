// Runs the built command line as its user would, and reads what it says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cli = path.join(root, 'dist/apps/cli/src/main.js');
export const stageMain = (stage) => path.join(root, `dist/apps/${stage}/src/main.js`);

/** A child of ours, with nothing of the environment but what it needs. */
export function start(file, args, env, stdio = ['ignore', 'pipe', 'inherit']) {
  const { PATH, HOME } = process.env;
  return spawn(process.execPath, [file, ...args], { env: { PATH, HOME, LOG_LEVEL: 'warn', ...env }, stdio });
}

/** Peak resident memory of a live process, MB (Linux). */
export async function peakMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(status) ?? [];
  return kilobytes === undefined ? 0 : Number(kilobytes) / 1024;
}

/** Resident memory of a live process, MB (Linux). */
export async function residentMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
  return kilobytes === undefined ? 0 : Number(kilobytes) / 1024;
}

/** `run --once --json`: its summary, the wall time (s), its peak memory (MB). Fails when it fails. */
export async function runOnce(source, library, env = {}) {
  const began = performance.now();
  const child = start(cli, ['run', '--source', source, '--library', library, '--once', '--json'], { FOLDER_SOURCE_STABLE_SECONDS: '0', ...env });
  let peak = 0;
  const watch = setInterval(() => void peakMegabytes(child.pid).then((now) => (peak = Math.max(peak, now))), 200);
  const exited = once(child, 'exit');
  let last = '';
  let rest = '';
  for await (const chunk of child.stdout) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    last = lines.at(-1) ?? last;
  }
  const [code] = await exited;
  clearInterval(watch);
  if (code !== 0) throw new Error(`the run ended with ${code}: ${last}`);
  return { summary: JSON.parse(last), wall: (performance.now() - began) / 1000, peak };
}
