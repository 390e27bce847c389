import type { LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { Rendition } from '../records';
import { index, indexOfPaths, reference, unique, type Int64, type Timestamp } from './constraints';

/** What compression made of one file. */
export interface RenditionRow {
  readonly id: string;
  readonly file_id: string;
  readonly asset_id: string;
  readonly source_sha256: string;
  readonly outcome: Rendition['outcome'];
  readonly code: string | null;
  readonly reason: string | null;
  readonly path: LibraryPath | null;
  readonly sha256: string | null;
  readonly bytes: Int64 | null;
  readonly settings: string;
  readonly archived_path: LibraryPath | null;
  readonly proof: string | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
}

export const renditionEntity = (types: ColumnTypes) =>
  new EntitySchema<RenditionRow>({
    name: 'renditions',
    columns: {
      id: { type: types.uuid, primary: true },
      file_id: { type: types.uuid },
      asset_id: { type: types.uuid },
      source_sha256: { type: 'text' },
      outcome: { type: 'text' },
      code: { type: 'text', nullable: true },
      reason: { type: 'text', nullable: true },
      path: { type: 'text', nullable: true },
      sha256: { type: 'text', nullable: true },
      bytes: { type: 'bigint', nullable: true },
      settings: { type: 'text' },
      archived_path: { type: 'text', nullable: true },
      proof: { type: 'text', nullable: true },
      created_at: { type: types.time },
      updated_at: { type: types.time },
    },
    uniques: [unique('renditions', 'file_id')],
    indices: [
      index('renditions', 'asset_id'),
      index('renditions', 'source_sha256'),
      index('renditions', 'sha256'),
      index('renditions', 'code'),
      indexOfPaths('renditions', 'path'),
      indexOfPaths('renditions', 'archived_path'),
    ],
    foreignKeys: [reference('renditions', 'file_id', 'media_files'), reference('renditions', 'asset_id', 'assets')],
  });
