import type { Destination } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { DeliveryState } from '../records';
import { index, reference, unique, type Int64, type Timestamp } from './constraints';

/** One file on its way to one destination; the unique constraints are why no batch lists a file twice and no name hides another. */
export interface DeliveryRow {
  readonly id: string;
  readonly asset_id: string;
  readonly file_id: string;
  readonly batch_id: string;
  readonly destination: Destination;
  readonly name: string;
  readonly name_key: string;
  readonly sha256: string;
  readonly bytes: Int64;
  readonly state: DeliveryState;
  readonly evidence: string | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
}

export const deliveryEntity = (types: ColumnTypes) =>
  new EntitySchema<DeliveryRow>({
    name: 'deliveries',
    columns: {
      id: { type: types.uuid, primary: true },
      asset_id: { type: types.uuid },
      file_id: { type: types.uuid },
      batch_id: { type: types.uuid },
      destination: { type: 'text' },
      name: { type: 'text' },
      name_key: { type: 'text' },
      sha256: { type: 'text' },
      bytes: { type: 'bigint' },
      state: { type: 'text' },
      evidence: { type: 'text', nullable: true },
      created_at: { type: types.time },
      updated_at: { type: types.time },
    },
    uniques: [unique('deliveries', 'file_id', 'destination'), unique('deliveries', 'batch_id', 'name_key')],
    indices: [index('deliveries', 'asset_id')],
    foreignKeys: [
      reference('deliveries', 'asset_id', 'assets'),
      reference('deliveries', 'file_id', 'media_files'),
      reference('deliveries', 'batch_id', 'batches'),
    ],
  });
