import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { errnoOf } from './file-errors';

/** Who writes: host, process, and this run of it, since a container gives the same process id to each of its runs. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const run = randomBytes(4).toString('hex');
/** Name of a half-written file of ours. */
export const temporaryName = /^\.mp-(?<host>[0-9a-f]{8})-(?<pid>\d+)-(?<run>[0-9a-f]{8})-[0-9a-f]{16}\.part$/;

/** A name in the directory of `target` under which its bytes are written until they are whole and durable. */
export const temporaryPath = (target: string): string => path.join(path.dirname(target), `.mp-${host}-${process.pid}-${run}-${randomBytes(8).toString('hex')}.part`);

/** Whether a file's name (no folders) says that it is a half-written file of ours. */
export const isTemporaryName = (name: string): boolean => temporaryName.test(name);

/**
 * Whether the writer of a temp file is known to be gone: its process is not there, or the one with its number began after the file was written
 * (a restarted container gives the same numbers out again). A writer on another machine cannot be asked.
 * @param writtenAtMs when the file was last written
 */
export async function isAbandoned(name: string, writtenAtMs: number): Promise<boolean> {
  const writer = temporaryName.exec(name)?.groups;
  if (!writer || writer['host'] !== host) return false;
  const pid = Number(writer['pid']);
  if (pid === process.pid) return writer['run'] !== run;
  try {
    process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
  const began = await beginningOf(pid);
  return began !== null && began > writtenAtMs + clockGrainMs;
}

const clockGrainMs = 1_500;
/** USER_HZ, which Linux fixes at 100 for what it shows in /proc. */
const ticksPerSecond = 100;

/** When a process began, by /proc (proc(5): field 22 of stat, in ticks since the machine came up); null where that cannot be read. */
async function beginningOf(pid: number): Promise<number | null> {
  const [stat, uptime] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/uptime', 'utf8')]).catch(() => ['', '']);
  // The program's name stands in brackets and may hold anything, spaces too.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const up = Number.parseFloat(uptime);
  return Number.isFinite(ticks) && Number.isFinite(up) ? Date.now() - (up - ticks / ticksPerSecond) * 1000 : null;
}
