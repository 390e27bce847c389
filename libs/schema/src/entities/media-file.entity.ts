import type { LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { FileRole } from '../records';
import { index, indexOfPaths, reference, unique, type Int64, type Timestamp } from './constraints';

/** What the system being replaced called the step that a file has passed. */
export type LegacyFileStatus = 'downloaded' | 'deduplicated' | 'compressed' | 'batched' | 'uploaded' | 'verified' | 'error';

/** One file of an asset. The columns down to `updated_at` are those of the system being replaced, kept truthful. */
export interface MediaFileRow {
  readonly id: string;
  readonly filename: string;
  readonly file_path: LibraryPath;
  readonly file_size: Int64 | null;
  /** SHA-256, hex. */
  readonly file_hash: string | null;
  readonly original_size: Int64 | null;
  /** Bytes of what goes on: of the rendition, or of the original where that was kept. */
  readonly compressed_size: Int64 | null;
  readonly space_saved: Int64 | null;
  /** Saved bytes in percent of the original's. */
  readonly compression_percentage: number | string | null;
  /** Original bytes ÷ compressed bytes. */
  readonly compression_ratio: number | string | null;
  readonly is_duplicate: boolean | number;
  readonly source_path: string | null;
  readonly status: LegacyFileStatus;
  /** The batch that it was assigned to last. */
  readonly batch_id: string | null;
  readonly created_at: Timestamp;
  readonly processed_at: Timestamp | null;
  readonly updated_at: Timestamp;
  readonly asset_id: string;
  readonly role: FileRole;
  /** `pathKey(file_path)`: no two files at places that a file system could take for one. */
  readonly path_key: string;
  readonly modified_at: Timestamp | null;
  readonly archived_path: LibraryPath | null;
}

export const mediaFileEntity = (types: ColumnTypes) =>
  new EntitySchema<MediaFileRow>({
    name: 'media_files',
    columns: {
      id: { type: types.uuid, primary: true },
      filename: { type: 'text' },
      file_path: { type: 'text' },
      file_size: { type: 'bigint', nullable: true },
      file_hash: { type: 'text', nullable: true },
      original_size: { type: 'bigint', nullable: true },
      compressed_size: { type: 'bigint', nullable: true },
      space_saved: { type: 'bigint', nullable: true },
      compression_percentage: { type: 'decimal', precision: 10, scale: 2, nullable: true },
      compression_ratio: { type: 'decimal', precision: 12, scale: 2, nullable: true },
      is_duplicate: { type: 'boolean', default: false },
      source_path: { type: 'text', nullable: true },
      status: { type: 'text' },
      batch_id: { type: types.uuid, nullable: true },
      created_at: { type: types.time },
      processed_at: { type: types.time, nullable: true },
      updated_at: { type: types.time },
      asset_id: { type: types.uuid },
      role: { type: 'text' },
      path_key: { type: 'text' },
      modified_at: { type: types.time, nullable: true },
      archived_path: { type: 'text', nullable: true },
    },
    uniques: [unique('media_files', 'path_key')],
    indices: [
      index('media_files', 'file_hash'),
      index('media_files', 'status'),
      index('media_files', 'batch_id'),
      index('media_files', 'asset_id'),
      indexOfPaths('media_files', 'archived_path'),
    ],
    foreignKeys: [reference('media_files', 'batch_id', 'batches'), reference('media_files', 'asset_id', 'assets')],
  });
