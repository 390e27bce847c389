import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { LibraryPath } from '@media-pipeline/contracts';
import { errnoOf, fileError } from './file-errors';
import { areas, type Library } from './library';

/** Who writes: host, process, and this run of it, since a container gives the same process id to each of its runs. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const run = randomBytes(4).toString('hex');
const temporaryName = /^\.mp-(?<host>[0-9a-f]{8})-(?<pid>\d+)-(?<run>[0-9a-f]{8})-[0-9a-f]{16}\.part$/;

/** A name in the directory of `target` under which its bytes are written until they are whole and durable. */
export const temporaryPath = (target: string): string => path.join(path.dirname(target), `.mp-${host}-${process.pid}-${run}-${randomBytes(8).toString('hex')}.part`);

/** Whether a file's name (no folders) says that it is a half-written file of ours. */
export const isTemporaryName = (name: string): boolean => temporaryName.test(name);

/**
 * Removes what a crash left half written: at once what a process of this machine wrote that is gone, anything else once it is older
 * than `olderThanMs` (a writer on another machine cannot be asked; with 0, only while nothing is being written). Links are never followed.
 * @returns what was removed
 */
export async function sweepTemporaries(library: Library, { olderThanMs }: { readonly olderThanMs: number }): Promise<LibraryPath[]> {
  const before = Date.now() - olderThanMs;
  const removed: LibraryPath[] = [];
  for (const area of areas) {
    for await (const file of temporariesBelow(library.areas[area])) {
      // Not the mtime: that is the source's.
      const { ctimeMs } = await lstat(file).catch(() => ({ ctimeMs: Infinity }));
      if (ctimeMs > before && !isAbandoned(path.basename(file))) continue;
      await unlink(file).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw fileError(error, file, 'library');
      });
      removed.push(library.relative(file));
    }
  }
  return removed;
}

/** Whether the writer of a temp file is known to be gone. */
function isAbandoned(name: string): boolean {
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

async function* temporariesBelow(directory: string): AsyncGenerator<string> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, directory, 'library');
  });
  for (const entry of entries) {
    const place = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* temporariesBelow(place);
    else if (entry.isFile() && isTemporaryName(entry.name)) yield place;
  }
}
