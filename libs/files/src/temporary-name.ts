import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { errnoOf } from './file-errors';

/** Who writes: host, process, and this run of it, since a container gives the same process id to each of its runs. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const run = randomBytes(4).toString('hex');
const temporaryName = /^\.mp-(?<host>[0-9a-f]{8})-(?<pid>\d+)-(?<run>[0-9a-f]{8})-[0-9a-f]{16}\.part$/;

/** A name in the directory of `target` under which its bytes are written until they are whole and durable. */
export const temporaryPath = (target: string): string => path.join(path.dirname(target), `.mp-${host}-${process.pid}-${run}-${randomBytes(8).toString('hex')}.part`);

/** Whether a file's name (no folders) says that it is a half-written file of ours. */
export const isTemporaryName = (name: string): boolean => temporaryName.test(name);

/** Whether the writer of a temp file is known to be gone. */
export function isAbandoned(name: string): boolean {
  const writer = temporaryName.exec(name)?.groups;
  if (!writer || writer['host'] !== host) return false;
  const pid = Number(writer['pid']);
  if (pid === process.pid) return writer['run'] !== run;
  try {
    process.kill(pid, 0); // signal 0 only asks
    return false;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}
