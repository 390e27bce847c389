import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { makePicture, seededRandom, sha256Of, workspaceRoot } from '@media-pipeline/testing';

const run = promisify(execFile);
const cli = path.join(workspaceRoot, 'dist/apps/cli/src/main.js');
const isRoot = process.getuid?.() === 0;
/** What only root can make is tried where there is root, and named where there is not. */
const asRoot = isRoot ? it : it.skip;

interface ListedAsset {
  id: string;
  state: string;
  reason: string | null;
  original: { path: string; sha256: string | null; bytes: number };
  archived: string[];
}

/** Runs the command; its exit code and what it printed. */
async function mediaPipeline(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number | null; lines: string[]; stderr: string }> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [cli, ...args], { env: { PATH, HOME, FOLDER_SOURCE_STABLE_SECONDS: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, lines: out.split('\n').filter((line) => line !== ''), stderr };
}

const assetsOf = async (library: string): Promise<ListedAsset[]> => (await mediaPipeline(['asset', 'list', '--library', library, '--json'])).lines.map((line) => JSON.parse(line) as ListedAsset);

/** A PNG whose header says 60,000 × 60,000: 14 GB once decoded, some bytes on disk. */
function pngBomb(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(200_000))), chunk('IEND', Buffer.alloc(0))]);
}

/** What lies in a tree, as other programs see it: kind, mode, size, mtime, links and target of each entry, and the hash of each file. */
async function snapshot(directory: string): Promise<string> {
  const entries = await run('find', [directory, '-mindepth', '1', '-printf', '%y %m %s %T@ %n %l %p\\0'], { encoding: 'latin1' });
  const hashes = await run('sh', ['-c', 'find "$1" -type f -exec sha256sum {} +', 'sh', directory], { encoding: 'latin1' });
  return [...entries.stdout.split('\0').sort(), ...hashes.stdout.split('\n').sort()].join('\n');
}

