import type { Session } from '../engine/session';

/** A table as an engine itself describes it, in words that both share. */
export interface TableShape {
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly uniques: readonly string[];
  readonly indexes: readonly string[];
  readonly foreignKeys: readonly string[];
}
export type Shape = Readonly<Record<string, TableShape>>;

const logical: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^(?:text|uuid|jsonb|timestamp with time zone)$/, 'text'],
  [/^(?:decimal|numeric)\((\d+),(\d+)\)$/, 'decimal($1,$2)'],
];
const typeOf = (type: string): string => logical.reduce((word, [pattern, to]) => word.replace(pattern, to), type.toLowerCase());
const defaultOf = (value: string | null): string => (value === null ? '' : ` default ${value.replace(/[()']|::\w+/g, '').toLowerCase()}`);
const column = (type: string, required: boolean, value: string | null): string =>
  `${typeOf(type)}${required ? ' not null' : ''}${defaultOf(type === 'boolean' && value === '0' ? 'false' : value)}`;
const predicate = (text: string): string => (text === '' ? '' : ` where ${text.replace(/[()"]|::\w+/g, '').toLowerCase()}`);

export async function describeSqlite(session: Session): Promise<Shape> {
  const tables = await session.all<{ name: string }>("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not in ('migrations', 'typeorm_metadata') order by name");
  const shape: Record<string, TableShape> = {};
  for (const { name } of tables) {
    const columns = await session.all<{ name: string; type: string; notnull: number; dflt_value: string | null; pk: number }>('select * from pragma_table_info(?)', name);
    const lists = await session.all<{ name: string; unique: number; origin: string }>('select * from pragma_index_list(?)', name);
    const indexes = await Promise.all(
      lists.map(async (list) => {
        const parts = await session.all<{ name: string }>('select name from pragma_index_info(?) order by seqno', list.name);
        const [made] = await session.all<{ sql: string | null }>('select sql from sqlite_master where name = ?', list.name);
        const where = / where (.*)$/is.exec(made?.sql ?? '')?.[1] ?? '';
        return { ...list, text: `${parts.map((part) => part.name).join(', ')}${predicate(where)}` };
      }),
    );
    const keys = await session.all<{ from: string; to: string; table: string; on_delete: string }>('select * from pragma_foreign_key_list(?)', name);
    const primary = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    // An INTEGER PRIMARY KEY is the 64-bit row number.
    const serial = (type: string, pk: number) => (type.toLowerCase() === 'integer' && pk > 0 ? 'bigint' : type);
    shape[name] = {
      columns: Object.fromEntries(columns.map((c) => [c.name, column(serial(c.type, c.pk), c.notnull === 1 || c.pk > 0, c.dflt_value)])),
      primaryKey: primary.map((c) => c.name),
      uniques: indexes.filter(({ origin }) => origin === 'u').map(({ text }) => text).sort(),
      indexes: indexes.filter(({ origin }) => origin === 'c').map((index) => `${index.name}: ${index.text}${index.unique ? ' unique' : ''}`).sort(),
      foreignKeys: keys.map((key) => `${key.from} → ${key.table}.${key.to} ${key.on_delete}`).sort(),
    };
  }
  return shape;
}

export async function describePostgres(session: Session): Promise<Shape> {
  const tables = await session.all<{ name: string; oid: number }>(
    "select relname as name, oid::int as oid from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace and relname not in ('migrations', 'typeorm_metadata') order by relname",
  );
  const shape: Record<string, TableShape> = {};
  for (const { name, oid } of tables) {
    const columns = await session.all<{ name: string; type: string; required: boolean; value: string | null }>(
      `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as value
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = ? and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      oid,
    );
    const indexes = await session.all<{ name: string; columns: string; where: string | null; isunique: boolean; type: string | null }>(
      `select c.relname as name, i.indisunique as isunique, k.contype as type, pg_get_expr(i.indpred, i.indrelid) as where,
         (select string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' order by n) from generate_series(1, i.indnkeyatts) n) as columns
       from pg_index i join pg_class c on c.oid = i.indexrelid left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u') where i.indrelid = ?`,
      oid,
    );
    const keys = await session.all<{ from: string; to: string; table: string; rule: string }>(
      `select a.attname as from, f.attname as to, t.relname as table, k.confdeltype as rule from pg_constraint k join pg_class t on t.oid = k.confrelid
       join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1] join pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
       where k.conrelid = ? and k.contype = 'f'`,
      oid,
    );
    const rules: Readonly<Record<string, string>> = { a: 'NO ACTION', c: 'CASCADE', n: 'SET NULL', r: 'RESTRICT', d: 'SET DEFAULT' };
    shape[name] = {
      columns: Object.fromEntries(columns.map((c) => [c.name, column(c.type, c.required, c.value?.startsWith('nextval') ? null : c.value)])),
      primaryKey: indexes.filter(({ type }) => type === 'p').flatMap((index) => index.columns.split(', ')),
      uniques: indexes.filter(({ type }) => type === 'u').map((index) => index.columns).sort(),
      indexes: indexes.filter(({ type }) => type === null).map((index) => `${index.name}: ${index.columns}${predicate(index.where ?? '')}${index.isunique ? ' unique' : ''}`).sort(),
      foreignKeys: keys.map((key) => `${key.from} → ${key.table}.${key.to} ${rules[key.rule] ?? key.rule}`).sort(),
    };
  }
  return shape;
}
