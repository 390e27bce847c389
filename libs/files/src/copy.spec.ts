import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { copyDurably, type Transfer } from './copy';
import { hashFile } from './hash';
import { placeLink } from './place-link';
import { assertUnchanged, fingerprintOf, withRegularFile } from './regular-file';
import { isTemporaryName, temporaryPath } from './temporary-name';
import { adoptTemporary, writeDurably } from './write';

const run = promisify(execFile);
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const small = randomBytes(5_000);
const large = randomBytes(3 * 1024 * 1024 + 17);

let root: string;
let source: string;
let target: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'files-'));
  source = path.join(root, 'source.jpg');
  target = path.join(root, 'originals', '2021', 'a.jpg');
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
const temporaries = async (): Promise<string[]> => (await readdir(root, { recursive: true })).filter((name) => isTemporaryName(path.basename(name)));

describe('copyDurably', () => {
  describe.each<[string, Buffer, Transfer]>([
    ['a small file by copy', small, 'copy'],
    ['a large file by copy', large, 'copy'],
    ['a small file by itself', small, 'auto'],
    ['a large file by itself', large, 'auto'],
    ['a large file by reflink', large, 'reflink'],
    ['a hard link', large, 'hardlink'],
    ['an empty file', Buffer.alloc(0), 'copy'],
  ])('%s', (_, data, mode) => {
    beforeEach(async () => {
      await writeFile(source, data, { mode: 0o640 });
      await utimes(source, 1_600_000_000, 1_600_000_000.5);
    });

    it('puts the same bytes and time at the target, once, and can be done again', async () => {
      const placed = await copyDurably(source, target, { mode });
      expect(placed).toMatchObject({ sha256: sha256(data), bytes: data.length });
      expect((await readFile(target)).equals(data)).toBe(true);
      const stats = await stat(target);
      expect(stats.mtimeMs).toBe(1_600_000_000_500);
      expect(stats.mode & 0o777).toBe(placed.method === 'hardlink' ? 0o640 : 0o444);
      expect(placed.method === 'hardlink').toBe(mode === 'hardlink');
      await expect(copyDurably(source, target, { mode })).resolves.toMatchObject({ sha256: sha256(data) });
      expect(await temporaries()).toEqual([]);
      expect(await readdir(path.dirname(target))).toEqual(['a.jpg']);
    });

    it('shows a witness every byte once, also where the target is there already', async () => {
      let seen: Buffer[] = [];
      const witness = { begin: () => void (seen = []), update: (chunk: Uint8Array) => void seen.push(Buffer.from(chunk)) };
      for (let time = 0; time < 2; time++) {
        seen = [Buffer.from('of an earlier file')];
        await copyDurably(source, target, { mode, witness });
        expect(Buffer.concat(seen).equals(data)).toBe(true);
      }
    });

    it('overwrites nothing', async () => {
      await mkdir(path.dirname(target), { recursive: true });
      const other = Buffer.alloc(data.length, 7);
      other[0] = 8;
      await writeFile(target, data.length === 0 ? 'x' : other);
      await expect(copyDurably(source, target, { mode })).rejects.toMatchObject({ code: 'NAME_CONFLICT' });
      expect((await readFile(target)).equals(data.length === 0 ? Buffer.from('x') : other)).toBe(true);
      expect(await temporaries()).toEqual([]);
    });

    it('refuses another version or other content than was asked for, and leaves nothing', async () => {
      await expect(copyDurably(source, target, { mode, fingerprint: '1:2:3' })).rejects.toMatchObject({ code: 'FILE_CHANGING' });
      await expect(copyDurably(source, target, { mode, expected: { sha256: 'x', bytes: 1 } })).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
      expect(await temporaries()).toEqual([]);
      await expect(lstat(target)).rejects.toMatchObject({ code: 'ENOENT' });
      const fingerprint = fingerprintOf(await lstat(source, { bigint: true }));
      await expect(copyDurably(source, target, { mode, fingerprint })).resolves.toMatchObject({ bytes: data.length });
    });
  });

  it('lets two copies of the same content to one name both succeed', async () => {
    await writeFile(source, small);
    const all = await Promise.all(Array.from({ length: 8 }, async () => await copyDurably(source, target)));
    expect(new Set(all.map((placed) => placed.sha256)).size).toBe(1);
    expect(await readdir(path.dirname(target))).toEqual(['a.jpg']);
  });

  it('takes names that are not UTF-8', async () => {
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]);
    await writeFile(odd, small);
    await expect(copyDurably(odd, target)).resolves.toMatchObject({ bytes: small.length });
  });

  it('goes to another file system, falling back from hard link to copy', async () => {
    await writeFile(source, large);
    const elsewhere = await mkdtemp('/dev/shm/files-');
    try {
      await expect(copyDurably(source, path.join(elsewhere, 'a.jpg'), { mode: 'hardlink' })).resolves.toMatchObject({ sha256: sha256(large), method: 'copy' });
      await expect(placeLink(source, path.join(elsewhere, 'b.jpg'), { sha256: sha256(large), bytes: large.length })).resolves.toEqual({ method: 'copy' });
      await expect(placeLink(source, path.join(elsewhere, 'c.jpg'), { sha256: sha256(small), bytes: large.length })).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
      expect(await readdir(elsewhere)).toEqual(['a.jpg', 'b.jpg']);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('stops when it is told to, without a trace', async () => {
    await writeFile(source, large);
    await expect(copyDurably(source, target, { mode: 'copy', signal: AbortSignal.abort() })).rejects.toThrow();
    expect(await temporaries()).toEqual([]);
  });

  it('says DISK_FULL on a full disk and leaves no half file', async () => {
    const small = path.join(root, 'tmpfs');
    await mkdir(small);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).then(() => true, () => false);
    if (!mounted) return console.warn('not proven: mounting a small tmpfs needs root');
    try {
      await writeFile(source, large);
      await expect(copyDurably(source, path.join(small, 'a.jpg'))).rejects.toMatchObject({ code: 'DISK_FULL', kind: 'environment' });
      await expect(writeDurably(path.join(small, 'b'), large)).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(await readdir(small)).toEqual([]);
      await run('mount', ['-o', 'remount,ro', small]);
      await expect(copyDurably(source, path.join(small, 'a.jpg'))).rejects.toMatchObject({ code: 'LIBRARY_READ_ONLY' });
    } finally {
      await run('umount', [small]);
    }
  });
});

