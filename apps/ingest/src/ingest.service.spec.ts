import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFile, chmod, link, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Bus } from '@media-pipeline/bus';
import { loadConfig } from '@media-pipeline/config';
import type { Emit, Outcome } from '@media-pipeline/contracts';
import { isTemporaryName, Library } from '@media-pipeline/files';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { createLogger } from '@media-pipeline/stage';
import { startNats, type TestNats } from '@media-pipeline/testing';
import { Courier } from './adapters/courier';
import { DiskDoctor } from './adapters/disk-doctor';
import { FolderSource } from './adapters/folder-source';
import { MediaInspector } from './adapters/media-inspector';
import { AssetFinder } from './asset-finder';
import { FolderIntake } from './folder-intake';
import { IngestService } from './ingest.service';
import { Register } from './register';

const run = promisify(execFile);
const png = (seed: string | Buffer): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.from(seed), randomBytes(64)]);
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

let nats: TestNats;
let bus: Bus;
let root: string;
let source: string;
let libraryRoot: string;
let database: Database;
let library: Library;

beforeAll(async () => {
  nats = await startNats();
  bus = await Bus.connect({ url: nats.url, name: 'test' });
  await bus.provision();
});
afterAll(async () => {
  await bus.close();
  await nats.destroy();
});
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ingest-'));
  source = path.join(root, 'source');
  libraryRoot = path.join(root, 'library');
  await mkdir(source);
  library = Library.at(libraryRoot);
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(libraryRoot, '.media-pipeline', 'db.sqlite') });
});
afterEach(async () => {
  await database.close();
  await rm(root, { recursive: true });
});

function serviceWith(overrides: Record<string, string> = {}, changes: { courier?: (plain: Courier) => Courier; library?: Library } = {}): IngestService {
  const { config } = loadConfig({
    env: {},
    overrides: { NAS_MOUNT: libraryRoot, FOLDER_SOURCE_PATH: source, FOLDER_SOURCE_STABLE_SECONDS: '0', PIPELINE_EXECUTION_MODE: 'single', ...overrides },
  });
  const inspector = new MediaInspector();
  const disks = new DiskDoctor(config, library);
  const courier = new Courier(config, changes.library ?? library, database, disks);
  const register = new Register(library, database, bus);
  const intake = new FolderIntake(new AssetFinder(inspector, disks), changes.courier?.(courier) ?? courier, register);
  return new IngestService(config, new FolderSource(config, library), intake, register, createLogger({ level: 'fatal' }, 'ingest'));
}
const reading = (signal = new AbortController().signal, attempt = 1) => ({ signal, attempt, report: () => undefined });
async function emitsOf(outcome: Outcome): Promise<Emit[]> {
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  const emits: Emit[] = [];
  for await (const said of outcome.emits) emits.push(said);
  return emits;
}
const scan = async (service = serviceWith(), attempt = 1): Promise<string[]> =>
  (await emitsOf(await service.read({}, reading(undefined, attempt)))).map(({ payload }) => ('assetId' in payload ? (payload.assetId ?? '') : ''));
const assets = async (): Promise<AssetWithFiles[]> => await database.assets.list({ limit: 1_000 });
const originals = async (): Promise<string[]> => {
  const entries = await readdir(path.join(libraryRoot, 'originals'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(path.join(libraryRoot, 'originals'), path.join(entry.parentPath, entry.name))).sort();
};
const put = async (name: string | Buffer, data: Buffer = png(randomBytes(4))): Promise<Buffer> => {
  const place = typeof name === 'string' ? path.join(source, name) : Buffer.concat([Buffer.from(`${source}/`), name]);
  if (typeof place === 'string') await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, data);
  await utimes(place, 1_000_000, 1_000_000);
  return data;
};
/** The source, as anybody would see it: names, sizes, times, links. */
const picture = async (): Promise<string> => (await run('find', [source, '-printf', '%p %y %s %T@ %C@ %m %n %i\\n'])).stdout;
async function fates(): Promise<Record<string, string>> {
  return Object.fromEntries((await assets()).map(({ sourceKey, state, code }) => [sourceKey, code === null ? state : `${state} ${code}`]));
}

