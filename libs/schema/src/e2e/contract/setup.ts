import type { Database } from '../..';

/** Two connections to the same data, as two processes would have them. */
export interface Setup {
  readonly database: Database;
  readonly another: Database;
}
