import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres, type TestPostgres } from '@media-pipeline/testing';
import { DataSource } from 'typeorm';
import { Database, type DatabaseConfig } from '..';
import { Initial1763800000000 } from '../migrations/1763800000000-initial';

let folder: string;
let server: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mp-upgrade-'));
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const id = '018f3f5e-7b1a-7c3d-8e4f-0123456789ab';
const at = '2026-01-01T00:00:00.000Z';

/** A database as the first release left it, with an asset and a file of it. */
async function firstRelease(config: DatabaseConfig): Promise<void> {
  const source = new DataSource({
    ...(config.kind === 'sqlite' ? { type: 'better-sqlite3', database: config.file } : { type: 'postgres', url: config.url }),
    migrations: [Initial1763800000000],
  });
  await source.initialize();
  await source.runMigrations();
  await source.query(`insert into assets (id, source, source_key, kind, state, created_at, updated_at) values ('${id}', 'folder', 'a.jpg', 'photo', 'sorted', '${at}', '${at}')`);
  await source.query(
    `insert into media_files (id, filename, file_path, status, created_at, updated_at, asset_id, role, path_key) values ('${id}', 'a.jpg', 'sorted/a.jpg', 'verified', '${at}', '${at}', '${id}', 'primary', 'sorted/a.jpg')`,
  );
  await source.destroy();
}

it.each([
  ['SQLite', (): DatabaseConfig => ({ kind: 'sqlite', file: path.join(folder, 'old.db') })],
  ['Postgres', (): DatabaseConfig => ({ kind: 'postgres', url: server.urls[0] ?? '' })],
])('keeps what a database of the first release holds, on %s', async (_engine, config) => {
  await firstRelease(config());
  const database = await Database.open(config());
  expect(await database.assets.find(id)).toMatchObject({ sourceKey: 'a.jpg', state: 'sorted', sourceRecord: null, takenAt: null, goneAt: null, goneHow: null, files: [{ filename: 'a.jpg' }] });
  expect(await database.cursors.list('icloud')).toEqual([]);
  await database.close();
});
