import type { CloudContentRepository } from './cloud-contents';
import type { DatabaseKind } from './engine/dialect';
import type { EngineConnection } from './engine/engine-connection';
import { PostgresConnection, type PostgresOptions } from './engine/postgres-connection';
import { joined } from './engine/session';
import { SqliteConnection, type SqliteOptions } from './engine/sqlite-connection';
import type { DuplicateRepository } from './duplicates';
import type { HandOverRepository } from './hand-overs';
import type { LikenessRepository } from './likeness';
import type { OwnUploadRepository } from './own-uploads';
import type { RecompressionRepository } from './recompressions';
import type { AssetRepository, BatchRepository, CursorRepository, JournalRepository, LogRepository, RenditionRepository, Repositories } from './repositories';
import { repositoriesOn } from './sql';

export type DatabaseConfig = { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

/**
 * What is true, in SQLite or Postgres behind the same repositories. One for all stages of a process; any number of processes on the same data.
 *
 * Errors are PipelineErrors where the machine is in the way: DATABASE_UNAVAILABLE, DATABASE_CORRUPT, DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR.
 */
export class Database implements Repositories {
  readonly assets: AssetRepository;
  readonly renditions: RenditionRepository;
  readonly recompressions: RecompressionRepository;
  readonly batches: BatchRepository;
  readonly journal: JournalRepository;
  readonly log: LogRepository;
  readonly duplicates: DuplicateRepository;
  readonly likeness: LikenessRepository;
  readonly cursors: CursorRepository;
  readonly cloudContents: CloudContentRepository;
  readonly ownUploads: OwnUploadRepository;
  readonly handOvers: HandOverRepository;

  private constructor(private readonly connection: EngineConnection) {
    const repositories = repositoriesOn(connection);
    ({ assets: this.assets, renditions: this.renditions, batches: this.batches, journal: this.journal, log: this.log, cursors: this.cursors } = repositories);
    ({ duplicates: this.duplicates, likeness: this.likeness, recompressions: this.recompressions, cloudContents: this.cloudContents, ownUploads: this.ownUploads, handOvers: this.handOvers } = repositories);
  }

  /** Connects, makes what is not there, and brings the tables up to date; safe while other processes do the same. */
  static async open(config: DatabaseConfig, options: SqliteOptions & PostgresOptions = {}): Promise<Database> {
    return new Database(config.kind === 'sqlite' ? await SqliteConnection.open(config.file, options) : await PostgresConnection.open(config.url, options));
  }

  get kind(): DatabaseKind {
    return this.connection.dialect.kind;
  }

  /**
   * One transaction: everything that `work` does with the repositories it is given happens, durably, or nothing does.
   * It awaits nothing but these repositories (on SQLite everybody else's writes wait meanwhile), and it may be run more than once (Postgres: deadlock).
   */
  write<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return this.connection.write((session) => work(repositoriesOn(joined(session))));
  }

  /** Throws DATABASE_UNAVAILABLE (or what else is wrong) when the database does not answer. */
  async ping(): Promise<void> {
    await this.connection.reads.all('select 1 as answer');
  }

  /** Waits for the writes that were asked for, then lets go. A write after it is refused. */
  close(): Promise<void> {
    return this.connection.close();
  }
}
