import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTables, index, nullable, reference, unique, withDefault } from './columns';

/** Decisions about duplicates, known files outside of the library, what a sweep moved; fingerprints, pairs and groups of similar pictures. */
export class Likeness1764600000000 implements MigrationInterface {
  readonly name = 'Likeness1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTables(runner, (c, types) => [
      {
        name: 'duplicate_decisions',
        columns: [
          c.id('asset_id'),
          c.text('kind'),
          nullable(c.uuid('survivor_id')),
          nullable(c.text('survivor_path')),
          c.text('better'),
          c.text('reason'),
          withDefault(c.boolean('adopted'), types.no),
          c.time('decided_at'),
          nullable(c.time('undone_at')),
        ],
        indices: [index('duplicate_decisions', 'decided_at'), index('duplicate_decisions', 'survivor_id')],
        foreignKeys: [reference('duplicate_decisions', 'asset_id', 'assets'), reference('duplicate_decisions', 'survivor_id', 'assets')],
      },
      {
        name: 'known_files',
        columns: [
          { ...c.text('path_key'), isPrimary: true },
          c.text('path'),
          c.text('root'),
          c.bigint('bytes'),
          c.text('fingerprint'),
          nullable(c.text('sha256')),
          c.time('seen_at'),
        ],
        indices: [index('known_files', 'bytes')],
      },
      {
        name: 'sweep_moves',
        columns: [
          c.id(),
          c.uuid('sweep_id'),
          c.text('from_path'),
          c.text('to_path'),
          c.text('survivor_path'),
          c.text('sha256'),
          c.bigint('bytes'),
          c.text('state'),
          c.time('created_at'),
        ],
        indices: [index('sweep_moves', 'sweep_id')],
      },
      {
        name: 'fingerprints',
        columns: [
          { ...c.uuid('file_id'), isPrimary: true },
          { ...c.bigint('frame'), isPrimary: true },
          c.uuid('asset_id'),
          c.integer('version'),
          nullable(c.text('bits')),
          nullable(c.text('gradient')),
          nullable(c.text('sketch')),
          nullable(c.text('problem')),
          nullable(c.integer('width')),
          nullable(c.integer('height')),
          nullable(c.bigint('duration_ms')),
          nullable(c.text('taken_at')),
          nullable(c.integer('sharpness')),
          c.time('made_at'),
        ],
        indices: [index('fingerprints', 'asset_id')],
        foreignKeys: [reference('fingerprints', 'file_id', 'media_files'), reference('fingerprints', 'asset_id', 'assets')],
      },
      {
        name: 'similar_pairs',
        columns: [
          { ...c.uuid('first_id'), isPrimary: true },
          { ...c.uuid('second_id'), isPrimary: true },
          c.text('relation'),
          c.integer('structure'),
          c.integer('distance'),
          c.text('why'),
          c.time('created_at'),
        ],
        foreignKeys: [reference('similar_pairs', 'first_id', 'assets'), reference('similar_pairs', 'second_id', 'assets')],
      },
      {
        name: 'similar_groups',
        columns: [c.id(), c.text('kind'), c.uuid('oldest_asset_id'), c.uuid('best_asset_id'), c.text('state'), c.text('why'), c.time('created_at'), c.time('updated_at')],
        uniques: [unique('similar_groups', 'kind', 'oldest_asset_id')],
        foreignKeys: [reference('similar_groups', 'oldest_asset_id', 'assets'), reference('similar_groups', 'best_asset_id', 'assets')],
      },
      {
        name: 'similar_members',
        columns: [{ ...c.uuid('group_id'), isPrimary: true }, { ...c.uuid('asset_id'), isPrimary: true }, c.text('why')],
        indices: [index('similar_members', 'asset_id')],
        foreignKeys: [reference('similar_members', 'group_id', 'similar_groups'), reference('similar_members', 'asset_id', 'assets')],
      },
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['similar_members', 'similar_groups', 'similar_pairs', 'fingerprints', 'sweep_moves', 'known_files', 'duplicate_decisions']) await runner.dropTable(table);
  }
}
