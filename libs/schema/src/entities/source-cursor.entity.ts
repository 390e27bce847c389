import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { AssetSource } from '../records';
import type { Timestamp } from './constraints';

/** How far a source has been read. */
export interface SourceCursorRow {
  readonly source: AssetSource;
  readonly scope: string;
  readonly token: string | null;
  readonly filter: string;
  /** JSON: text from SQLite, parsed by the Postgres driver. */
  readonly counts: string | Readonly<Record<string, unknown>>;
  readonly updated_at: Timestamp;
}

export const sourceCursorEntity = (types: ColumnTypes) =>
  new EntitySchema<SourceCursorRow>({
    name: 'source_cursors',
    columns: {
      source: { type: 'text', primary: true },
      scope: { type: 'text', primary: true },
      token: { type: 'text', nullable: true },
      filter: { type: 'text' },
      counts: { type: types.json },
      updated_at: { type: types.time },
    },
  });
