import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import { index, reference, unique, type Timestamp } from './constraints';

/** A file whose content was here already, and the file that it repeats. */
export interface DuplicateFileRow {
  readonly id: string;
  readonly original_file_id: string;
  readonly duplicate_file_id: string;
  readonly hash: string;
  readonly created_at: Timestamp;
}

export const duplicateFileEntity = (types: ColumnTypes) =>
  new EntitySchema<DuplicateFileRow>({
    name: 'duplicate_files',
    columns: {
      id: { type: types.uuid, primary: true },
      original_file_id: { type: types.uuid },
      duplicate_file_id: { type: types.uuid },
      hash: { type: 'text' },
      created_at: { type: types.time },
    },
    uniques: [unique('duplicate_files', 'original_file_id', 'duplicate_file_id')],
    indices: [index('duplicate_files', 'hash'), index('duplicate_files', 'duplicate_file_id')],
    foreignKeys: [reference('duplicate_files', 'original_file_id', 'media_files'), reference('duplicate_files', 'duplicate_file_id', 'media_files')],
  });
