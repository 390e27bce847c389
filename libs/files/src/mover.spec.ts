import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LibraryPath } from '@media-pipeline/contracts';
import { FileJournal } from './e2e/file-journal';
import { startMoving } from './e2e/moving-process';
import type { Journal, JournalledChange } from './journal';
import { Library } from './library';
import { FileMover } from './mover';
import { pruneCleanup } from './prune';

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const at = (text: string): LibraryPath => text as LibraryPath;

let root: string;
let library: Library;
let journal: FileJournal;
let mover: FileMover;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'mover-'));
  library = Library.at(path.join(root, 'library'));
  await library.prepare();
  journal = new FileJournal(path.join(root, 'journal'));
  mover = new FileMover(library, journal);
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
const there = async (place: string): Promise<Buffer | null> => await readFile(library.absolute(at(place))).catch(() => null);
const put = async (place: string, data: Uint8Array): Promise<void> => {
  await mkdir(path.dirname(library.absolute(at(place))), { recursive: true });
  await writeFile(library.absolute(at(place)), data);
};
const content = randomBytes(3_000);
const move = { assetId: 'asset', fileId: 'file', from: at('originals/a.jpg'), to: at('cleanup/x/a.jpg'), sha256: sha256(content), bytes: content.length, reason: 'test' };

it('moves a file and writes down what it did', async () => {
  await put(move.from, content);
  await mover.move(move);
  expect(await there(move.from)).toBeNull();
  expect(await there(move.to)).toEqual(content);
  expect(await journal.unfinished()).toEqual([]);
  // again: everything is where it should be
  await mover.move(move);
  expect(await there(move.to)).toEqual(content);
});

it('moves to another file system by a verified copy', async () => {
  const elsewhere = await mkdtemp('/dev/shm/mover-');
  try {
    library = new Library({ ...library.areas, cleanup: elsewhere }, library.root);
    mover = new FileMover(library, journal);
    await put(move.from, content);
    await mover.move(move);
    expect(await there(move.to)).toEqual(content);
    expect(await there(move.from)).toBeNull();
    await put('originals/b.jpg', Buffer.alloc(content.length));
    await expect(mover.move({ ...move, from: at('originals/b.jpg'), to: at('cleanup/b.jpg') })).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
    expect(await there('originals/b.jpg')).not.toBeNull();
    expect(await there('cleanup/b.jpg')).toBeNull();
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});

it('touches nothing when a file is missing, changed, or in the way', async () => {
  await expect(mover.move(move)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  await put(move.from, Buffer.from('short'));
  await expect(mover.move(move)).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
  await put(move.from, content);
  await put(move.to, Buffer.from('other'));
  await expect(mover.move(move)).rejects.toMatchObject({ code: 'NAME_CONFLICT' });
  expect([await there(move.from), (await there(move.to))?.toString()]).toEqual([content, 'other']);
  expect(await journal.unfinished()).toEqual([]);
  await symlink('/etc/passwd', library.absolute(at('originals/link')));
  await expect(mover.move({ ...move, from: at('originals/link'), to: at('cleanup/link') })).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
});

describe('recover', () => {
  const planned = async (): Promise<unknown> => await journal.plan({ ...move, operation: 'move' });

  it.each<[string, () => Promise<unknown>]>([
    ['nothing was done yet', async () => await put(move.from, content)],
    ['both names are there', async () => {
      await put(move.from, content);
      await mkdir(path.dirname(library.absolute(move.to)), { recursive: true });
      await link(library.absolute(move.from), library.absolute(move.to));
    }],
    ['both are there, as copies', async () => {
      await put(move.from, content);
      await put(move.to, content);
    }],
    ['only the note was missing', async () => await put(move.to, content)],
  ])('finishes when %s', async (_, arrange) => {
    await arrange();
    await planned();
    expect(await mover.recover()).toBe(1);
    expect(await there(move.from)).toBeNull();
    expect(await there(move.to)).toEqual(content);
    expect(await mover.recover()).toBe(0);
  });

  it('keeps both files and the entry when the content is not what it was', async () => {
    const changed = Buffer.alloc(content.length);
    await put(move.from, changed);
    await planned();
    expect(await mover.recover()).toBe(0);
    expect(await there(move.from)).toEqual(changed);
    await put(move.from, content);
    await put(move.to, changed);
    expect(await mover.recover()).toBe(0);
    expect([await there(move.from), await there(move.to)]).toEqual([content, changed]);
    expect(await journal.unfinished()).toHaveLength(1);
  });
});

it('loses nothing when it is killed at any moment, again and again', async () => {
  const count = 150;
  const hashes: string[] = [];
  for (let n = 0; n < count; n++) {
    const data = randomBytes(500 + n);
    hashes.push(sha256(data));
    await put(`originals/${n % 5}/${n}.bin`, data);
  }
  const found = async (): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (const area of ['originals', 'cleanup'] as const) {
      for (const entry of await readdir(library.areas[area], { recursive: true, withFileTypes: true })) if (entry.isFile()) seen.add(sha256(await readFile(path.join(entry.parentPath, entry.name))));
    }
    return seen;
  };
  let kills = 0;
  for (let ended = false; !ended; ) {
    const child = startMoving(library.root, journal.file, count);
    await child.begun;
    if (kills < 12) await pause(Math.random() * 100); // a random moment: that is the test
    ended = kills < 12 ? !(await child.kill()) : await child.ended();
    if (!ended) kills++;
    const now = await found();
    expect(hashes.filter((hash) => !now.has(hash))).toEqual([]);
  }
  expect(kills).toBeGreaterThan(0);
  for (let n = 0; n < count; n++) expect(sha256((await there(`cleanup/${n % 5}/${n}.bin`)) ?? Buffer.alloc(0))).toBe(hashes[n]);
  expect((await readdir(library.areas.originals, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())).toEqual([]);
});

describe('pruneCleanup', () => {
  it('removes what has lain there long enough and may go, with the folders that it empties', async () => {
    await put('cleanup/a/b/old.jpg', content);
    await put('cleanup/a/kept.jpg', content);
    await put('originals/a.jpg', content);
    expect(await pruneCleanup(library, { retentionMs: 60_000, mayRemove: async () => await Promise.resolve(true) })).toEqual([]);
    expect(await pruneCleanup(library, { retentionMs: -1_000, mayRemove: async (place) => await Promise.resolve(!place.includes('kept')) })).toEqual(['cleanup/a/b/old.jpg']);
    expect(await readdir(library.areas.cleanup, { recursive: true })).toEqual(['a', 'a/kept.jpg']);
    expect(await there('originals/a.jpg')).toEqual(content);
  });
});

it('lets several carry out the same move at once: a stage, and another that starts and recovers', async () => {
  // In memory: only the disk is raced for here.
  const planned = new Map<string, JournalledChange>();
  const shared: Journal = {
    plan: (change) => {
      const entry = { ...change, id: String(planned.size) };
      planned.set(entry.id, entry);
      return Promise.resolve(entry);
    },
    finish: () => Promise.resolve(),
    unfinished: () => Promise.resolve([...planned.values()]),
  };
  const movers = Array.from({ length: 4 }, () => new FileMover(library, shared));
  for (let round = 0; round < 60; round++) {
    const bytes = randomBytes(200);
    const one = { ...move, from: at(`originals/${round}.jpg`), to: at(`cleanup/${round}/a.jpg`), sha256: sha256(bytes), bytes: bytes.length };
    await put(one.from, bytes);
    await Promise.all(movers.map((actor) => actor.move(one)));
    expect(await there(one.to)).toEqual(bytes);
    expect(await there(one.from)).toBeNull();
  }
});
