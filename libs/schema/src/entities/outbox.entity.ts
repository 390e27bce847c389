import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import { index, type Int64, type Timestamp } from './constraints';

/** A change that a mirror has still to learn of, written in the transaction that made the change. */
export interface OutboxRow {
  readonly id: Int64;
  readonly table_name: string;
  readonly row_id: string;
  readonly operation: string;
  readonly payload: unknown;
  readonly created_at: Timestamp;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly sent_at: Timestamp | null;
}

export const outboxEntity = (types: ColumnTypes) =>
  new EntitySchema<OutboxRow>({
    name: 'outbox',
    columns: {
      id: { type: types.serial, primary: true, generated: 'increment' },
      table_name: { type: 'text' },
      row_id: { type: 'text' },
      operation: { type: 'text' },
      payload: { type: types.json },
      created_at: { type: types.time },
      attempts: { type: 'integer', default: 0 },
      last_error: { type: 'text', nullable: true },
      sent_at: { type: types.time, nullable: true },
    },
    indices: [{ ...index('outbox', 'sent_at', 'id'), where: 'sent_at is null' }],
  });
