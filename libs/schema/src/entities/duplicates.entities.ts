import type { LibraryPath } from '@media-pipeline/contracts';
import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import { index, reference, type Int64, type Timestamp } from './constraints';

export interface DuplicateDecisionRow {
  readonly asset_id: string;
  readonly kind: 'duplicate' | 'overlap';
  readonly survivor_id: string | null;
  readonly survivor_path: string | null;
  readonly better: 'survivor' | 'newcomer';
  readonly reason: string;
  readonly adopted: boolean | number;
  readonly decided_at: Timestamp;
  readonly undone_at: Timestamp | null;
}

export const duplicateDecisionEntity = (types: ColumnTypes) =>
  new EntitySchema<DuplicateDecisionRow>({
    name: 'duplicate_decisions',
    columns: {
      asset_id: { type: types.uuid, primary: true },
      kind: { type: 'text' },
      survivor_id: { type: types.uuid, nullable: true },
      survivor_path: { type: 'text', nullable: true },
      better: { type: 'text' },
      reason: { type: 'text' },
      adopted: { type: 'boolean', default: false },
      decided_at: { type: types.time },
      undone_at: { type: types.time, nullable: true },
    },
    indices: [index('duplicate_decisions', 'decided_at'), index('duplicate_decisions', 'survivor_id')],
    foreignKeys: [reference('duplicate_decisions', 'asset_id', 'assets'), reference('duplicate_decisions', 'survivor_id', 'assets')],
  });

export interface KnownFileRow {
  /** The path, or what it hashes to where it is long. */
  readonly path_key: string;
  readonly path: string;
  readonly root: string;
  readonly bytes: Int64;
  readonly fingerprint: string;
  readonly sha256: string | null;
  readonly seen_at: Timestamp;
}

export const knownFileEntity = (types: ColumnTypes) =>
  new EntitySchema<KnownFileRow>({
    name: 'known_files',
    columns: {
      path_key: { type: 'text', primary: true },
      path: { type: 'text' },
      root: { type: 'text' },
      bytes: { type: 'bigint' },
      fingerprint: { type: 'text' },
      sha256: { type: 'text', nullable: true },
      seen_at: { type: types.time },
    },
    indices: [index('known_files', 'bytes')],
  });

export interface SweepMoveRow {
  readonly id: string;
  readonly sweep_id: string;
  readonly from_path: LibraryPath;
  readonly to_path: LibraryPath;
  readonly survivor_path: string;
  readonly sha256: string;
  readonly bytes: Int64;
  readonly state: 'planned' | 'moved' | 'undone';
  readonly created_at: Timestamp;
}

export const sweepMoveEntity = (types: ColumnTypes) =>
  new EntitySchema<SweepMoveRow>({
    name: 'sweep_moves',
    columns: {
      id: { type: types.uuid, primary: true },
      sweep_id: { type: types.uuid },
      from_path: { type: 'text' },
      to_path: { type: 'text' },
      survivor_path: { type: 'text' },
      sha256: { type: 'text' },
      bytes: { type: 'bigint' },
      state: { type: 'text' },
      created_at: { type: types.time },
    },
    indices: [index('sweep_moves', 'sweep_id')],
  });
