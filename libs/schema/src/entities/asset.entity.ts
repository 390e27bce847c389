import type { AssetState } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { AssetKind, AssetSource, GoneHow } from '../records';
import { index, reference, type Timestamp } from './constraints';

/** One photo or video as a person thinks of it. */
export interface AssetRow {
  readonly id: string;
  readonly source: AssetSource;
  readonly source_key: string;
  readonly kind: AssetKind;
  readonly state: AssetState;
  readonly state_before: AssetState | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly capture_date: string | null;
  readonly capture_date_source: string | null;
  readonly duplicate_of: string | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
  readonly source_record: string | null;
  readonly taken_at: string | null;
  readonly gone_at: Timestamp | null;
  readonly gone_how: GoneHow | null;
}

export const assetEntity = (types: ColumnTypes) =>
  new EntitySchema<AssetRow>({
    name: 'assets',
    columns: {
      id: { type: types.uuid, primary: true },
      source: { type: 'text' },
      source_key: { type: 'text' },
      kind: { type: 'text' },
      state: { type: 'text' },
      state_before: { type: 'text', nullable: true },
      code: { type: 'text', nullable: true },
      reason: { type: 'text', nullable: true },
      capture_date: { type: 'text', nullable: true },
      capture_date_source: { type: 'text', nullable: true },
      duplicate_of: { type: types.uuid, nullable: true },
      created_at: { type: types.time },
      updated_at: { type: types.time },
      source_record: { type: 'text', nullable: true },
      taken_at: { type: 'text', nullable: true },
      gone_at: { type: types.time, nullable: true },
      gone_how: { type: 'text', nullable: true },
    },
    indices: [index('assets', 'state', 'id'), index('assets', 'code'), index('assets', 'duplicate_of'), index('assets', 'source', 'source_record'), { ...index('assets', 'gone_at'), where: 'gone_at is not null' }],
    foreignKeys: [reference('assets', 'duplicate_of', 'assets')],
  });
