import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTables } from './columns';

/** Under which checksum iCloud knows a content that is here, so that it need not be downloaded. */
export class ContentChecksums1764750000000 implements MigrationInterface {
  readonly name = 'ContentChecksums1764750000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTables(runner, (c) => [{ name: 'content_checksums', columns: [{ ...c.text('checksum'), isPrimary: true }, c.text('sha256')] }]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('content_checksums');
  }
}
