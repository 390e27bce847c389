import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf } from '@media-pipeline/files';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process in clock ticks since boot (Linux), so that a pid that was given out again does not count. */
  readonly started: string | null;
  readonly command: string;
  readonly token: string;
}

const heartbeatMs = 15_000;
/** A holder on another machine that has not touched its lock for so long is gone. */
const staleAfterMs = 90_000;

/** One pipeline per library: a lock file in the library's state directory, taken over from a holder that is no more. */
export class LibraryLock implements AsyncDisposable {
  private readonly heartbeat: NodeJS.Timeout;

  private constructor(
    private readonly file: string,
    private readonly owner: Owner,
  ) {
    this.heartbeat = setInterval(() => {
      const now = new Date();
      utimes(file, now, now).catch(() => undefined);
    }, heartbeatMs).unref();
  }

  /** @throws LIBRARY_IN_USE, naming the process that has it */
  static async take(stateDirectory: string, command: string): Promise<LibraryLock> {
    await mkdir(stateDirectory, { recursive: true });
    const file = path.join(stateDirectory, 'lock.json');
    const owner: Owner = { pid: process.pid, host: hostname(), started: await startTime(process.pid), command, token: randomUUID() };
    for (let attempt = 0; attempt < 300; attempt++) {
      if (await claim(file, owner)) return new LibraryLock(file, owner);
      const holder = await holderOf(file);
      if (holder === null) continue;
      if (await isAlive(holder, file)) {
        throw new PipelineError('LIBRARY_IN_USE', `\`media-pipeline ${holder.command}\` works on this library (process ${holder.pid} on ${holder.host}, ${file}).`);
      }
      await putAside(file, holder);
    }
    throw new PipelineError('LIBRARY_IN_USE', `${file} could not be taken: others are taking it at the same time.`);
  }

  /** Whether somebody holds it now. */
  static async isHeld(stateDirectory: string): Promise<boolean> {
    const file = path.join(stateDirectory, 'lock.json');
    const holder = await holderOf(file);
    return holder !== null && (await isAlive(holder, file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.heartbeat);
    if ((await holderOf(this.file))?.token === this.owner.token) await unlink(this.file);
  }
}

/** Written aside and linked into place: the lock is never seen half written. */
async function claim(file: string, owner: Owner): Promise<boolean> {
  const draft = `${file}.${owner.token}`;
  await writeFile(draft, JSON.stringify(owner));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    // file systems without hard links (FAT, some SMB mounts)
    if (isErrno(error, 'EPERM') || isErrno(error, 'ENOTSUP') || isErrno(error, 'EOPNOTSUPP')) {
      return await writeFile(file, JSON.stringify(owner), { flag: 'wx' }).then(
        () => true,
        (thrown: unknown) => {
          if (isErrno(thrown, 'EEXIST')) return false;
          throw thrown;
        },
      );
    }
    throw error;
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Removes a dead holder's lock. One at a time: else the second would remove the lock that the first has just taken. */
async function putAside(file: string, holder: Owner): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    await writeFile(guard, '', { flag: 'wx' });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    const since = await stat(guard).catch(() => null);
    // whoever made it died within these few lines
    if (since !== null && Date.now() - since.mtimeMs > 10_000) await unlink(guard).catch(() => undefined);
    await delay(50);
    return;
  }
  try {
    if ((await holderOf(file))?.token === holder.token) await unlink(file);
  } finally {
    await unlink(guard).catch(() => undefined);
  }
}

async function holderOf(file: string): Promise<Owner | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return { pid: 0, host: hostname(), started: null, command: '?', token: '' };
  }
}

async function isAlive(holder: Owner, file: string): Promise<boolean> {
  if (holder.host !== hostname()) {
    const touched = await stat(file).catch(() => null);
    return touched !== null && Date.now() - touched.mtimeMs < staleAfterMs;
  }
  if (holder.pid === 0) return false;
  if (!isRunning(holder.pid)) return false;
  return holder.started === null || holder.started === (await startTime(holder.pid));
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/** Field 22 of /proc/PID/stat; the name before it may hold anything, also parentheses. Null where there is no /proc. */
async function startTime(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : (text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null);
}

const isErrno = (error: unknown, code: string): boolean => errnoOf(error) === code;
