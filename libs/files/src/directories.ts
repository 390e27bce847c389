import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from './directory-sync';
import { errnoOf, fileError } from './file-errors';

/**
 * Makes a folder and those above it, durably: each new one is fsynced into its parent.
 * Not `mkdir(…, { recursive: true })`: Node's never returns where a folder cannot be made although its parent is there (`/proc`, dead mounts).
 * @throws LIBRARY_READ_ONLY, DISK_FULL, NAME_CONFLICT when a file has the folder's name
 */
export async function makeDirectories(directory: string): Promise<void> {
  try {
    if (await makeOne(directory)) return;
    await makeDirectories(path.dirname(directory));
    if (!(await makeOne(directory))) throw new Error(`${directory} cannot be made`);
  } catch (error) {
    throw fileError(error, directory, 'library');
  }
}

/** @returns false when the folder above is missing */
async function makeOne(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && path.dirname(directory) !== directory) return false;
    if ((await stat(directory).catch(() => null))?.isDirectory() === true) return true;
    throw error;
  }
  await syncDirectory(path.dirname(directory));
  return true;
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
