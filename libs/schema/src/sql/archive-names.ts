import { LibraryPath } from '@media-pipeline/contracts';
import { insert } from '../engine/insert';
import type { Session } from '../engine/session';
import type { ArchiveNameRow } from '../entities/archive-name.entity';
import { UniqueNames } from './unique-names';
import { list, now, pathKey } from './values';

export interface WantedName {
  /** A file or a rendition. */
  readonly ownerId: string;
  readonly path: LibraryPath;
}

/** A place in the archive for each owner, in their order: the one it has, or a new one that nobody else has. */
export async function reserveArchivePaths(session: Session, assetId: string, wanted: readonly WantedName[]): Promise<LibraryPath[]> {
  if (session.dialect.lock) await session.all(session.dialect.lock, 'archive');
  const rows = await session.all<Pick<ArchiveNameRow, 'owner_id' | 'path'>>(
    `select owner_id, path from archive_names where owner_id in ${session.dialect.list.uuid}`,
    list(wanted.map(({ ownerId }) => ownerId)),
  );
  const places = new Map(rows.map((row) => [row.owner_id, row.path]));
  const without = wanted.filter(({ ownerId }) => !places.has(ownerId));
  const names = await archive(session).take(without.map(({ path }) => path));
  without.forEach(({ ownerId, path }, i) => places.set(ownerId, LibraryPath.parse(names[i] ?? path)));
  const at = now();
  await insert(
    session,
    'archive_names',
    ['owner_id', 'asset_id', 'path', 'path_key', 'created_at'],
    without.map(({ ownerId, path }) => {
      const place = places.get(ownerId) ?? path;
      return [ownerId, assetId, place, pathKey(place), at];
    }),
  );
  return wanted.map(({ ownerId, path }) => places.get(ownerId) ?? path);
}

const archive = (session: Session): UniqueNames =>
  new UniqueNames({
    key: pathKey,
    // A file that somebody put into the archive by hand and made known has its place too.
    isTaken: async (key) =>
      (await session.all('select 1 as taken from archive_names where path_key = ? union all select 1 from media_files where path_key = ?', key, key)).length > 0,
  });
