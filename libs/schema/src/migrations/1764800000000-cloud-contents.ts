import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTables, index, nullable } from './columns';

/** What is in iCloud, by content: asked before and after each upload. */
export class CloudContents1764800000000 implements MigrationInterface {
  readonly name = 'CloudContents1764800000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTables(runner, (c) => [
      { name: 'cloud_zones', columns: [{ ...c.text('zone'), isPrimary: true }, nullable(c.text('sync_token'))] },
      {
        name: 'cloud_contents',
        columns: [
          { ...c.text('zone'), isPrimary: true },
          { ...c.text('record_name'), isPrimary: true },
          { ...c.text('role'), isPrimary: true },
          c.text('master_name'),
          c.text('checksum'),
          c.bigint('bytes'),
          c.text('state'),
        ],
        indices: [index('cloud_contents', 'checksum')],
      },
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('cloud_contents');
    await runner.dropTable('cloud_zones');
  }
}
