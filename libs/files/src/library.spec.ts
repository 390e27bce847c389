import { mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LibraryPath } from '@media-pipeline/contracts';
import { Library } from './library';
import { sweepTemporaries } from './temporary';
import { isTemporaryName, temporaryPath } from './temporary-name';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'library-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

it('resolves each path through the directory of its area, and back', () => {
  const library = new Library({ ...Library.at(root).areas, 'bridge/pixel': '/mnt/phone', sorted: path.join(root, 'sorted', 'deep') }, root);
  const there = library.path('bridge/pixel', 'batch', 'a.jpg');
  expect(library.absolute(there)).toBe('/mnt/phone/batch/a.jpg');
  expect(library.relative('/mnt/phone/batch/a.jpg')).toBe(there);
  expect(library.relative(path.join(root, 'originals/x/y.jpg'))).toBe('originals/x/y.jpg');
  expect(library.relative(path.join(root, 'sorted/deep/2021/a.jpg'))).toBe('sorted/2021/a.jpg');
  expect(() => library.relative(path.join(root, 'bridge/pixel/a.jpg'))).toThrow('not in the library');
  expect(() => library.relative('/etc/passwd')).toThrow('not in the library');
});

it.each(['../x', '/etc/passwd', 'originals/../../x', '', 'originals//x'])('refuses %j', (bad) => {
  const library = Library.at(root);
  expect(() => library.absolute(bad as LibraryPath)).toThrow('not a path inside the library');
});

it('makes the tree and leaves no probe behind', async () => {
  const library = Library.at(path.join(root, 'new'));
  await library.prepare();
  await library.prepare();
  expect((await readdir(library.root)).sort()).toEqual(['.media-pipeline', 'bridge', 'cleanup', 'compressed', 'logs', 'originals', 'sorted', 'uploaded']);
  expect(await readdir(library.areas.originals)).toEqual([]);
});

it('says LIBRARY_READ_ONLY where it cannot write', async () => {
  // /proc takes no folder from anybody, root included
  await expect(Library.at('/proc/library').prepare()).rejects.toMatchObject({ name: 'PipelineError' });
});

it('sweeps what a crash left half written, and nothing else', async () => {
  const library = Library.at(root);
  await library.prepare();
  const half = temporaryPath(path.join(library.areas.originals, 'a.jpg'));
  expect(isTemporaryName(path.basename(half))).toBe(true);
  await writeFile(half, 'half');
  await utimes(half, 1, 1);
  await writeFile(path.join(library.areas.originals, '.mp-mine.jpg'), 'a name of somebody else');
  await symlink('/', path.join(library.areas.originals, 'link'));
  expect(await sweepTemporaries(library, { olderThanMs: 60_000 })).toEqual([]);
  expect(await sweepTemporaries(library, { olderThanMs: -1_000 })).toEqual([library.relative(half)]);
  expect((await readdir(library.areas.originals)).sort()).toEqual(['.mp-mine.jpg', 'link']);
});
