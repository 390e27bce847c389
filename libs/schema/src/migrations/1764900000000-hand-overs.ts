import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTables, nullable } from './columns';

/** What was uploaded to iCloud from a folder by hand, in which form. */
export class HandOvers1764900000000 implements MigrationInterface {
  readonly name = 'HandOvers1764900000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTables(runner, (c) => [
      {
        name: 'hand_overs',
        columns: [{ ...c.text('original_sha256'), isPrimary: true }, { ...c.text('sha256'), isPrimary: true }, c.text('checksum'), c.bigint('bytes'), c.text('name'), nullable(c.text('form')), c.time('put_at')],
      },
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('hand_overs');
  }
}