it('takes each file in once, bit by bit, and leaves the source as it was', async () => {
  const contents = new Map<string, Buffer>();
  for (const name of ['a.png', 'deep/er/b.PNG', 'deep/a.png']) contents.set(name, await put(name));
  await put('notes.txt');
  const before = await picture();
  const said = await scan();
  expect(said).toHaveLength(3);
  expect(await originals()).toEqual(['a.png', 'deep/a.png', 'deep/er/b.PNG']);
  for (const [name, data] of contents) expect(await readFile(path.join(libraryRoot, 'originals', name))).toEqual(data);
  for (const { state, files } of await assets()) {
    expect(state).toBe('discovered');
    for (const { path: place, sha256: hash } of files) expect(hash).toBe(sha256(await readFile(library.absolute(place))));
  }
  expect(await picture()).toBe(before);
  // a new process says again what nobody may have heard; the same one does not; a second attempt does
  expect((await scan()).sort()).toEqual(said.sort());
  const service = serviceWith();
  expect(await scan(service)).toHaveLength(3);
  expect(await scan(service)).toHaveLength(0);
  expect(await scan(service, 2)).toHaveLength(3);
  expect(await assets()).toHaveLength(3);
});

it('survives every name', async () => {
  const names = ['new\nline.png', '📷👨‍👩‍👧.png', `${'x'.repeat(251)}.png`, '-rf.png', '..png', 'CON.png', 'a:b.png', ' .png', 'cafe\u0301.png', 'caf\u00e9.png', 'TWIN.png', 'twin.png', '.hidden.png'];
  for (const name of names) await put(name);
  await put(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('.png')]));
  await mkdir(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xc3, 0x28])]));
  await put(Buffer.concat([Buffer.from([0xc3, 0x28]), Buffer.from('/in.png')]));
  expect(await scan()).toHaveLength(names.length + 2);
  const kept = await originals();
  expect(kept).toHaveLength(names.length + 2);
  expect(kept).toEqual(expect.arrayContaining(['new_line.png', '📷👨‍👩‍👧.png', '_rf.png', 'TWIN.png', 'twin (2).png', 'café.png', 'café (2).png', '%FF%FE.png', '%C3(/in.png']));
  expect(new Set((await Promise.all(kept.map(async (name) => await readFile(path.join(libraryRoot, 'originals', name))))).map(sha256)).size).toBe(names.length + 2);
  expect(await scan(serviceWith(), 1)).toHaveLength(names.length + 2);
  expect(await assets()).toHaveLength(names.length + 2);
});

