import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AssetState } from '@media-pipeline/contracts';
import type { Session } from '../engine/session';
import type { Timestamp } from '../entities/constraints';
import type { AssetSource } from '../records';
import type { SeenSourceFile } from '../repositories';
import { boundedKey, dateOrNull, list } from './values';

const pageSize = 5_000;

interface Row {
  readonly source_path_key: string;
  readonly source_path: string;
  readonly fingerprint: string;
  readonly asset_id: string;
  readonly state: AssetState;
  readonly code: string | null;
  readonly gone_at: Timestamp | null;
}

const columns = 's.source_path_key, s.source_path, s.fingerprint, s.asset_id, a.state, a.code, a.gone_at';
const toSeen = (row: Row): SeenSourceFile => ({
  sourcePath: row.source_path,
  fingerprint: row.fingerprint,
  assetId: row.asset_id,
  state: row.state,
  code: row.code,
  goneAt: dateOrNull(row.gone_at),
});

export async function seenFiles(session: Session, source: AssetSource, sourcePaths: readonly string[]): Promise<Map<string, SeenSourceFile>> {
  if (sourcePaths.length === 0) return new Map();
  const rows = await session.all<Row>(
    `select ${columns} from source_files s join assets a on a.id = s.asset_id where s.source = ? and s.source_path_key in ${session.dialect.list.text}`,
    source,
    list(sourcePaths.map(boundedKey)),
  );
  return new Map(rows.map((row) => [row.source_path, toSeen(row)]));
}

/** Read in pages, so that a library of a hundred thousand files leaves the event loop its turns. */
export async function seen(session: Session, source: AssetSource, prefix: string): Promise<Map<string, SeenSourceFile>> {
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const files = new Map<string, SeenSourceFile>();
  let after = '';
  for (;;) {
    const rows = await session.all<Row>(
      `select ${columns}
       from source_files s join assets a on a.id = s.asset_id
       where s.source = ? and s.source_path_key > ? order by s.source_path_key limit ${pageSize}`,
      source,
      after,
    );
    for (const row of rows) {
      if (row.source_path !== prefix && !row.source_path.startsWith(folder)) continue;
      files.set(row.source_path, toSeen(row));
    }
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return files;
    after = last.source_path_key;
    await nextTurn();
  }
}
