import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from './directory-sync';
import { errnoOf, fileError } from './file-errors';

/** Makes a folder and those above it, durably: each new one is fsynced into its parent. */
export async function makeDirectories(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, directory, 'library');
  });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = path.dirname(made)) await syncDirectory(path.dirname(made));
}

/** Does `work`, which needs the folder of `target`, and makes the folder only when it turns out to be missing. */
export async function inFolderOf<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await makeDirectories(path.dirname(target));
    return await work();
  }
}
