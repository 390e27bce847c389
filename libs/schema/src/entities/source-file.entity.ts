import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { AssetSource } from '../records';
import { reference, type Timestamp } from './constraints';

/** A file as its source last showed it, so that a rescan reads no content. */
export interface SourceFileRow {
  readonly source: AssetSource;
  /** `boundedKey(source_path)`. */
  readonly source_path_key: string;
  readonly source_path: string;
  readonly fingerprint: string;
  readonly asset_id: string;
  readonly seen_at: Timestamp;
}

export const sourceFileEntity = (types: ColumnTypes) =>
  new EntitySchema<SourceFileRow>({
    name: 'source_files',
    columns: {
      source: { type: 'text', primary: true },
      source_path_key: { type: 'text', primary: true },
      source_path: { type: 'text' },
      fingerprint: { type: 'text' },
      asset_id: { type: types.uuid },
      seen_at: { type: types.time },
    },
    foreignKeys: [reference('source_files', 'asset_id', 'assets')],
  });
