import { link, lstat } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { copyDurably, type Placement } from './copy';
import { inFolderOf } from './directories';
import { syncDirectory } from './directory-sync';
import { errnoOf, fileError } from './file-errors';
import { assertSameContent, refusesHardLink } from './publish';
import type { Content } from './regular-file';

/**
 * Gives a file of the library a second place: hard link, else reflink, else copy (verified). Makes the folders above `target`; durable.
 * `target` there with the same bytes is success.
 * @param expected what `source` is known to be. A hard link is checked by size only: its bytes are the source's by nature.
 * @throws FILE_MISSING, CONTENT_CHANGED (source); NAME_CONFLICT, DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR (target)
 */
export async function placeLink(source: string, target: string, expected: Content): Promise<{ readonly method: Placement['method'] }> {
  try {
    const from = await lstat(source, { bigint: true });
    if (!from.isFile()) throw new PipelineError('NOT_A_REGULAR_FILE', `${source} is not a regular file`);
    if (from.size !== BigInt(expected.bytes)) throw new PipelineError('CONTENT_CHANGED', `${source} has ${from.size} bytes instead of ${expected.bytes}`);
    try {
      await inFolderOf(target, async () => await link(source, target));
    } catch (error) {
      if (refusesHardLink(error)) return { method: (await copyDurably(source, target, { mode: 'auto', expected })).method };
      if (errnoOf(error) !== 'EEXIST') throw error;
      const to = await lstat(target, { bigint: true });
      const same = to.ino === from.ino && to.dev === from.dev;
      if (!same) await assertSameContent(target, expected);
      await syncDirectory(path.dirname(target));
      return { method: same ? 'hardlink' : 'copy' };
    }
    await syncDirectory(path.dirname(target));
    return { method: 'hardlink' };
  } catch (error) {
    throw fileError(error, target, 'library');
  }
}
