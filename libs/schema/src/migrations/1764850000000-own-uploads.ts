import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTables } from './columns';

/** What was uploaded to iCloud from here, so that it is not taken in again. */
export class OwnUploads1764850000000 implements MigrationInterface {
  readonly name = 'OwnUploads1764850000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTables(runner, (c) => [{ name: 'own_uploads', columns: [{ ...c.text('checksum'), isPrimary: true }, c.bigint('bytes'), c.text('sha256'), c.time('created_at')] }]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('own_uploads');
  }
}