it('sets aside what is no media, each with a code, a reason and a dead letter, and goes on', async () => {
  await put('good.png');
  await put('empty.jpg', Buffer.alloc(0));
  await put('text.jpg', Buffer.from('To whom it may concern'));
  await put('program.heic', await readFile('/bin/true'));
  await put('really-a.png.jpg');
  await run('mkfifo', [path.join(source, 'pipe.jpg')]);
  const server = createServer().listen(path.join(source, 'socket.jpg'));
  const made = await run('mknod', [path.join(source, 'device.jpg'), 'c', '1', '5']).then(() => true, () => false);
  if (!made) console.warn('not proven: making a device needs root');
  await mkdir(path.join(root, 'outside'));
  await writeFile(path.join(root, 'outside', 'far.png'), png('far'));
  await symlink(path.join(root, 'outside', 'far.png'), path.join(source, 'out.png'));
  await symlink(path.join(root, 'outside'), path.join(source, 'outfolder'));
  await symlink('good.png', path.join(source, 'again.png'));
  await symlink('nothing.png', path.join(source, 'broken.png'));
  await symlink('self.png', path.join(source, 'self.png'));
  await mkdir(path.join(source, 'sub'));
  await symlink('..', path.join(source, 'sub', 'up'));
  const before = await picture();
  const letters = (await bus.deadLetters.list()).length;

  expect(await scan()).toHaveLength(2);
  const expected = {
    'good.png': 'discovered',
    'really-a.png.jpg': 'discovered',
    'empty.jpg': 'set_aside FILE_EMPTY',
    'text.jpg': 'set_aside NOT_MEDIA',
    'program.heic': 'set_aside NOT_MEDIA',
    'pipe.jpg': 'set_aside NOT_A_REGULAR_FILE',
    'socket.jpg': 'set_aside NOT_A_REGULAR_FILE',
    ...(made ? { 'device.jpg': 'set_aside NOT_A_REGULAR_FILE' } : {}),
    'out.png': 'set_aside LINK_OUTSIDE_SOURCE',
    outfolder: 'set_aside LINK_OUTSIDE_SOURCE',
    'broken.png': 'set_aside LINK_BROKEN',
    'self.png': 'set_aside LINK_LOOP',
    'sub/up': 'set_aside LINK_LOOP',
  };
  expect(await fates()).toEqual(expected);
  expect(await originals()).toEqual(['good.png', 'really-a.png.jpg']);
  expect(await picture()).toBe(before);
  const page = await bus.deadLetters.list();
  expect(page.length - letters).toBe(Object.keys(expected).length - 2);
  expect(page.every(({ stage, subject, reason }) => stage === 'ingest' && subject === 'media.ingest.requested' && reason !== '')).toBe(true);
  // a second look says nothing twice
  await scan();
  expect((await bus.deadLetters.list()).length).toBe(page.length);
  expect(await fates()).toEqual(expected);
  server.close();
});

