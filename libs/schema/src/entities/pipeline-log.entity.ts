import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { LogEntry } from '../records';
import { index, type Int64, type Timestamp } from './constraints';

/** One line of the history: of an asset where `asset_id` says which. No foreign key: what happened stays, whatever it was about. */
export interface PipelineLogRow {
  readonly id: Int64;
  readonly step: LogEntry['step'];
  readonly message: string;
  readonly status: LogEntry['status'];
  readonly created_at: Timestamp;
  readonly asset_id: string | null;
  readonly code: string | null;
}

export const pipelineLogEntity = (types: ColumnTypes) =>
  new EntitySchema<PipelineLogRow>({
    name: 'pipeline_logs',
    columns: {
      id: { type: types.serial, primary: true, generated: 'increment' },
      step: { type: 'text' },
      message: { type: 'text' },
      status: { type: 'text' },
      created_at: { type: types.time },
      asset_id: { type: types.uuid, nullable: true },
      code: { type: 'text', nullable: true },
    },
    indices: [index('pipeline_logs', 'step'), index('pipeline_logs', 'status'), index('pipeline_logs', 'asset_id')],
  });
