import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import { reference, type Timestamp } from './constraints';

/** The asset that a content belongs to; every other asset with it is a duplicate. The primary key decides a race. */
export interface ContentClaimRow {
  readonly sha256: string;
  readonly asset_id: string;
  readonly created_at: Timestamp;
}

export const contentClaimEntity = (types: ColumnTypes) =>
  new EntitySchema<ContentClaimRow>({
    name: 'content_claims',
    columns: {
      sha256: { type: 'text', primary: true },
      asset_id: { type: types.uuid },
      created_at: { type: types.time },
    },
    foreignKeys: [reference('content_claims', 'asset_id', 'assets')],
  });