describe('a folder full of what should not be there', () => {
  let place: string;
  let source: string;
  let library: string;
  let before: string;
  let assets: ListedAsset[];
  let exit: number | null;
  let summary: Record<string, unknown>;

  beforeAll(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'media-bad-'));
    source = path.join(place, 'source');
    library = path.join(place, 'library');
    await mkdir(path.join(source, 'deep/er'), { recursive: true });
    await mkdir(library);
    const at = (name: string): string => path.join(source, name);
    const put = async (name: string, seed: number, more: Parameters<typeof makePicture>[1] = {}): Promise<void> => writeFile(at(name), await makePicture(seed, more));

    await put('good.jpg', 1);
    await writeFile(at('empty.jpg'), '');
    await writeFile(at('cut.jpg'), (await makePicture(2)).subarray(0, 3000));
    const flipped = await makePicture(3);
    const random = seededRandom(3);
    for (let flips = 0; flips < 40; flips++) flipped[700 + Math.floor(random() * (flipped.length - 800))] = 0xff * random();
    await writeFile(at('flipped.jpg'), flipped);
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#406080' } }).png().toFile(at('really-png.jpg'));
    await writeFile(at('text.jpg'), 'Dear diary, this is not a picture.\n');
    await copyFile('/bin/true', at('program.jpg'));
    await writeFile(at('bomb.png'), pngBomb());
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=d=1:s=160x120:r=15', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-movflags', 'faststart', at('whole.mov')]);
    const movie = await readFile(at('whole.mov'));
    await writeFile(at('cut.mov'), movie.subarray(0, movie.length >> 1));
    await put('line\nbreak.jpg', 10);
    await put('🎂 party 👨‍👩‍👧.jpg', 11);
    await put(`${'n'.repeat(251)}.jpg`, 12);
    await put('-rf.jpg', 13);
    await put('..jpg.jpg', 14);
    await put('Twin.jpg', 15);
    await put('twin.JPG', 16);
    await put('caf\u00e9.jpg', 17);
    await put('cafe\u0301.jpg', 18);
    await put('zero-date.jpg', 19, { date: '0000:00:00 00:00:00' });
    await put('mac-epoch.jpg', 20, { date: '1904:01:01 00:00:00' });
    await put('future.jpg', 21, { date: '2099:12:31 00:00:00' });
    await writeFile(at('no-date.jpg'), await sharp(await makePicture(22)).jpeg().toBuffer());
    await symlink('..', at('deep/er/loop'));
    await symlink('/etc/hostname', at('outside.jpg'));
    await symlink('nowhere.jpg', at('broken-link.jpg'));
    await run('mkfifo', [at('pipe.jpg')]);
    if (isRoot) await run('mknod', [at('device.jpg'), 'c', '1', '3']);
    await writeFile(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0x62, 0xff, 0xfe, 0x64]), Buffer.from('.jpg')]), await makePicture(23));

    before = await snapshot(source);
    const ended = await mediaPipeline(['run', '--source', source, '--library', library, '--once', '--json']);
    exit = ended.code;
    summary = JSON.parse(ended.lines.at(-1) ?? '{}') as Record<string, unknown>;
    assets = await assetsOf(library);
  }, 180_000);

  afterAll(() => rm(place, { recursive: true, force: true }));

  const named = (name: string): ListedAsset => {
    const found = assets.find(({ original, archived }) => path.basename(original.path) === name || archived.some((file) => path.basename(file) === name));
    if (!found) throw new Error(`no asset is called ${name}; there are ${assets.map(({ original }) => original.path).join(', ')}`);
    return found;
  };

  it('ends with exit code 0: everything ended well or was set aside with a reason', () => {
    expect({ exit, failed: summary['failed'] }).toEqual({ exit: 0, failed: 0 });
    expect(assets.filter(({ state }) => !['sorted', 'set_aside'].includes(state))).toEqual([]);
    expect(summary['assets']).toBe(assets.length);
  });

  it('leaves the source as it was', async () => {
    expect(await snapshot(source)).toEqual(before);
  });

  it.each([
    ['empty.jpg', 'FILE_EMPTY'],
    ['cut.jpg', 'MEDIA_CORRUPT'],
    ['cut.mov', 'MEDIA_CORRUPT'],
    ['text.jpg', 'NOT_MEDIA'],
    ['program.jpg', 'NOT_MEDIA'],
    ['bomb.png', 'MEDIA_TOO_LARGE'],
    ['outside.jpg', 'LINK_OUTSIDE_SOURCE'],
    ['broken-link.jpg', 'LINK_BROKEN'],
    ['pipe.jpg', 'NOT_A_REGULAR_FILE'],
    ...(isRoot ? ([['device.jpg', 'NOT_A_REGULAR_FILE']] as const) : []),
  ] as const)('sets %s aside with %s and a sentence', (name, code) => {
    const { state, reason } = named(name);
    expect(state).toBe('set_aside');
    expect(reason).toMatch(new RegExp(`^${code}: .{10,}`));
  });

  it.each(['good.jpg', 'really-png.jpg', 'whole.mov', '🎂 party 👨‍👩‍👧.jpg', 'zero-date.jpg', 'mac-epoch.jpg', 'future.jpg', 'no-date.jpg'])('archives %s bit for bit', async (name) => {
    const { state, archived } = named(name);
    expect(state).toBe('sorted');
    expect(await sha256Of(path.join(library, archived[0] ?? ''))).toBe(await sha256Of(path.join(source, name)));
  });

  it('archives a flipped picture untouched, or sets it aside, but never half of it', async () => {
    const { state, original } = named('flipped.jpg');
    expect(['sorted', 'set_aside']).toContain(state);
    expect(await sha256Of(path.join(library, original.path))).toBe(await sha256Of(path.join(source, 'flipped.jpg')));
  });

  it('believes no date of 0000, 1904 or 2099', () => {
    for (const name of ['zero-date.jpg', 'mac-epoch.jpg', 'future.jpg']) expect(named(name).archived[0]).not.toMatch(/sorted\/(0000|1904|2099)/);
  });

  it('gives every file a name of its own on a disk that ignores case and Unicode form', () => {
    const archived = assets.flatMap((asset) => asset.archived);
    expect(new Set(archived.map((file) => file.normalize('NFC').toLowerCase())).size).toBe(archived.length);
    expect(archived.some((file) => /[\n\r]/.test(file) || path.basename(file).startsWith('-'))).toBe(false);
    expect(archived.every((file) => Buffer.byteLength(path.basename(file)) <= 255)).toBe(true);
    // fifteen whole pictures, a movie and a PNG, all there under one name or another
    expect(assets.filter(({ state, original }) => state === 'sorted' && !original.path.includes('flipped')).length).toBe(17);
  });

  it('shows what was set aside in status and in dlq', async () => {
    const status = await mediaPipeline(['status', '--library', library]);
    expect(status.lines.join('\n')).toMatch(/set.aside/i);
    const letters = await mediaPipeline(['dlq', 'list', '--library', library]);
    for (const code of ['FILE_EMPTY', 'MEDIA_CORRUPT', 'NOT_MEDIA', 'MEDIA_TOO_LARGE', 'LINK_OUTSIDE_SOURCE', 'NOT_A_REGULAR_FILE']) {
      expect(letters.lines.join('\n')).toContain(code);
    }
  });

  it('changes nothing when it is run again', async () => {
    const again = await mediaPipeline(['run', '--source', source, '--library', library, '--once', '--json']);
    const { seconds: _now, ...numbers } = JSON.parse(again.lines.at(-1) ?? '{}') as Record<string, unknown>;
    const { seconds: _then, ...first } = summary;
    expect({ code: again.code, ...numbers }).toEqual({ code: 0, ...first });
    expect(await assetsOf(library)).toEqual(assets);
  });
});