it('tries again what a person has mended', async () => {
  await put('a.png');
  const place = path.join(source, 'a.png');
  const locked = serviceWith({}, { courier: (plain) => Object.assign(Object.create(plain) as Courier, { bring: async () => await Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' })) }) });
  await scan(locked);
  expect(await fates()).toEqual({ 'a.png': 'failed UNEXPECTED' });
  expect((await stat(place)).isFile()).toBe(true);
  const [asset] = await assets();
  await database.assets.revive(asset?.id ?? '', { step: 'cli', status: 'info', message: 'again' });
  expect(await scan()).toEqual([asset?.id]);
});

it('sets aside what it may not read', async () => {
  await put('a.png');
  await put('locked.png');
  await put('closed/b.png');
  await chmod(path.join(source, 'locked.png'), 0o000);
  await chmod(path.join(source, 'closed'), 0o000);
  if (process.getuid?.() === 0) {
    const setegid = process.setegid?.bind(process);
    const seteuid = process.seteuid?.bind(process);
    if (!setegid || !seteuid) return;
    // permissions do not count for root: be somebody else meanwhile, in a library that is theirs
    await run('chown', ['-R', '65534:65534', root]);
    await chmod(path.join(source, 'locked.png'), 0o000);
    const service = serviceWith();
    setegid(65534);
    seteuid(65534);
    try {
      await scan(service);
    } finally {
      seteuid(0);
      setegid(0);
    }
  } else await scan();
  expect(await fates()).toEqual({ 'a.png': 'discovered', 'locked.png': 'set_aside FILE_UNREADABLE' });
  expect((await database.log.list({ limit: 10 })).some(({ message }) => message.includes('the folder closed cannot be read'))).toBe(true);
  await chmod(path.join(source, 'closed'), 0o755);
});

describe('files that are being written', () => {
  it('waits for them when the run is to end', async () => {
    await put('calm.png');
    const data = png('slow');
    const handle = await open(path.join(source, 'slow.png'), 'w');
    await handle.write(data.subarray(0, 20));
    const going = scan(serviceWith({ FOLDER_SOURCE_STABLE_SECONDS: '1' }));
    await handle.write(data.subarray(20));
    await handle.close();
    expect(await going).toHaveLength(2);
    expect(await readFile(path.join(libraryRoot, 'originals', 'slow.png'))).toEqual(data);
  });

  it('leaves them to the next reading when it runs on', async () => {
    await put('calm.png');
    await writeFile(path.join(source, 'fresh.png'), png('fresh'));
    const service = serviceWith({ FOLDER_SOURCE_STABLE_SECONDS: '3600', PIPELINE_EXECUTION_MODE: 'continuous' });
    expect(await scan(service)).toHaveLength(1);
    expect(await assets()).toHaveLength(1);
    await utimes(path.join(source, 'fresh.png'), 1, 1);
    expect(await scan(service)).toHaveLength(1);
  });

  const meddling = (name: string, meddle: (place: string) => Promise<void>) => {
    let done = false;
    return (plain: Courier): Courier =>
      Object.assign(Object.create(plain) as Courier, {
        bring: async (...given: Parameters<Courier['bring']>) => {
          if (given[0].filename === name && !done) {
            done = true;
            await meddle(path.join(source, name));
          }
          return await plain.bring(...given);
        },
      });
  };

  it('sets aside a version that changed after it was seen, and takes the new one', async () => {
    await put('a.png');
    await put('b.png');
    const service = serviceWith({}, { courier: meddling('a.png', async (place) => await appendFile(place, 'more')) });
    expect(await scan(service)).toHaveLength(2);
    expect((await assets()).map(({ sourceKey, state, code }) => `${sourceKey} ${state} ${code ?? ''}`).sort()).toEqual(['a.png discovered ', 'a.png set_aside FILE_CHANGING', 'b.png discovered ']);
    expect(await readFile(path.join(libraryRoot, 'originals', 'a (2).png'))).toEqual(await readFile(path.join(source, 'a.png')));
  });

  it('sets aside a file that vanished, and the rest goes on', async () => {
    await put('a.png');
    await put('b.png');
    expect(await scan(serviceWith({}, { courier: meddling('a.png', unlink) }))).toHaveLength(1);
    expect(await fates()).toEqual({ 'a.png': 'set_aside FILE_VANISHED', 'b.png': 'discovered' });
  });
});

describe('when it was cut short', () => {
  const dying = (after: number) => {
    let left = after;
    return (plain: Courier): Courier =>
      Object.assign(Object.create(plain) as Courier, {
        bring: async (...given: Parameters<Courier['bring']>) => {
          if (left-- <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
          return await plain.bring(...given);
        },
      });
  };

  it('stops for a full disk, and goes on later with each file once, in its place', async () => {
    const count = 150;
    const contents = new Set<string>();
    for (let n = 0; n < count; n++) contents.add(sha256(await put(`${n % 7}/img${n}.png`)));
    await expect(scan(serviceWith({}, { courier: dying(40) }))).rejects.toMatchObject({ code: 'DISK_FULL' });
    const halfway = await database.assets.countByState();
    expect(halfway.arriving).toBeGreaterThan(0);
    expect(halfway.set_aside + halfway.failed).toBe(0);
    await unlink(path.join(source, '0', 'img0.png')).catch(() => undefined);
    await scan();
    const kept = await originals();
    const hashes = await Promise.all(kept.map(async (name) => sha256(await readFile(path.join(libraryRoot, 'originals', name)))));
    expect(new Set(hashes).size).toBe(kept.length);
    expect(kept.length).toBe(count);
    for (const hash of hashes) expect(contents.has(hash)).toBe(true);
    expect((await database.assets.countByState()).discovered).toBe(count);
    expect(kept.some((name) => isTemporaryName(path.basename(name)))).toBe(false);
  });

  it('stops when it is told to, and throws so that the message comes again', async () => {
    for (let n = 0; n < 20; n++) await put(`img${n}.png`);
    const stop = new AbortController();
    const outcome = await serviceWith().read({}, reading(stop.signal));
    const emits = async (): Promise<void> => {
      for await (const _ of outcome.kind === 'done' ? outcome.emits : []) stop.abort();
    };
    await expect(emits()).rejects.toThrow();
    await scan();
    expect((await database.assets.countByState()).discovered).toBe(20);
    expect(await assets()).toHaveLength(20);
  });

  it('sees that an arriving file was replaced or removed meanwhile', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await put(name);
    await expect(scan(serviceWith({}, { courier: dying(0) }))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await put('a.png', png('another version'));
    await unlink(path.join(source, 'b.png'));
    expect(await scan()).toHaveLength(2);
    expect((await assets()).map(({ sourceKey, state, code }) => `${sourceKey} ${state} ${code ?? ''}`).sort()).toEqual(['a.png discovered ', 'a.png set_aside FILE_CHANGING', 'b.png set_aside FILE_VANISHED', 'c.png discovered ']);
  });
});

describe('the folder', () => {
  it('is not needed when it is off, and asked for when it is missing', async () => {
    expect(await serviceWith({ ENABLE_FOLDER_DOWNLOAD: 'false' }).read({}, reading())).toMatchObject({ kind: 'skip' });
    expect(await serviceWith({ FOLDER_SOURCE_PATH: '' }).read({ source: 'folder' }, reading())).toMatchObject({ kind: 'dead', code: 'SETTINGS_INVALID', reason: expect.stringContaining('FOLDER_SOURCE_PATH') });
    await rm(source, { recursive: true });
    expect(await serviceWith().read({}, reading())).toMatchObject({ kind: 'dead', reason: expect.stringContaining('is it mounted?') });
    expect(await serviceWith({ PIPELINE_EXECUTION_MODE: 'continuous' }).read({}, reading())).toMatchObject({ kind: 'skip' });
  });

  it('changes nothing when it is empty all of a sudden', async () => {
    await put('a.png');
    await put('b.png');
    await expect(scan(serviceWith({}, { courier: () => Object.create(null) as Courier }))).resolves.toEqual([]);
    const before = await fates();
    await rename(source, `${source}.away`);
    await mkdir(source);
    expect(await scan()).toEqual([]);
    expect(await fates()).toEqual(before);
  });

  it('may lie in the library, whose own files are not taken in', async () => {
    source = path.join(libraryRoot, 'inbox');
    await put('a.png');
    await symlink(path.join(libraryRoot, 'originals'), path.join(source, 'loop'));
    expect(await scan()).toHaveLength(1);
    expect(await scan()).toHaveLength(1);
    expect(await fates()).toEqual({ 'a.png': 'discovered', loop: 'set_aside LINK_OUTSIDE_SOURCE' });
  });

  it('may be linked into the library, where that is wished', async () => {
    const data = await put('a.png');
    await link(path.join(source, 'a.png'), path.join(root, 'elsewhere.png'));
    expect(await scan(serviceWith({ FOLDER_SOURCE_TRANSFER: 'hardlink' }))).toHaveLength(1);
    expect((await stat(path.join(libraryRoot, 'originals', 'a.png'))).ino).toBe((await stat(path.join(source, 'a.png'))).ino);
    expect(await readFile(path.join(libraryRoot, 'originals', 'a.png'))).toEqual(data);
  });
});

it('keeps a file of the library that the database does not know', async () => {
  await put('a.png');
  await writeFile(path.join(libraryRoot, 'originals', 'a.png'), 'put here by hand');
  expect(await scan()).toHaveLength(1);
  expect(await originals()).toEqual(['a (2).png', 'a.png']);
  expect((await assets())[0]?.files[0]?.path).toBe('originals/a (2).png');
  expect((await readFile(path.join(libraryRoot, 'originals', 'a.png'))).toString()).toBe('put here by hand');
});

it('reads nothing again of what it knows', async () => {
  for (let n = 0; n < 300; n++) await put(`${n % 10}/img${n}.png`);
  await scan();
  const never = (): never => {
    throw new Error('read again');
  };
  const service = serviceWith({}, { courier: () => ({ bring: never }) as unknown as Courier });
  expect(await scan(service)).toHaveLength(300);
  expect(await scan(service)).toEqual([]);
});
