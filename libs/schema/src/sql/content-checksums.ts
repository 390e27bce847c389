import type { LibraryPath } from '@media-pipeline/contracts';
import { insert } from '../engine/insert';
import type { Session } from '../engine/session';
import type { Int64 } from '../entities/constraints';
import type { ArrivedFile, KnownContent } from '../repositories';
import { count } from './values';

export async function noteChecksums(session: Session, files: readonly ArrivedFile[]): Promise<void> {
  const rows = files.flatMap(({ checksum, sha256 }) => (checksum ? [[checksum, sha256]] : []));
  // Sorted: two writers of the same ones wait for each other at most once.
  rows.sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));
  if (rows.length > 0) await insert(session, 'content_checksums', ['checksum', 'sha256'], rows, 'on conflict (checksum) do nothing');
}

interface PlaceRow {
  readonly sha256: string;
  readonly bytes: Int64;
  readonly path: LibraryPath | null;
  readonly archived_path: LibraryPath | null;
}

export async function findContent(session: Session, checksum: string): Promise<KnownContent | null> {
  const rows = await session.all<PlaceRow>(
    `select f.file_hash as sha256, f.file_size as bytes, f.file_path as path, f.archived_path
       from content_checksums c join media_files f on f.file_hash = c.sha256 where c.checksum = ?
     union all
     select r.sha256, r.bytes, r.path, r.archived_path
       from content_checksums c join renditions r on r.sha256 = c.sha256 where c.checksum = ? and r.outcome = 'compressed'`,
    checksum,
    checksum,
  );
  const [first] = rows;
  if (!first) return null;
  const paths = rows.flatMap(({ path, archived_path }) => [path, archived_path]).filter((path) => path !== null);
  return { sha256: first.sha256, bytes: count(first.bytes), paths: [...new Set(paths)] };
}
