import type { AssetState, LibraryPath } from '@media-pipeline/contracts';
import { insert } from '../engine/insert';
import type { Session } from '../engine/session';
import type { AssetKind, AssetSource, FileRole } from '../records';
import { legacyStatus } from './legacy-status';
import { now, pathKey, recordKey, timestamp } from './values';

export interface NewFile {
  readonly id: string;
  readonly role: FileRole;
  readonly filename: string;
  readonly path: LibraryPath;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly sourcePath: string | null;
  readonly modifiedAt: Date | null;
}

export interface NewAsset {
  readonly id: string;
  readonly source: AssetSource;
  readonly sourceKey: string;
  readonly sourceRecord?: string | null;
  readonly takenAt?: string | null;
  readonly kind: AssetKind;
  readonly state: AssetState;
  readonly files: readonly NewFile[];
}

const assetColumns = ['id', 'source', 'source_key', 'source_record', 'taken_at', 'kind', 'state', 'created_at', 'updated_at'];
const fileColumns = [
  ...['id', 'asset_id', 'role', 'filename', 'file_path', 'path_key', 'file_size', 'original_size', 'file_hash', 'source_path', 'modified_at'],
  ...['status', 'is_duplicate', 'created_at', 'updated_at'],
];

export async function insertAssets(session: Session, assets: readonly NewAsset[]): Promise<void> {
  const at = now();
  await insert(
    session,
    'assets',
    assetColumns,
    assets.map(({ id, source, sourceKey, sourceRecord, takenAt, kind, state }) => [id, source, sourceKey, recordKey(sourceRecord), takenAt ?? null, kind, state, at, at]),
  );
  await insert(
    session,
    'media_files',
    fileColumns,
    assets.flatMap((asset) =>
      asset.files.map((file) => [
        ...[file.id, asset.id, file.role, file.filename, file.path, pathKey(file.path), file.bytes, file.bytes, file.sha256, file.sourcePath],
        ...[timestamp(file.modifiedAt), legacyStatus(asset.state), false, at, at],
      ]),
    ),
  );
}