describe('a library that cannot be written', () => {
  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'media-disk-'));
    await mkdir(path.join(place, 'source'));
    await mkdir(path.join(place, 'library'));
    for (let seed = 30; seed < 36; seed++) await writeFile(path.join(place, 'source', `IMG_${seed}.jpg`), await makePicture(seed, { width: 640, height: 480 }));
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  asRoot('because the disk is full: says so, loses nothing, and goes on when there is room', async () => {
    const originals = path.join(place, 'small');
    await mkdir(originals);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', originals]);
    try {
      // Sorting would empty originals/ as it goes, and so make room.
      const settings = { ORIGINALS_DIR: originals, ENABLE_SORTING: 'false' };
      const full = await mediaPipeline(['run', '--source', path.join(place, 'source'), '--library', path.join(place, 'library'), '--once', '--json'], settings);
      expect(full.code).toBe(1);
      expect(full.lines.join('\n') + full.stderr).toContain('DISK_FULL');
      await run('mount', ['-o', 'remount,size=64m', originals]);
      const roomy = await mediaPipeline(['run', '--source', path.join(place, 'source'), '--library', path.join(place, 'library'), '--once', '--json'], settings);
      expect(JSON.parse(roomy.lines.at(-1) ?? '{}')).toMatchObject({ assets: 6, unique: 6, setAside: 0, failed: 0 });
      expect(roomy.code).toBe(0);
    } finally {
      await run('umount', [originals]);
    }
  }, 120_000);

  asRoot('because it is mounted read-only: says so at once', async () => {
    const library = path.join(place, 'library');
    await run('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', library]);
    try {
      const { code, stderr, lines } = await mediaPipeline(['run', '--source', path.join(place, 'source'), '--library', library, '--once', '--json']);
      expect(code).toBe(1);
      expect(stderr + lines.join('\n')).toContain('LIBRARY_READ_ONLY');
    } finally {
      await run('umount', [library]);
    }
  });
});
