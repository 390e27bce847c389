import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { Int64, Timestamp } from './constraints';

/** A form in which a file of a folder was handed over to iCloud by hand. */
export interface HandOverRow {
  readonly original_sha256: string;
  readonly sha256: string;
  readonly checksum: string;
  readonly bytes: Int64;
  readonly name: string;
  readonly form: string | null;
  readonly put_at: Timestamp;
}

export const handOverEntity = (types: ColumnTypes) =>
  new EntitySchema<HandOverRow>({
    name: 'hand_overs',
    columns: {
      original_sha256: { type: 'text', primary: true },
      sha256: { type: 'text', primary: true },
      checksum: { type: 'text' },
      bytes: { type: 'bigint' },
      name: { type: 'text' },
      form: { type: 'text', nullable: true },
      put_at: { type: types.time },
    },
  });
