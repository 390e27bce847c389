import { setTimeout as pause } from 'node:timers/promises';
import type { Database as SqliteFile } from 'better-sqlite3';
import { DataSource, type QueryRunner } from 'typeorm';
import { entities } from '../entities';
import { migrations } from '../migrations';
import { databaseError, isBusy } from './database-errors';
import { sqlite } from './dialect';
import { GroupCommit } from './group-commit';
import { migrate } from './migrate';
import { RunnerSession, type Session } from './session';
import type { EngineConnection } from './engine-connection';
import { refuseNested } from './transaction-scope';

const lockPatienceMs = 30_000;
const statementCacheSize = 500;

export interface SqliteOptions {
  /** `full` (default) survives a power cut after every answered write; `normal` may lose the last ones, but never consistency. */
  readonly synchronous?: 'full' | 'normal';
}

/**
 * One SQLite file: a writing connection that {@link GroupCommit} owns, and a second, read-only one, so that a read never sees what
 * a transaction of this process has not committed.
 */
export class SqliteConnection implements EngineConnection {
  readonly dialect = sqlite;

  private constructor(
    readonly source: DataSource,
    private readonly reader: DataSource,
    private readonly writer: GroupCommit,
    readonly reads: Session,
  ) {}

  /** Opens (and makes, and migrates) the file. Safe while other processes do the same. */
  static async open(file: string, { synchronous = 'full' }: SqliteOptions = {}): Promise<SqliteConnection> {
    const source = new DataSource({
      type: 'better-sqlite3',
      database: file,
      statementCacheSize,
      timeout: 0, // GroupCommit waits in its own way
      entities: entities(sqlite),
      migrations,
      prepareDatabase: (database: SqliteFile) => prepare(database, synchronous),
    });
    const reader = new DataSource({ type: 'better-sqlite3', database: file, statementCacheSize, readonly: true, timeout: lockPatienceMs });
    try {
      await source.initialize();
      const runner = source.createQueryRunner();
      await inExclusiveTransaction(runner, () => migrate(source, runner));
      await reader.initialize();
      return new SqliteConnection(source, reader, new GroupCommit(runner), new RunnerSession(reader.createQueryRunner(), sqlite));
    } catch (error) {
      for (const opened of [reader, source]) if (opened.isInitialized) await opened.destroy();
      throw databaseError(error);
    }
  }

  write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    refuseNested();
    return this.writer.write(work);
  }

  async close(): Promise<void> {
    await this.writer.close();
    await this.reader.destroy();
    await this.source.destroy();
  }
}

async function prepare(database: SqliteFile, synchronous: 'full' | 'normal'): Promise<void> {
  // Turning WAL on wants the file for itself for a moment; eight processes that start at once meet here.
  await whileBusy(() => database.pragma('journal_mode = WAL'));
  database.pragma(`synchronous = ${synchronous}`);
  database.pragma('cache_size = -16000');
  // A checkpoint writes and syncs on the main thread: seldom, and much at a time, is cheaper than the default of every 4 MB.
  database.pragma('wal_autocheckpoint = 8000');
  database.pragma('journal_size_limit = 67108864');
}

async function inExclusiveTransaction(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  // A migration that rebuilds a table must not have its rows cascade; the pragma does nothing once a transaction is open.
  await runner.query('PRAGMA foreign_keys = OFF');
  await whileBusy(() => runner.query('BEGIN IMMEDIATE'));
  try {
    await work();
    await runner.query('COMMIT');
  } catch (error) {
    await runner.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await runner.query('PRAGMA foreign_keys = ON');
}

async function whileBusy(attempt: () => unknown): Promise<void> {
  const deadline = performance.now() + lockPatienceMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await pause(2 + Math.random() * 8);
  }
}
