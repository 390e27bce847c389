import { setTimeout as pause } from 'node:timers/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { DataSource, type QueryRunner } from 'typeorm';
import { entities } from '../entities';
import { migrations } from '../migrations';
import { databaseError, isTransient } from './database-errors';
import { postgres, type Parameter } from './dialect';
import type { EngineConnection } from './engine-connection';
import { migrate } from './migrate';
import { RunnerSession, type Session } from './session';
import { inTransaction, refuseNested } from './transaction-scope';

const attempts = 10;

export interface PostgresOptions {
  /** Connections of this process (default 10). */
  readonly poolSize?: number;
}

/** A pool on one Postgres database: each write its own READ COMMITTED transaction, run again when Postgres asks for that (deadlock, serialization). */
export class PostgresConnection implements EngineConnection {
  readonly dialect = postgres;
  readonly reads: Session;
  private readonly underWay = new Set<Promise<unknown>>();
  private closed = false;

  private constructor(readonly source: DataSource) {
    this.reads = new PooledSession(source);
  }

  /** Connects and migrates. Safe while other processes do the same: an advisory lock lets one of them do the work. */
  static async open(url: string, { poolSize = 10 }: PostgresOptions = {}): Promise<PostgresConnection> {
    const source = new DataSource({
      type: 'postgres',
      url,
      poolSize,
      connectTimeoutMS: 10_000,
      applicationName: 'media-pipeline',
      installExtensions: false,
      // An idle connection that breaks is replaced by the next query, which reports if that fails too.
      poolErrorHandler: () => undefined,
      entities: entities(postgres),
      migrations,
    });
    try {
      await source.initialize();
      await transaction(source, async (_session, runner) => {
        await runner.query("select pg_advisory_xact_lock(hashtextextended('media-pipeline migrations', 7300))");
        await migrate(source, runner);
      });
      return new PostgresConnection(source);
    } catch (error) {
      if (source.isInitialized) await source.destroy();
      throw databaseError(error);
    }
  }

  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    refuseNested();
    if (this.closed) throw new PipelineError('DATABASE_UNAVAILABLE', 'the database is closed');
    const written = this.writeAgain(work);
    this.underWay.add(written);
    try {
      return await written;
    } finally {
      this.underWay.delete(written);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
    await this.source.destroy();
  }

  private async writeAgain<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transaction(this.source, (session) => inTransaction(() => work(session)));
      } catch (error) {
        if (!isTransient(error) || attempt === attempts) throw databaseError(error);
      }
      await pause(Math.random() * 5 * 2 ** attempt);
    }
  }
}

async function transaction<T>(source: DataSource, work: (session: Session, runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  const session = new RunnerSession(runner, postgres);
  try {
    await runner.startTransaction('READ COMMITTED');
    const result = await work(session, runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // A connection that is gone took its transaction with it.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    session.end();
    await runner.release();
  }
}

/** Reads outside a transaction: a connection of the pool for each statement. */
class PooledSession implements Session {
  readonly dialect = postgres;

  constructor(private readonly source: DataSource) {}

  all<Row>(sql: string, ...parameters: readonly Parameter[]): Promise<Row[]> {
    return this.lend((session) => session.all<Row>(sql, ...parameters));
  }

  run(sql: string, ...parameters: readonly Parameter[]): Promise<number> {
    return this.lend((session) => session.run(sql, ...parameters));
  }

  private async lend<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      return await use(new RunnerSession(runner, postgres));
    } finally {
      await runner.release();
    }
  }
}
