import { randomUUID } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { LibraryPath } from '@media-pipeline/contracts';
import { errnoOf, fileError } from './file-errors';
import { areas, type Library } from './library';

const temporaryName = /^\.mp-[0-9a-f-]{8,36}\.part$/;

/** A name in the directory of `target` under which its bytes are written until they are whole and durable. */
export const temporaryPath = (target: string): string => path.join(path.dirname(target), `.mp-${randomUUID()}.part`);

/** Whether a file's name (no folders) says that it is a half-written file of ours. */
export const isTemporaryName = (name: string): boolean => temporaryName.test(name);

/**
 * Removes what a crash left half written. Only for a time when nothing is being written: a temporary file that is younger than
 * `olderThanMs` stays, because somebody may still be at it. Links are never followed.
 * @returns what was removed
 */
export async function sweepTemporaries(library: Library, { olderThanMs }: { readonly olderThanMs: number }): Promise<LibraryPath[]> {
  const before = Date.now() - olderThanMs;
  const removed: LibraryPath[] = [];
  for (const area of areas) {
    for await (const file of temporariesBelow(library.areas[area])) {
      // Not the mtime: that is the source's.
      const { ctimeMs } = await lstat(file).catch(() => ({ ctimeMs: Infinity }));
      if (ctimeMs > before) continue;
      await unlink(file).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw fileError(error, file, 'library');
      });
      removed.push(library.relative(file));
    }
  }
  return removed;
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
