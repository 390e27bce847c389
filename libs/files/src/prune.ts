import { readdir, rmdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { LibraryPath } from '@media-pipeline/contracts';
import { syncDirectory } from './directory-sync';
import { fileError } from './file-errors';
import type { Library } from './library';

export interface Retention {
  /** A file goes this long after it came to `cleanup/` (its change time: a rename or a link sets it). */
  readonly retentionMs: number;
  /** The last word for each file: an original goes only when its archive copy is bit-identical and every wanted destination proven. */
  readonly mayRemove: (path: LibraryPath) => Promise<boolean>;
}

/** Empties `cleanup/` of what has lain there long enough and may go. @returns what was removed */
export async function pruneCleanup(library: Library, retention: Retention): Promise<LibraryPath[]> {
  const removed: LibraryPath[] = [];
  await pruneFolder(library, library.areas.cleanup, Date.now() - retention.retentionMs, retention, removed);
  return removed;
}

/** @returns whether the folder is empty afterwards */
async function pruneFolder(library: Library, folder: string, before: number, retention: Retention, removed: LibraryPath[]): Promise<boolean> {
  try {
    let left = 0;
    let changed = false;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const place = path.join(folder, entry.name);
      let gone = false;
      if (entry.isDirectory()) {
        gone = await pruneFolder(library, place, before, retention, removed);
        if (gone) await rmdir(place);
      } else if (entry.isFile() && (await stat(place)).ctimeMs <= before && (await retention.mayRemove(library.relative(place)))) {
        await unlink(place);
        removed.push(library.relative(place));
        gone = true;
      }
      changed ||= gone;
      left += gone ? 0 : 1;
    }
    if (changed) await syncDirectory(folder);
    return left === 0;
  } catch (error) {
    throw fileError(error, folder, 'library');
  }
}
