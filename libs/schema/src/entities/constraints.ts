import type { EntitySchemaIndexOptions, EntitySchemaOptions } from 'typeorm';

/** A time as the engine gives it: ISO text from SQLite, a Date from Postgres. */
export type Timestamp = string | Date;
/** A 64-bit number as the engine gives it: a number from SQLite, text from Postgres. */
export type Int64 = number | string;

type UniqueOptions = NonNullable<EntitySchemaOptions<unknown>['uniques']>[number];
type ForeignKeyOptions = NonNullable<EntitySchemaOptions<unknown>['foreignKeys']>[number];

/** How our tables name what they are bound by. */
export const unique = (table: string, ...columns: string[]): UniqueOptions => ({ name: `uq_${table}_${columns.join('_')}`, columns });
export const index = (table: string, ...columns: string[]): EntitySchemaIndexOptions => ({ name: `ix_${table}_${columns.join('_')}`, columns });
/** Its method is a hash on Postgres (paths are too long for its B-tree), which an entity cannot say: TypeORM leaves such an index alone. */
export const indexOfPaths = (table: string, column: string): EntitySchemaIndexOptions => ({ ...index(table, column), synchronize: false });
export const reference = (table: string, column: string, to: string): ForeignKeyOptions => ({
  name: `fk_${table}_${column}`,
  target: to,
  columnNames: [column],
  referencedColumnNames: ['id'],
});
