import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engine/dialect';

/** What another service calls a content that is, or was, in the library. */
export interface ContentChecksumRow {
  /** As iCloud records it: base64, with its kind in front. */
  readonly checksum: string;
  readonly sha256: string;
}

export const contentChecksumEntity = (_: ColumnTypes) =>
  new EntitySchema<ContentChecksumRow>({
    name: 'content_checksums',
    columns: {
      checksum: { type: 'text', primary: true },
      sha256: { type: 'text' },
    },
  });
