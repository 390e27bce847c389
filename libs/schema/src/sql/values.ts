import { createHash } from 'node:crypto';
import { nameKey } from '@media-pipeline/files';
import type { Int64, Timestamp } from '../entities/constraints';

export const date = (value: Timestamp): Date => new Date(value);
export const dateOrNull = (value: Timestamp | null): Date | null => (value === null ? null : new Date(value));
export const count = (value: Int64): number => Number(value);
export const countOrNull = (value: Int64 | null): number | null => (value === null ? null : Number(value));

export const now = (): string => new Date().toISOString();

/** A time for the database; null for what is no time, or lies outside the years that both engines can write (1–9999). */
export function timestamp(value: Date | null): string | null {
  if (value === null || Number.isNaN(value.getTime())) return null;
  const year = value.getUTCFullYear();
  return year >= 1 && year <= 9999 ? value.toISOString() : null;
}

/** Text that came from a program or a person: Postgres keeps no NUL character. */
export const clean = (text: string): string => text.replaceAll('\0', '');

/** A text short enough for a unique index on both engines: itself, or what it hashes to. */
export const boundedKey = (text: string): string => (Buffer.byteLength(text) <= 1024 ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`);

/** A source's identity for something, short enough for an index. */
export const recordKey = (record: string | null | undefined): string | null => (record === null || record === undefined ? null : boundedKey(record));

/** What two paths share that a file system could take for the same place. */
export const pathKey = (path: string): string => boundedKey(nameKey(path));

/** The parameter of a `dialect.list` subquery. */
export const list = (values: readonly string[]): string => JSON.stringify(values);

/** `Map.groupBy`, which the type library of our target does not know yet. */
export function groupBy<K, V>(values: readonly V[], key: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group) group.push(value);
    else groups.set(key(value), [value]);
  }
  return groups;
}
