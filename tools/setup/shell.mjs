import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { constants as system } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * The environment for everything that set-up starts: the pinned Node first, and the folders where Debian puts daemons last
 * (nats-server lies in /usr/sbin, which an ordinary user's PATH lacks).
 */
export function environment(extra = {}) {
  const folders = [path.join(root, 'node_modules', '.bin'), ...(process.env.PATH ?? '').split(path.delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return { ...process.env, PATH: [...new Set(folders.filter(Boolean))].join(path.delimiter), ...extra };
}

/** The full path of a program, or null. @param {string} program */
export function which(program) {
  for (const folder of environment().PATH.split(path.delimiter)) {
    const file = path.join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return null;
}

const exitCode = (code, signal) => code ?? 128 + (system.signals[signal] ?? 0);

/**
 * Runs a program and keeps what it prints.
 * @returns {Promise<{ code: number, output: string }>} stdout and stderr as they came; code 127 when it cannot be started
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd: root, env: environment(), ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code, signal) => resolve({ code: exitCode(code, signal), output }));
  });
}

/**
 * Runs a program on our own terminal and passes signals on, so that whoever stops us stops it.
 * A Ctrl-C at a terminal reaches the program by itself (same process group); passing it on as well would count twice.
 * @param {{ limitMs?: number } & import('node:child_process').SpawnOptions} options a program that runs for longer than `limitMs` is killed
 * @returns {Promise<number>} its exit code (128 + signal number when a signal ended it)
 */
export function runThrough(command, args, { limitMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: environment(), stdio: 'inherit', ...options, ...(limitMs && { timeout: limitMs, killSignal: 'SIGKILL' }) });
    const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const passOn = (signal) => {
      if (signal !== 'SIGINT' || !atTerminal) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, passOn);
    const done = () => signals.forEach((signal) => process.off(signal, passOn));
    child.once('error', (error) => (done(), reject(error)));
    child.once('close', (code, signal) => (done(), resolve(exitCode(code, signal))));
  });
}
