import type { DataSource } from 'typeorm';
import type { Connection } from './session';

/** A {@link Connection} that owns its engine. */
export interface EngineConnection extends Connection {
  /** TypeORM's side of it, for migrations and introspection. */
  readonly source: DataSource;
  /** Waits for the writes that were asked for, then lets go. */
  close(): Promise<void>;
}
