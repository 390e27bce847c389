import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres, type TestPostgres } from '@media-pipeline/testing';
import type { DatabaseConfig } from '..';
import type { EngineConnection } from '../engine/engine-connection';
import { PostgresConnection } from '../engine/postgres-connection';
import { SqliteConnection } from '../engine/sqlite-connection';
import { describePostgres, describeSqlite, type Shape } from './introspection';
import { startWorker } from './processes';

let folder: string;
let server: TestPostgres;
let sqlite: EngineConnection;
let postgres: EngineConnection;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mp-schema-'));
  server = await startPostgres({ databases: 2 });
  sqlite = await SqliteConnection.open(path.join(folder, 'one.db'));
  postgres = await PostgresConnection.open(server.urls[0] ?? '');
});
afterAll(async () => {
  await sqlite.close();
  await postgres.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

describe('the schema', () => {
  let shape: Shape;
  beforeAll(async () => void (shape = await describeSqlite(sqlite.reads)));

  it('is the same on both engines: columns, nullability, defaults, keys, uniques, indexes', async () => {
    expect(Object.keys(shape)).toHaveLength(13);
    expect(await describePostgres(postgres.reads)).toEqual(shape);
  });

  it('keeps the tables of the system being replaced', () => {
    const kept: Readonly<Record<string, readonly string[]>> = {
      batches: ['id', 'batch_type', 'status', 'total_size_gb', 'file_count', 'created_at', 'completed_at'],
      media_files: [
        ...['id', 'filename', 'file_path', 'file_size', 'file_hash', 'original_size', 'compressed_size', 'space_saved', 'compression_percentage', 'compression_ratio'],
        ...['is_duplicate', 'source_path', 'status', 'batch_id', 'created_at', 'processed_at', 'updated_at'],
      ],
      duplicate_files: ['id', 'original_file_id', 'duplicate_file_id', 'hash', 'created_at'],
      pipeline_logs: ['id', 'step', 'message', 'status', 'created_at'],
    };
    for (const [table, columns] of Object.entries(kept)) expect(Object.keys(shape[table]?.columns ?? {})).toEqual(expect.arrayContaining([...columns]));
    expect(shape['media_files']?.indexes).toEqual(expect.arrayContaining(['ix_media_files_file_hash: file_hash', 'ix_media_files_status: status', 'ix_media_files_batch_id: batch_id']));
    expect(shape['pipeline_logs']?.indexes).toEqual(['ix_pipeline_logs_asset_id: asset_id', 'ix_pipeline_logs_status: status', 'ix_pipeline_logs_step: step']);
    expect(shape['deliveries']?.uniques).toEqual(['batch_id, name_key', 'file_id, destination']);
  });

  it.each([
    ['SQLite', () => sqlite],
    ['Postgres', () => postgres],
  ])('is what the entities say, on %s', async (_engine, connection) => {
    const missing = await connection().source.driver.createSchemaBuilder().log();
    expect(missing.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it.each([
    ['SQLite', (): DatabaseConfig => ({ kind: 'sqlite', file: path.join(folder, 'fresh', 'two.db') })],
    ['Postgres', (): DatabaseConfig => ({ kind: 'postgres', url: server.urls[1] ?? '' })],
  ])('is made once when eight processes start at the same time, on %s', async (_engine, config) => {
    await Promise.all(Array.from({ length: 8 }, () => startWorker({ kind: 'open', config: config() }).ended));
    const target = config();
    const connection = target.kind === 'sqlite' ? await SqliteConnection.open(target.file) : await PostgresConnection.open(target.url);
    expect(await connection.reads.all('select name from migrations')).toHaveLength(2);
    expect(await (target.kind === 'sqlite' ? describeSqlite : describePostgres)(connection.reads)).toEqual(shape);
    await connection.close();
  });
});

describe('a Postgres that loses our connections', () => {
  it('is said to be away, and is used again when it answers', async () => {
    const connection = await PostgresConnection.open(server.urls[0] ?? '', { poolSize: 2 });
    const lost = connection.write(async (session) => {
      const [mine] = await session.all<{ pid: number }>('select pg_backend_pid() as pid');
      await postgres.reads.all('select pg_terminate_backend(?)', mine?.pid ?? 0);
      await session.all('select 1');
    });
    await expect(lost).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await connection.write((session) => session.all('select 1 as one'))).toEqual([{ one: 1 }]);
    await connection.close();
  });

  it('runs a transaction again that Postgres could not finish', async () => {
    await postgres.write((session) => session.run("insert into pipeline_logs (step, message, status, created_at) values ('cli', 'a', 'info', now()), ('cli', 'b', 'info', now())"));
    const [a, b] = await postgres.reads.all<{ id: string }>('select id from pipeline_logs order by id');
    let runs = 0;
    const touch = (first?: { id: string }, second?: { id: string }) =>
      postgres.write(async (session) => {
        runs += 1;
        await session.run("update pipeline_logs set message = message || '+' where id = ?", first?.id ?? '');
        await session.all('select pg_sleep(0.2)');
        await session.run("update pipeline_logs set message = message || '+' where id = ?", second?.id ?? '');
      });
    await Promise.all([touch(a, b), touch(b, a)]);
    expect(runs).toBe(3);
    expect((await postgres.reads.all<{ message: string }>('select message from pipeline_logs order by id')).map(({ message }) => message)).toEqual(['a++', 'b++']);
  });
});
