import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';
import { QueryFailedError } from 'typeorm';

/** By the beginning of SQLite's extended result code, the longer ones first. https://sqlite.org/rescode.html */
const sqliteCodes: readonly (readonly [prefix: string, code: ErrorCode, says: string])[] = [
  ['SQLITE_FULL', 'DISK_FULL', 'the disk of the database file is full'],
  ['SQLITE_IOERR_SHMSIZE', 'DISK_FULL', 'the disk of the database file is full'],
  ['SQLITE_READONLY', 'LIBRARY_READ_ONLY', 'the database file cannot be written'],
  ['SQLITE_CORRUPT', 'DATABASE_CORRUPT', 'the database file is damaged'],
  ['SQLITE_NOTADB', 'DATABASE_CORRUPT', 'the database file is not an SQLite database'],
  ['SQLITE_IOERR', 'IO_ERROR', 'reading or writing the database file failed'],
  ['SQLITE_BUSY', 'DATABASE_UNAVAILABLE', 'another process kept the database file locked for too long'],
  ['SQLITE_LOCKED', 'DATABASE_UNAVAILABLE', 'another process kept the database file locked for too long'],
  ['SQLITE_CANTOPEN', 'DATABASE_UNAVAILABLE', 'the database file cannot be opened'],
  ['SQLITE_PERM', 'LIBRARY_READ_ONLY', 'the database file cannot be opened for writing'],
];

/** By the beginning of Postgres' SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const postgresCodes: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['53100', 'DISK_FULL'],
  ['08', 'DATABASE_UNAVAILABLE'], // connection
  ['28', 'DATABASE_UNAVAILABLE'], // authorization
  ['3D', 'DATABASE_UNAVAILABLE'], // no such database
  ['53', 'DATABASE_UNAVAILABLE'], // too many connections, out of memory
  ['57P', 'DATABASE_UNAVAILABLE'], // shutting down, starting up
  ['25006', 'DATABASE_UNAVAILABLE'], // a read-only replica
  ['XX001', 'DATABASE_CORRUPT'],
  ['XX002', 'DATABASE_CORRUPT'],
];

/** Of the network, and of making the folder of a database file. */
const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ...Object.fromEntries(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE'].map((code) => [code, 'DATABASE_UNAVAILABLE'] as const)),
  ...Object.fromEntries(['ENOENT', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG'].map((code) => [code, 'DATABASE_UNAVAILABLE'] as const)),
  ...Object.fromEntries(['EACCES', 'EPERM', 'EROFS'].map((code) => [code, 'LIBRARY_READ_ONLY'] as const)),
  ...Object.fromEntries(['ENOSPC', 'EDQUOT'].map((code) => [code, 'DISK_FULL'] as const)),
  EIO: 'IO_ERROR',
};
/** What pg says without a code, and TypeORM after it let go of a connection that broke in mid-transaction. */
const brokenConnection = /connection terminated|timeout exceeded when trying to connect|not queryable|connection ended|pool after calling end|client was closed|query runner already released/i;

/** The driver's own error code (`SQLITE_…`, a SQLSTATE or an errno), from inside TypeORM's wrapping. */
export function driverCode(error: unknown): string {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error instanceof PipelineError ? error.cause : error;
  if (inner instanceof QueryFailedError) return driverCode(inner);
  return typeof inner === 'object' && inner !== null && 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
}

const messageOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error));

/** What a driver threw as a PipelineError, where it says something about the machine; a defect of ours (bad SQL, a broken constraint) stays what it is. */
export function databaseError(error: unknown): unknown {
  if (error instanceof PipelineError) return error;
  const message = messageOf(error);
  const code = driverCode(error);
  const known = sqliteCodes.find(([prefix]) => code.startsWith(prefix));
  if (known) return new PipelineError(known[1], `${known[2]} (${code}: ${message})`, { cause: error });
  const state = /^[0-9A-Z]{5}$/.test(code) ? postgresCodes.find(([prefix]) => code.startsWith(prefix)) : undefined;
  if (state) return new PipelineError(state[1], message, { cause: error });
  const system = systemCodes[code] ?? (brokenConnection.test(message) ? 'DATABASE_UNAVAILABLE' : undefined);
  return system ? new PipelineError(system, message || code, { cause: error }) : error;
}

/** Another connection has the write lock. */
export const isBusy = (error: unknown): boolean => driverCode(error).startsWith('SQLITE_BUSY');

/** Nothing was wrong but the company: the same transaction can be run again. */
export const isTransient = (error: unknown): boolean => ['40001', '40P01'].includes(driverCode(error));

export const isUniqueViolation = (error: unknown): boolean => ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'].includes(driverCode(error));
