import { createHash, randomUUID } from 'node:crypto';
import { LibraryPath } from '@media-pipeline/contracts';
import type { Arrival, ArrivingFile, AssetWithFiles, LogEntry, Repositories, Staging } from '..';

export const libraryPath = (path: string): LibraryPath => LibraryPath.parse(path);
export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
/** A folder that no other test uses. */
export const newPrefix = (): string => `t${randomUUID().slice(0, 8)}`;
export const logOf = (step: LogEntry['step'], message = 'done'): LogEntry => ({ step, status: 'success', message });

export const arrivingFile = (sourcePath: string, changes: Partial<Omit<ArrivingFile, 'path'>> & { path?: string } = {}): ArrivingFile => ({
  role: 'primary',
  filename: sourcePath.slice(sourcePath.lastIndexOf('/') + 1),
  bytes: 10,
  sourcePath,
  fingerprint: '10:1700000000000000000:1',
  modifiedAt: new Date('2021-05-03T12:03:01.000Z'),
  ...changes,
  path: libraryPath(changes.path ?? `originals/${sourcePath}`),
});

export const arrival = (sourcePath: string, changes: Parameters<typeof arrivingFile>[1] = {}): Arrival => ({
  source: 'folder',
  sourceKey: sourcePath,
  kind: 'photo',
  files: [arrivingFile(sourcePath, changes)],
});

/** A Live Photo's two files. */
export const pair = (stem: string): Arrival => ({
  source: 'folder',
  sourceKey: `${stem}.HEIC`,
  kind: 'live_photo',
  files: [arrivingFile(`${stem}.HEIC`), arrivingFile(`${stem}.MOV`, { role: 'live_video' })],
});

export async function reserveOne(database: Repositories, wanted: Arrival): Promise<AssetWithFiles> {
  const [asset] = await database.assets.reserve([wanted]);
  if (!asset) throw new Error('nothing was reserved');
  return asset;
}

/** An asset whose bytes are here. */
export async function discovered(database: Repositories, wanted: Arrival): Promise<AssetWithFiles> {
  const asset = await reserveOne(database, wanted);
  await database.assets.arrived(
    asset.id,
    asset.files.map((file) => ({ fileId: file.id, sha256: sha(file.path), bytes: file.bytes })),
    logOf('ingest'),
  );
  return mustFind(database, asset.id);
}

export async function mustFind(database: Repositories, id: string): Promise<AssetWithFiles> {
  const asset = await database.assets.find(id);
  if (!asset) throw new Error(`no asset ${id}`);
  return asset;
}

export const stagings = (asset: AssetWithFiles): Staging[] =>
  asset.files.map((file) => ({ fileId: file.id, name: file.filename, sha256: sha(file.path), bytes: file.bytes }));
