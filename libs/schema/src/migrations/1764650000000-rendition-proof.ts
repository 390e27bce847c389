import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What was proven of a rendition (JSON of RenditionProof), and an index by what came out, so that a compressed file that comes back is known,
 * and one by why originals were kept.
 * Plain statements, the same on both engines: typeorm would copy the whole table on SQLite.
 */
export class RenditionProof1764650000000 implements MigrationInterface {
  readonly name = 'RenditionProof1764650000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table renditions add column proof text');
    await runner.query('create index ix_renditions_sha256 on renditions (sha256)');
    await runner.query('create index ix_renditions_code on renditions (code)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index ix_renditions_code');
    await runner.query('drop index ix_renditions_sha256');
    await runner.query('alter table renditions drop column proof');
  }
}
