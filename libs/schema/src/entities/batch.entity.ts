import type { Destination, LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { BatchStatus } from '../records';
import { index, unique, type Int64, type Timestamp } from './constraints';

/** Files that go to one destination together. The columns down to `completed_at` are those of the system being replaced. */
export interface BatchRow {
  readonly id: string;
  readonly batch_type: Destination;
  readonly status: BatchStatus;
  /** `total_bytes` in GiB, for who reads the table by eye. */
  readonly total_size_gb: number | string;
  readonly file_count: number;
  readonly created_at: Timestamp;
  readonly completed_at: Timestamp | null;
  readonly total_bytes: Int64;
  readonly path: LibraryPath;
}

export const batchEntity = (types: ColumnTypes) =>
  new EntitySchema<BatchRow>({
    name: 'batches',
    columns: {
      id: { type: types.uuid, primary: true },
      batch_type: { type: 'text' },
      status: { type: 'text' },
      total_size_gb: { type: 'decimal', precision: 10, scale: 2, default: 0 },
      file_count: { type: 'integer', default: 0 },
      created_at: { type: types.time },
      completed_at: { type: types.time, nullable: true },
      total_bytes: { type: 'bigint', default: 0 },
      path: { type: 'text' },
    },
    uniques: [unique('batches', 'path')],
    indices: [index('batches', 'status')],
  });
