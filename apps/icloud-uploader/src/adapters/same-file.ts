import { lstat } from 'node:fs/promises';
import { errnoOf } from '@media-pipeline/files';
import type { Outgoing, RouteFailure } from '../upload-route.port';

/** Why a file is not what was read of it, as far as its size and its date tell; null when it is. A browser would upload whatever is there. */
export async function whyNotSame({ path, name, bytes, modifiedAt }: Outgoing): Promise<RouteFailure | null> {
  const now = await lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (now === null) return { code: 'FILE_MISSING', reason: `${name} is not there any more` };
  if (now.isFile() && now.size === bytes && Math.abs(now.mtimeMs - modifiedAt.getTime()) < 2) return null;
  return { code: 'CONTENT_CHANGED', reason: `${name} has changed since it was looked for in iCloud` };
}
