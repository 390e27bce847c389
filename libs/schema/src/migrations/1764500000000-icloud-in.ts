import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dialects } from '../engine/dialect';
import { createTables, nullable } from './columns';

/** What a source with identities of its own (iCloud) needs: how far it was read, what it calls a thing, when it says it was taken, what it has deleted. */
export class ICloudIn1764500000000 implements MigrationInterface {
  readonly name = 'ICloudIn1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    const { types } = dialects[runner.dataSource.options.type === 'postgres' ? 'postgres' : 'sqlite'];
    await createTables(runner, (c) => [
      {
        name: 'source_cursors',
        columns: [{ ...c.text('source'), isPrimary: true }, { ...c.text('scope'), isPrimary: true }, nullable(c.text('token')), c.text('filter'), c.json('counts'), c.time('updated_at')],
      },
    ]);
    // Not addColumn: on SQLite TypeORM makes the whole table anew for it, and the rows that refer to it would be in the way.
    for (const column of ['source_record text', 'taken_at text', `gone_at ${types.time}`, 'gone_how text']) await runner.query(`alter table assets add column ${column}`);
    await runner.query('create index ix_assets_source_source_record on assets (source, source_record)');
    await runner.query('create index ix_assets_gone_at on assets (gone_at) where gone_at is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['ix_assets_gone_at', 'ix_assets_source_source_record']) await runner.query(`drop index ${index}`);
    for (const column of ['gone_how', 'gone_at', 'taken_at', 'source_record']) await runner.query(`alter table assets drop column ${column}`);
    await runner.dropTable('source_cursors');
  }
}
