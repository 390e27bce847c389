import type { LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import { reference, unique, type Timestamp } from './constraints';

/** A name given out in the archive, before anything lies there. `owner_id` is a file or a rendition. */
export interface ArchiveNameRow {
  readonly owner_id: string;
  readonly asset_id: string;
  readonly path: LibraryPath;
  /** `pathKey(path)`. */
  readonly path_key: string;
  readonly created_at: Timestamp;
}

export const archiveNameEntity = (types: ColumnTypes) =>
  new EntitySchema<ArchiveNameRow>({
    name: 'archive_names',
    columns: {
      owner_id: { type: types.uuid, primary: true },
      asset_id: { type: types.uuid },
      path: { type: 'text' },
      path_key: { type: 'text' },
      created_at: { type: types.time },
    },
    uniques: [unique('archive_names', 'path_key')],
    foreignKeys: [reference('archive_names', 'asset_id', 'assets')],
  });
