import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { areas, Library, type Area } from './library';
import { sweepTemporaries } from './temporary';
import { isAbandoned, isTemporaryName, temporaryPath } from './temporary-name';

describe('half-written files', () => {
  let root: string;
  let library: Library;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'temporaries-'));
    library = new Library(Object.fromEntries(areas.map((area) => [area, path.join(root, area)])) as Record<Area, string>, root);
    await library.prepare();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const sorted = (): string => path.join(root, 'sorted');
  const write = async (name: string): Promise<void> => writeFile(path.join(sorted(), name), 'half');

  it('have names that nothing else has', () => {
    expect(isTemporaryName(path.basename(temporaryPath('/x/IMG_1.JPG')))).toBe(true);
    expect(isTemporaryName('IMG_1.JPG')).toBe(false);
    expect(isTemporaryName('.mp-.part')).toBe(false);
  });

  it('stay while their writer lives', async () => {
    await write(path.basename(temporaryPath(path.join(sorted(), 'a'))));
    expect(await sweepTemporaries(library, { olderThanMs: 60_000 })).toEqual([]);
  });

  it('go at once when their writer is gone, whatever their age', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const mine = path.basename(temporaryPath(path.join(sorted(), 'a')));
    await write(mine.replace(`-${process.pid}-`, `-${String(child.pid)}-`));
    await write('IMG_1.JPG');
    expect(await sweepTemporaries(library, { olderThanMs: 60_000 })).toHaveLength(1);
    expect(await readdir(sorted())).toEqual(['IMG_1.JPG']);
  });

  it('go when an earlier run had this very process id, as in a restarted container', async () => {
    const mine = path.basename(temporaryPath(path.join(sorted(), 'a')));
    await write(mine.replace(/-([0-9a-f]{8})-([0-9a-f]{16})\.part$/, '-00000000-$2.part'));
    expect(await sweepTemporaries(library, { olderThanMs: 60_000 })).toHaveLength(1);
  });

  it('go when their process number belongs to one that began later', async () => {
    const mine = path.basename(temporaryPath(path.join(sorted(), 'a')));
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    try {
      const name = mine.replace(`-${process.pid}-`, `-${String(child.pid)}-`);
      await write(name);
      const now = Date.now();
      expect(await isAbandoned(name, now)).toBe(false);
      expect(await isAbandoned(name, now - 3_600_000)).toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('of another machine go when they are old', async () => {
    await write('.mp-00000000-1-00000000-0000000000000000.part');
    expect(await sweepTemporaries(library, { olderThanMs: 60_000 })).toEqual([]);
    expect(await sweepTemporaries(library, { olderThanMs: -1 })).toHaveLength(1);
  });
});
