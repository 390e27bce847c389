import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { newId } from '../engine/id';
import type { Session } from '../engine/session';
import type { AssetKind, AssetWithFiles } from '../records';
import { insertAssets } from './asset-insert';
import { findAsset, findAssetIdByPath } from './asset-rows';
import { writeLog } from './log';
import { lockPaths } from './reserve';
import { pathKey } from './values';

export interface AdoptedFile {
  readonly filename: string;
  readonly kind: AssetKind;
  readonly sha256: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** The asset of the file at `path`, made if there is none. NAME_CONFLICT when another file lies where some file systems see the same place. */
export async function adopt(session: Session, path: LibraryPath, file: AdoptedFile): Promise<AssetWithFiles> {
  await lockPaths(session);
  const key = pathKey(path);
  const id = (await findAssetIdByPath(session, path, key)) ?? (await make(session, path, key, file));
  const asset = await findAsset(session, id);
  if (!asset) throw new PipelineError('UNEXPECTED', `asset ${id} has vanished`);
  return asset;
}

async function make(session: Session, path: LibraryPath, key: string, { kind, ...file }: AdoptedFile): Promise<string> {
  const [other] = await session.all<{ file_path: string }>('select file_path from media_files where path_key = ?', key);
  if (other) throw new PipelineError('NAME_CONFLICT', `"${path}" and "${other.file_path}" differ only by case or Unicode form`);
  const id = newId();
  await insertAssets(session, [{ id, source: 'operator', sourceKey: path, kind, state: 'discovered', files: [{ id: newId(), role: 'primary', path, sourcePath: null, ...file }] }]);
  await writeLog(session, { step: 'ingest', status: 'info', assetId: id, message: `found in the library at ${path}` });
  return id;
}