describe('reading', () => {
  it('refuses what is no regular file, at once', async () => {
    const pipe = path.join(root, 'pipe.jpg');
    await run('mkfifo', [pipe]);
    await expect(hashFile(pipe)).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    await expect(copyDurably(pipe, target)).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    await expect(hashFile('/dev/zero')).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    await expect(hashFile(root)).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    await writeFile(source, small);
    await symlink(source, path.join(root, 'link'));
    await expect(hashFile(path.join(root, 'link'))).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    await expect(hashFile(path.join(root, 'none'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  it('notices a file that grows, is replaced or vanishes while it is read', async () => {
    await writeFile(source, small);
    const while_ = async (change: () => Promise<void>): Promise<void> =>
      await withRegularFile(source, 'source', async (file) => {
        await change();
        await assertUnchanged(source, file, small.length);
      });
    await expect(while_(async () => await writeFile(source, small, { flag: 'a' }))).rejects.toMatchObject({ code: 'FILE_CHANGING' });
    await writeFile(source, small);
    await expect(
      while_(async () => {
        await writeFile(`${source}.new`, small);
        await rename(`${source}.new`, source);
      }),
    ).rejects.toMatchObject({ code: 'FILE_CHANGING' });
    await expect(while_(async () => await unlink(source))).rejects.toMatchObject({ code: 'FILE_VANISHED' });
  });

  it('leaves the source as it was, access time included', async () => {
    await writeFile(source, large);
    await utimes(source, 1_000, 2_000);
    const before = await stat(source, { bigint: true });
    await copyDurably(source, target);
    const after = await stat(source, { bigint: true });
    expect([after.atimeNs, after.mtimeNs, after.ctimeNs, after.mode, after.nlink]).toEqual([before.atimeNs, before.mtimeNs, before.ctimeNs, before.mode, before.nlink]);
  });
});

describe('placeLink', () => {
  it('shares the inode, again and again, and refuses a taken name', async () => {
    await writeFile(source, small);
    const expected = { sha256: sha256(small), bytes: small.length };
    await expect(placeLink(source, target, expected)).resolves.toEqual({ method: 'hardlink' });
    await expect(placeLink(source, target, expected)).resolves.toEqual({ method: 'hardlink' });
    expect((await stat(target)).ino).toBe((await stat(source)).ino);
    await writeFile(`${target}.same`, small);
    await expect(placeLink(source, `${target}.same`, expected)).resolves.toEqual({ method: 'copy' });
    await writeFile(`${target}.other`, large);
    await expect(placeLink(source, `${target}.other`, expected)).rejects.toMatchObject({ code: 'NAME_CONFLICT' });
    await expect(placeLink(source, `${target}.x`, { ...expected, bytes: 1 })).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
    await expect(placeLink(path.join(root, 'none'), target, expected)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });
});

describe('writeDurably and adoptTemporary', () => {
  it('replace whole files and hash them', async () => {
    await expect(writeDurably(target, 'one')).resolves.toEqual({ sha256: sha256(Buffer.from('one')), bytes: 3 });
    await writeDurably(target, (async function* () { yield small; yield large; })());
    expect((await readFile(target)).equals(Buffer.concat([small, large]))).toBe(true);
    await expect(writeDurably(target, (async function* (): AsyncGenerator<Buffer> { yield small; throw new Error('the encoder died'); })())).rejects.toThrow('the encoder died');
    expect((await stat(target)).size).toBe(small.length + large.length);
    expect(await temporaries()).toEqual([]);
    const temporary = temporaryPath(target);
    await writeFile(temporary, small);
    await expect(adoptTemporary(temporary, target)).resolves.toEqual({ sha256: sha256(small), bytes: small.length });
    expect(await readFile(target)).toEqual(small);
    await expect(adoptTemporary(temporary, target)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  it('keep the old file when the new one cannot be written', async () => {
    await writeDurably(target, 'old');
    const handle = await open(target, 'r');
    await chmod(path.dirname(target), 0o755);
    await link(target, `${target}.second`);
    await writeDurably(target, 'new');
    expect((await handle.readFile()).toString()).toBe('old');
    await handle.close();
  });
});
