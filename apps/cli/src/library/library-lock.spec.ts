import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { LibraryLock } from './library-lock';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

const lockFile = () => path.join(directory, 'lock.json');
const leaveBehind = (owner: object) => writeFile(lockFile(), JSON.stringify({ started: null, command: 'run', token: 'left', ...owner }));

describe('the lock of a library', () => {
  it('is had by one, and free again afterwards', async () => {
    const first = await LibraryLock.take(directory, 'run');
    await expect(LibraryLock.take(directory, 'up')).rejects.toMatchObject({ code: 'LIBRARY_IN_USE', message: expect.stringContaining('media-pipeline run') as string });
    expect(await LibraryLock.isHeld(directory)).toBe(true);
    await first[Symbol.asyncDispose]();
    expect(await LibraryLock.isHeld(directory)).toBe(false);
    await (await LibraryLock.take(directory, 'up'))[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is taken over from a process that is gone, and from a pid that was given out again', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await leaveBehind({ pid: child.pid, host: hostname() });
    await (await LibraryLock.take(directory, 'run'))[Symbol.asyncDispose]();
    await leaveBehind({ pid: process.pid, host: hostname(), started: '1' });
    await (await LibraryLock.take(directory, 'run'))[Symbol.asyncDispose]();
    await writeFile(lockFile(), '{"half');
    await (await LibraryLock.take(directory, 'run'))[Symbol.asyncDispose]();
  });

  it('of another machine counts as long as it is touched', async () => {
    await leaveBehind({ pid: 1, host: 'elsewhere' });
    await expect(LibraryLock.take(directory, 'run')).rejects.toMatchObject({ code: 'LIBRARY_IN_USE' });
    const longAgo = new Date(Date.now() - 600_000);
    await utimes(lockFile(), longAgo, longAgo);
    await (await LibraryLock.take(directory, 'run'))[Symbol.asyncDispose]();
  });

  it('goes to exactly one of many who want it, also from a dead holder', async () => {
    await leaveBehind({ pid: 0, host: hostname() });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => LibraryLock.take(directory, 'run')));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    for (const { value } of won) await value[Symbol.asyncDispose]();
  });
});
