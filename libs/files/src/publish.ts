import { link, lstat, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { syncDirectory } from './directory-sync';
import { errnoOf } from './file-errors';
import { hashFile } from './hash';
import type { Content } from './regular-file';

/** What a file system answers when it knows no hard links, will not make this one, or the two places lie on different ones. */
const noHardLink = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL']);
export const refusesHardLink = (error: unknown): boolean => noHardLink.has(errnoOf(error) ?? '');

/**
 * Gives a finished, fsynced temporary file its name, durably and without overwriting anything. The temporary name is gone afterwards.
 * When `target` is there already with these very bytes, that is success.
 * @throws NAME_CONFLICT when `target` has other bytes; system errors as they come
 */
export async function publish(temporary: string, target: string, content: Content): Promise<void> {
  try {
    await linkOrRename(temporary, target);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    await assertSameContent(target, content);
    await makeDurable(target);
    await unlink(temporary);
  }
  await syncDirectory(path.dirname(target));
}

async function linkOrRename(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (!refusesHardLink(error)) throw error;
    await renameToFreeName(temporary, target);
    return;
  }
  await unlink(temporary);
}

const renaming = new Map<string, Promise<void>>();

/**
 * For exFAT and some network mounts: no call there both renames and refuses to overwrite, so look first, one at a time per name.
 * Other processes cannot want the same name: names in the library are handed out by the database.
 */
async function renameToFreeName(from: string, to: string): Promise<void> {
  const before = renaming.get(to) ?? Promise.resolve();
  const turn = before.then(async () => {
    const taken = await lstat(to).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return false;
        throw error;
      },
    );
    if (taken) throw Object.assign(new Error(`${to} exists`), { code: 'EEXIST' });
    await rename(from, to);
  });
  const settled = turn.catch(() => undefined);
  renaming.set(to, settled);
  await settled;
  if (renaming.get(to) === settled) renaming.delete(to);
  await turn;
}

/** @throws NAME_CONFLICT unless `target` is a regular file with these bytes */
export async function assertSameContent(target: string, content: Content): Promise<void> {
  const stats = await lstat(target);
  const same = stats.isFile() && stats.size === content.bytes && (await hashFile(target, 'library')).sha256 === content.sha256;
  if (!same) throw new PipelineError('NAME_CONFLICT', `${target} is there already with other content`);
}

async function makeDurable(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
