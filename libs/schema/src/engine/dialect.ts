import type { ColumnType } from 'typeorm';

export type DatabaseKind = 'sqlite' | 'postgres';

/** What a statement can be given. Times travel as ISO 8601 text: SQLite keeps it as it is, Postgres reads it into timestamptz. */
export type Parameter = string | number | boolean | null;

/** Everything in which the two engines differ, apart from how a transaction begins (sqlite-connection.ts, postgres-connection.ts). */
export interface Dialect {
  readonly kind: DatabaseKind;
  /** Statements are written with `?`; this is the text that the driver takes. Cached: the set of texts is small and fixed. */
  placeholders(sql: string): string;
  /** A subquery of the elements of one JSON array parameter, so that a list of any length is the same prepared statement. */
  readonly list: { readonly uuid: string; readonly text: string };
  /** Appended to a select whose row must not change until the transaction ends. */
  readonly forUpdate: string;
  /** Takes a named lock until the transaction ends, null where a write transaction excludes all others anyway. The one parameter is the name. */
  readonly lock: string | null;
  /** Rows that one INSERT carries: one where a statement costs microseconds, many where it costs a round trip. */
  readonly rowsPerInsert: number;
  readonly types: ColumnTypes;
}

export interface ColumnTypes {
  readonly uuid: ColumnType & string;
  readonly time: ColumnType & string;
  readonly json: ColumnType & string;
  /** Of a generated row number. */
  readonly serial: ColumnType & string;
  /** How the default of a boolean column is written. */
  readonly no: string;
  /** Index method for texts that may be longer than a B-tree page of Postgres takes (paths: 4096 bytes). */
  readonly longTextIndex: 'hash' | undefined;
}

export const sqlite: Dialect = {
  kind: 'sqlite',
  placeholders: (sql) => sql,
  list: { uuid: '(select value from json_each(?))', text: '(select value from json_each(?))' },
  forUpdate: '',
  lock: null,
  rowsPerInsert: 1,
  types: { uuid: 'text', time: 'text', json: 'text', serial: 'integer', no: '0', longTextIndex: undefined },
};

const numbered = new Map<string, string>();

export const postgres: Dialect = {
  kind: 'postgres',
  placeholders(sql) {
    const known = numbered.get(sql);
    if (known !== undefined) return known;
    let n = 0;
    const text = sql.replaceAll('?', () => `$${++n}`);
    numbered.set(sql, text);
    return text;
  },
  list: { uuid: '(select value::uuid from json_array_elements_text(?::json))', text: '(select value from json_array_elements_text(?::json))' },
  forUpdate: ' for update',
  lock: 'select pg_advisory_xact_lock(hashtextextended(?, 7300))',
  rowsPerInsert: 200,
  types: { uuid: 'uuid', time: 'timestamp with time zone', json: 'jsonb', serial: 'bigint', no: 'false', longTextIndex: 'hash' },
};

export const dialects: Readonly<Record<DatabaseKind, Dialect>> = { sqlite, postgres };
