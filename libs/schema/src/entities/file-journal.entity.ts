import type { LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { JournalEntry } from '../repositories';
import { index, reference, type Int64, type Timestamp } from './constraints';

/** One change of a file in the library, written down before it is made. */
export interface FileJournalRow {
  readonly id: string;
  readonly operation: JournalEntry['operation'];
  readonly asset_id: string | null;
  readonly file_id: string | null;
  readonly from_path: LibraryPath;
  readonly to_path: LibraryPath | null;
  readonly sha256: string;
  readonly bytes: Int64;
  readonly state: JournalEntry['state'];
  readonly reason: string;
  readonly planned_at: Timestamp;
  readonly finished_at: Timestamp | null;
}

export const fileJournalEntity = (types: ColumnTypes) =>
  new EntitySchema<FileJournalRow>({
    name: 'file_journal',
    columns: {
      id: { type: types.uuid, primary: true },
      operation: { type: 'text' },
      asset_id: { type: types.uuid, nullable: true },
      file_id: { type: types.uuid, nullable: true },
      from_path: { type: 'text' },
      to_path: { type: 'text', nullable: true },
      sha256: { type: 'text' },
      bytes: { type: 'bigint' },
      state: { type: 'text' },
      reason: { type: 'text' },
      planned_at: { type: types.time },
      finished_at: { type: types.time, nullable: true },
    },
    indices: [index('file_journal', 'asset_id'), { ...index('file_journal', 'state'), where: "state = 'planned'" }],
    foreignKeys: [reference('file_journal', 'asset_id', 'assets'), reference('file_journal', 'file_id', 'media_files')],
  });
