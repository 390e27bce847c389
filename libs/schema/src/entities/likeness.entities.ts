import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import type { Relation, SimilarGroup } from '../likeness';
import { index, reference, unique, type Int64, type Timestamp } from './constraints';

export interface FingerprintRow {
  readonly file_id: string;
  readonly frame: Int64;
  readonly asset_id: string;
  readonly version: number;
  readonly bits: string | null;
  readonly gradient: string | null;
  readonly sketch: string | null;
  readonly problem: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly duration_ms: Int64 | null;
  readonly taken_at: string | null;
  readonly sharpness: number | null;
  readonly made_at: Timestamp;
}

export const fingerprintEntity = (types: ColumnTypes) =>
  new EntitySchema<FingerprintRow>({
    name: 'fingerprints',
    columns: {
      file_id: { type: types.uuid, primary: true },
      frame: { type: 'bigint', primary: true },
      asset_id: { type: types.uuid },
      version: { type: 'integer' },
      bits: { type: 'text', nullable: true },
      gradient: { type: 'text', nullable: true },
      sketch: { type: 'text', nullable: true },
      problem: { type: 'text', nullable: true },
      width: { type: 'integer', nullable: true },
      height: { type: 'integer', nullable: true },
      duration_ms: { type: 'bigint', nullable: true },
      taken_at: { type: 'text', nullable: true },
      sharpness: { type: 'integer', nullable: true },
      made_at: { type: types.time },
    },
    indices: [index('fingerprints', 'asset_id')],
    foreignKeys: [reference('fingerprints', 'file_id', 'media_files'), reference('fingerprints', 'asset_id', 'assets')],
  });

export interface SimilarPairRow {
  readonly first_id: string;
  readonly second_id: string;
  readonly relation: Relation;
  readonly structure: number;
  readonly distance: number;
  readonly why: string;
  readonly created_at: Timestamp;
}

export const similarPairEntity = (types: ColumnTypes) =>
  new EntitySchema<SimilarPairRow>({
    name: 'similar_pairs',
    columns: {
      first_id: { type: types.uuid, primary: true },
      second_id: { type: types.uuid, primary: true },
      relation: { type: 'text' },
      structure: { type: 'integer' },
      distance: { type: 'integer' },
      why: { type: 'text' },
      created_at: { type: types.time },
    },
    foreignKeys: [reference('similar_pairs', 'first_id', 'assets'), reference('similar_pairs', 'second_id', 'assets')],
  });

export interface SimilarGroupRow {
  readonly id: string;
  readonly kind: SimilarGroup['kind'];
  readonly oldest_asset_id: string;
  readonly best_asset_id: string;
  readonly state: SimilarGroup['state'];
  readonly why: string;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
}

export const similarGroupEntity = (types: ColumnTypes) =>
  new EntitySchema<SimilarGroupRow>({
    name: 'similar_groups',
    columns: {
      id: { type: types.uuid, primary: true },
      kind: { type: 'text' },
      oldest_asset_id: { type: types.uuid },
      best_asset_id: { type: types.uuid },
      state: { type: 'text' },
      why: { type: 'text' },
      created_at: { type: types.time },
      updated_at: { type: types.time },
    },
    uniques: [unique('similar_groups', 'kind', 'oldest_asset_id')],
    foreignKeys: [reference('similar_groups', 'oldest_asset_id', 'assets'), reference('similar_groups', 'best_asset_id', 'assets')],
  });

export interface SimilarMemberRow {
  readonly group_id: string;
  readonly asset_id: string;
  readonly why: string;
}

export const similarMemberEntity = (types: ColumnTypes) =>
  new EntitySchema<SimilarMemberRow>({
    name: 'similar_members',
    columns: { group_id: { type: types.uuid, primary: true }, asset_id: { type: types.uuid, primary: true }, why: { type: 'text' } },
    indices: [index('similar_members', 'asset_id')],
    foreignKeys: [reference('similar_members', 'group_id', 'similar_groups'), reference('similar_members', 'asset_id', 'assets')],
  });
