import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { Int64, Timestamp } from './constraints';

/** A content that was handed over to iCloud. */
export interface OwnUploadRow {
  /** As iCloud records it: base64, with its kind in front. */
  readonly checksum: string;
  readonly bytes: Int64;
  readonly sha256: string;
  /** When it was handed over first. */
  readonly created_at: Timestamp;
}

export const ownUploadEntity = (types: ColumnTypes) =>
  new EntitySchema<OwnUploadRow>({
    name: 'own_uploads',
    columns: {
      checksum: { type: 'text', primary: true },
      bytes: { type: 'bigint' },
      sha256: { type: 'text' },
      created_at: { type: types.time },
    },
  });
