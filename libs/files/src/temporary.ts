import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { LibraryPath } from '@media-pipeline/contracts';
import { errnoOf, fileError } from './file-errors';
import { areas, type Library } from './library';
import { isAbandoned, isTemporaryName } from './temporary-name';

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
      if (ctimeMs > before && !(await isAbandoned(path.basename(file), ctimeMs))) continue;
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
