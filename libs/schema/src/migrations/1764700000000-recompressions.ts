import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTables, index, nullable, reference, unique } from './columns';

/** Attempts to compress files again under other settings: who is at it, what is being exchanged, what stays and why. */
export class Recompressions1764700000000 implements MigrationInterface {
  readonly name = 'Recompressions1764700000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTables(runner, (c) => [
      {
        name: 'recompressions',
        columns: [
          c.id(),
          c.uuid('file_id'),
          c.uuid('asset_id'),
          c.text('asked'),
          c.text('state'),
          c.uuid('token'),
          nullable(c.text('code')),
          nullable(c.text('reason')),
          nullable(c.text('staged_path')),
          nullable(c.text('path')),
          nullable(c.text('archived_path')),
          nullable(c.text('sha256')),
          nullable(c.bigint('bytes')),
          nullable(c.text('settings')),
          nullable(c.text('proof')),
          nullable(c.text('earlier_sha256')),
          nullable(c.bigint('earlier_bytes')),
          c.time('created_at'),
          c.time('updated_at'),
        ],
        uniques: [unique('recompressions', 'file_id', 'asked')],
        indices: [index('recompressions', 'asset_id'), index('recompressions', 'state'), index('recompressions', 'earlier_sha256')],
        foreignKeys: [reference('recompressions', 'file_id', 'media_files'), reference('recompressions', 'asset_id', 'assets')],
      },
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('recompressions');
  }
}
