import type { LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { Recompression } from '../recompressions';
import { index, reference, unique, type Int64, type Timestamp } from './constraints';

/** An attempt to compress a file again. The columns of a swap are filled in together. */
export interface RecompressionRow {
  readonly id: string;
  readonly file_id: string;
  readonly asset_id: string;
  readonly asked: string;
  readonly state: Recompression['state'];
  readonly token: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly staged_path: LibraryPath | null;
  readonly path: LibraryPath | null;
  readonly archived_path: LibraryPath | null;
  readonly sha256: string | null;
  readonly bytes: Int64 | null;
  readonly settings: string | null;
  readonly proof: string | null;
  readonly earlier_sha256: string | null;
  readonly earlier_bytes: Int64 | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
}

export const recompressionEntity = (types: ColumnTypes) =>
  new EntitySchema<RecompressionRow>({
    name: 'recompressions',
    columns: {
      id: { type: types.uuid, primary: true },
      file_id: { type: types.uuid },
      asset_id: { type: types.uuid },
      asked: { type: 'text' },
      state: { type: 'text' },
      token: { type: types.uuid },
      code: { type: 'text', nullable: true },
      reason: { type: 'text', nullable: true },
      staged_path: { type: 'text', nullable: true },
      path: { type: 'text', nullable: true },
      archived_path: { type: 'text', nullable: true },
      sha256: { type: 'text', nullable: true },
      bytes: { type: 'bigint', nullable: true },
      settings: { type: 'text', nullable: true },
      proof: { type: 'text', nullable: true },
      earlier_sha256: { type: 'text', nullable: true },
      earlier_bytes: { type: 'bigint', nullable: true },
      created_at: { type: types.time },
      updated_at: { type: types.time },
    },
    uniques: [unique('recompressions', 'file_id', 'asked')],
    indices: [index('recompressions', 'asset_id'), index('recompressions', 'state'), index('recompressions', 'earlier_sha256')],
    foreignKeys: [reference('recompressions', 'file_id', 'media_files'), reference('recompressions', 'asset_id', 'assets')],
  });
