import { realpath, stat } from 'node:fs/promises';
import type { ErrorCode } from '@media-pipeline/contracts';
import { errnoOf, textOfName } from '@media-pipeline/files';

/**
 * What a symbolic link in the source means. Null when there is nothing to say: it leads to a file or folder of the source, which is taken in
 * under its own name, or to something that nobody wanted.
 * @param wanted whether the link's name is one that would be taken in (a link to a folder has to be none)
 */
export async function judgeLink(link: Buffer, root: Buffer, wanted: boolean): Promise<{ readonly code: ErrorCode; readonly reason: string } | null> {
  try {
    const [target, source] = await Promise.all([realpath(link, { encoding: 'buffer' }), realpath(root, { encoding: 'buffer' })]);
    const toFolder = (await stat(target)).isDirectory();
    if (!toFolder && !wanted) return null;
    const above = toFolder && isBelow(link, target);
    if (above) return { code: 'LINK_LOOP', reason: `is a link to a folder above it: ${textOfName(target)}` };
    if (isBelow(target, source)) return null;
    return { code: 'LINK_OUTSIDE_SOURCE', reason: `is a link out of the source folder: ${textOfName(target)}` };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ELOOP') return { code: 'LINK_LOOP', reason: 'is a link that leads back to itself' };
    if (!wanted) return null;
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return { code: 'LINK_BROKEN', reason: 'is a link to something that is not there' };
    return { code: 'FILE_UNREADABLE', reason: `is a link that cannot be followed: ${errno ?? String(error)}` };
  }
}

function isBelow(place: Buffer, folder: Buffer): boolean {
  if (place.equals(folder)) return true;
  const beginning = folder.at(-1) === 0x2f ? folder : Buffer.concat([folder, Buffer.from('/')]);
  return place.subarray(0, beginning.length).equals(beginning);
}
