import type { QueryRunner } from 'typeorm';
import { PipelineError } from '@media-pipeline/contracts';
import { databaseError } from './database-errors';
import type { Dialect, Parameter } from './dialect';

/** Runs statements, written with `?`, in the transaction (or outside one) that it was made for. */
export interface Session {
  readonly dialect: Dialect;
  /** The rows of a select, or of a change with `returning`, as the driver gives them. */
  all<Row>(sql: string, ...parameters: readonly Parameter[]): Promise<Row[]>;
  /** How many rows a change touched. */
  run(sql: string, ...parameters: readonly Parameter[]): Promise<number>;
}

/** What the repositories stand on: reads that see only what is committed, and write transactions. Inside a transaction both are that transaction. */
export interface Connection {
  readonly dialect: Dialect;
  readonly reads: Session;
  write<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** A session on one of TypeORM's query runners. After `end()` it refuses: work that nobody awaited must not slip into somebody else's transaction. */
export class RunnerSession implements Session {
  private ended = false;

  constructor(
    private readonly runner: QueryRunner,
    readonly dialect: Dialect,
  ) {}

  async all<Row>(sql: string, ...parameters: readonly Parameter[]): Promise<Row[]> {
    return (await this.query(sql, parameters)).records as Row[];
  }

  async run(sql: string, ...parameters: readonly Parameter[]): Promise<number> {
    return (await this.query(sql, parameters)).affected ?? 0;
  }

  end(): void {
    this.ended = true;
  }

  private async query(sql: string, parameters: readonly Parameter[]) {
    if (this.ended) throw new PipelineError('UNEXPECTED', 'a statement came after its transaction had ended: something in it was not awaited');
    try {
      return await this.runner.query(this.dialect.placeholders(sql), [...parameters], true);
    } catch (error) {
      throw databaseError(error);
    }
  }
}

/** The transaction as a {@link Connection}: a repository inside it joins it instead of opening one of its own. */
export function joined(session: Session): Connection {
  return { dialect: session.dialect, reads: session, write: (work) => work(session) };
}
