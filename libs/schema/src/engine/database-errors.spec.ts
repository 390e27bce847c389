import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { QueryFailedError } from 'typeorm';
import { Database } from '../database';
import { databaseError, isBusy, isTransient, isUniqueViolation } from './database-errors';

const failed = (code: string, message = 'it failed') => new QueryFailedError('select 1', [], Object.assign(new Error(message), { code }));

describe('databaseError', () => {
  it.each([
    ['SQLITE_FULL', 'DISK_FULL'],
    ['SQLITE_READONLY_DIRECTORY', 'LIBRARY_READ_ONLY'],
    ['SQLITE_CORRUPT_INDEX', 'DATABASE_CORRUPT'],
    ['SQLITE_NOTADB', 'DATABASE_CORRUPT'],
    ['SQLITE_IOERR_WRITE', 'IO_ERROR'],
    ['SQLITE_IOERR_SHMSIZE', 'DISK_FULL'],
    ['SQLITE_BUSY', 'DATABASE_UNAVAILABLE'],
    ['SQLITE_CANTOPEN', 'DATABASE_UNAVAILABLE'],
    ['53100', 'DISK_FULL'],
    ['53300', 'DATABASE_UNAVAILABLE'],
    ['57P01', 'DATABASE_UNAVAILABLE'],
    ['28P01', 'DATABASE_UNAVAILABLE'],
    ['3D000', 'DATABASE_UNAVAILABLE'],
    ['ECONNREFUSED', 'DATABASE_UNAVAILABLE'],
  ])('says what %s means: %s', (driver, code) => expect(databaseError(failed(driver))).toMatchObject({ code }));

  it('knows a broken connection by what pg says', () => {
    expect(databaseError(new Error('Connection terminated unexpectedly'))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('leaves a defect of ours alone, and knows it again inside', () => {
    const conflict = failed('23505');
    expect(databaseError(conflict)).toBe(conflict);
    expect([failed('23505'), failed('SQLITE_CONSTRAINT_UNIQUE'), failed('SQLITE_CONSTRAINT_PRIMARYKEY')].every(isUniqueViolation)).toBe(true);
    expect([failed('40001'), failed('40P01')].every(isTransient)).toBe(true);
    expect(isBusy(databaseError(failed('SQLITE_BUSY_RECOVERY')))).toBe(true);
  });
});

describe('opening what cannot be opened', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mp-schema-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('says that the file is no database', async () => {
    const file = path.join(folder, 'pipeline.db');
    await writeFile(file, 'this is a text, and long enough to be taken for a header of SQLite. '.repeat(100));
    await expect(Database.open({ kind: 'sqlite', file })).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
  });

  it('says that the place is not one for a file', async () => {
    await writeFile(path.join(folder, 'file'), '');
    await expect(Database.open({ kind: 'sqlite', file: path.join(folder, 'file', 'pipeline.db') })).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await expect(Database.open({ kind: 'sqlite', file: folder })).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('says that no Postgres answers, and not the password', async () => {
    const refused = Database.open({ kind: 'postgres', url: 'postgres://user:hunter2@127.0.0.1:1/none' });
    await expect(refused).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: expect.not.stringContaining('hunter2') as string });
  });
});
