import type { Session } from '../engine/session';
import type { AssetRow } from '../entities/asset.entity';
import type { MediaFileRow } from '../entities/media-file.entity';
import type { RenditionRow } from '../entities/rendition.entity';
import type { Asset, AssetWithFiles, MediaFile, Rendition } from '../records';
import { count, countOrNull, date, dateOrNull, groupBy, list } from './values';

type FileColumns = Pick<MediaFileRow, 'id' | 'asset_id' | 'role' | 'filename' | 'file_path' | 'file_size' | 'file_hash' | 'source_path' | 'modified_at' | 'archived_path'>;
const fileColumns = 'id, asset_id, role, filename, file_path, file_size, file_hash, source_path, modified_at, archived_path';

const toAsset = (row: AssetRow): Asset => ({
  id: row.id,
  source: row.source,
  sourceKey: row.source_key,
  sourceRecord: row.source_record,
  kind: row.kind,
  state: row.state,
  stateBefore: row.state_before,
  code: row.code,
  reason: row.reason,
  captureDate: row.capture_date,
  captureDateSource: row.capture_date_source,
  takenAt: row.taken_at,
  goneAt: dateOrNull(row.gone_at),
  goneHow: row.gone_how,
  duplicateOf: row.duplicate_of,
  createdAt: date(row.created_at),
  updatedAt: date(row.updated_at),
});

const toFile = (row: FileColumns): MediaFile => ({
  id: row.id,
  assetId: row.asset_id,
  role: row.role,
  filename: row.filename,
  path: row.file_path,
  bytes: countOrNull(row.file_size) ?? 0,
  sha256: row.file_hash,
  sourcePath: row.source_path,
  modifiedAt: dateOrNull(row.modified_at),
  archivedPath: row.archived_path,
});

export const toRendition = (row: RenditionRow): Rendition => ({
  id: row.id,
  fileId: row.file_id,
  assetId: row.asset_id,
  sourceSha256: row.source_sha256,
  outcome: row.outcome,
  code: row.code,
  reason: row.reason,
  path: row.path,
  sha256: row.sha256,
  bytes: row.bytes === null ? null : count(row.bytes),
  settings: row.settings,
  proof: row.proof,
  archivedPath: row.archived_path,
});

/** The one asset, with what belongs to it; files in the order in which they arrived (the primary one first). */
export async function findAsset(session: Session, id: string): Promise<AssetWithFiles | null> {
  const [row] = await session.all<AssetRow>('select * from assets where id = ?', id);
  if (!row) return null;
  const files = await session.all<FileColumns>(`select ${fileColumns} from media_files where asset_id = ? order by id`, id);
  const renditions = await session.all<RenditionRow>('select * from renditions where asset_id = ? order by id', id);
  return { ...toAsset(row), files: files.map(toFile), renditions: renditions.map(toRendition) };
}

/** The same for many, in two more queries whatever their number, in the order of `rows`. */
export async function withFiles(session: Session, rows: readonly AssetRow[]): Promise<AssetWithFiles[]> {
  if (rows.length === 0) return [];
  const ids = list(rows.map(({ id }) => id));
  const files = await session.all<FileColumns>(`select ${fileColumns} from media_files where asset_id in ${session.dialect.list.uuid} order by id`, ids);
  const renditions = await session.all<RenditionRow>(`select * from renditions where asset_id in ${session.dialect.list.uuid} order by id`, ids);
  const filesOf = groupBy(files, (file) => file.asset_id);
  const renditionsOf = groupBy(renditions, (rendition) => rendition.asset_id);
  return rows.map((row) => ({
    ...toAsset(row),
    files: (filesOf.get(row.id) ?? []).map(toFile),
    renditions: (renditionsOf.get(row.id) ?? []).map(toRendition),
  }));
}

/** In the order of `ids`; an id that nobody has is left out. */
export async function findAssets(session: Session, ids: readonly string[]): Promise<AssetWithFiles[]> {
  if (ids.length === 0) return [];
  const rows = await session.all<AssetRow>(`select * from assets where id in ${session.dialect.list.uuid}`, list(ids));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return withFiles(session, ids.map((id) => byId.get(id)).filter((row) => row !== undefined));
}

/** Whose file (or rendition, or archived copy of either) lies at this very path. */
export async function findAssetIdByPath(session: Session, path: string, pathKey: string): Promise<string | null> {
  const [row] = await session.all<{ asset_id: string }>(
    `select asset_id from media_files where path_key = ? and file_path = ?
     union all select asset_id from media_files where archived_path = ?
     union all select asset_id from renditions where path = ?
     union all select asset_id from renditions where archived_path = ?
     limit 1`,
    pathKey,
    path,
    path,
    path,
    path,
  );
  return row?.asset_id ?? null;
}
