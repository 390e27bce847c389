import type { TableColumnOptions, TableForeignKeyOptions, TableIndexOptions, TableOptions, TableUniqueOptions } from 'typeorm';
import { Table, type QueryRunner } from 'typeorm';
import { dialects, type ColumnTypes } from '../engine/dialect';

/** Short words for the columns of a migration; what differs between the engines comes from the dialect. */
export interface ColumnWords {
  /** Primary key made by us (UUID v7). */
  id(name?: string): TableColumnOptions;
  /** Primary key made by the database, ascending. */
  serial(): TableColumnOptions;
  uuid(name: string): TableColumnOptions;
  text(name: string): TableColumnOptions;
  time(name: string): TableColumnOptions;
  json(name: string): TableColumnOptions;
  bigint(name: string): TableColumnOptions;
  integer(name: string): TableColumnOptions;
  boolean(name: string): TableColumnOptions;
  decimal(name: string, precision: number, scale: number): TableColumnOptions;
}

export const nullable = (column: TableColumnOptions): TableColumnOptions => ({ ...column, isNullable: true });
export const withDefault = (column: TableColumnOptions, value: string): TableColumnOptions => ({ ...column, default: value });

export const unique = (table: string, ...columnNames: string[]): TableUniqueOptions => ({ name: `uq_${table}_${columnNames.join('_')}`, columnNames });
export const index = (table: string, ...columnNames: string[]): TableIndexOptions => ({ name: `ix_${table}_${columnNames.join('_')}`, columnNames });
/** For columns whose texts can be longer than a B-tree page of Postgres takes. */
export const indexOfPaths = (table: string, columnName: string, { longTextIndex }: ColumnTypes): TableIndexOptions => ({
  ...index(table, columnName),
  ...(longTextIndex && { type: longTextIndex }),
});
export const reference = (table: string, column: string, to: string): TableForeignKeyOptions => ({
  name: `fk_${table}_${column}`,
  columnNames: [column],
  referencedTableName: to,
  referencedColumnNames: ['id'],
});

const words = (types: ColumnTypes): ColumnWords => ({
  id: (name = 'id') => ({ name, type: types.uuid, isPrimary: true }),
  serial: () => ({ name: 'id', type: types.serial, isPrimary: true, isGenerated: true, generationStrategy: 'increment' }),
  uuid: (name) => ({ name, type: types.uuid }),
  text: (name) => ({ name, type: 'text' }),
  time: (name) => ({ name, type: types.time }),
  json: (name) => ({ name, type: types.json }),
  bigint: (name) => ({ name, type: 'bigint' }),
  integer: (name) => ({ name, type: 'integer' }),
  boolean: (name) => ({ name, type: 'boolean' }),
  decimal: (name, precision, scale) => ({ name, type: 'decimal', precision, scale }),
});

/** Makes tables on whichever engine the migration runs on. */
export async function createTables(runner: QueryRunner, tables: (word: ColumnWords, types: ColumnTypes) => readonly TableOptions[]): Promise<void> {
  const { types } = dialects[runner.dataSource.options.type === 'postgres' ? 'postgres' : 'sqlite'];
  for (const table of tables(words(types), types)) await runner.createTable(new Table(table));
}
