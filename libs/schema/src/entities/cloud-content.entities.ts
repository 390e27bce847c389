import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';
import { index, type Int64 } from './constraints';

/** How far a zone was read for its contents. */
export interface CloudZoneRow {
  readonly zone: string;
  readonly sync_token: string | null;
}

/** A file of an asset in iCloud. */
export interface CloudContentRow {
  readonly zone: string;
  readonly record_name: string;
  readonly role: string;
  readonly master_name: string;
  readonly checksum: string;
  readonly bytes: Int64;
  readonly state: 'shown' | 'hidden' | 'trashed';
}

export const cloudZoneEntity = (_: ColumnTypes) =>
  new EntitySchema<CloudZoneRow>({
    name: 'cloud_zones',
    columns: {
      zone: { type: 'text', primary: true },
      sync_token: { type: 'text', nullable: true },
    },
  });

export const cloudContentEntity = (_: ColumnTypes) =>
  new EntitySchema<CloudContentRow>({
    name: 'cloud_contents',
    columns: {
      zone: { type: 'text', primary: true },
      record_name: { type: 'text', primary: true },
      role: { type: 'text', primary: true },
      master_name: { type: 'text' },
      checksum: { type: 'text' },
      bytes: { type: 'bigint' },
      state: { type: 'text' },
    },
    indices: [index('cloud_contents', 'checksum')],
  });
