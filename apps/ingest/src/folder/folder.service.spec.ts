import { chmod, link, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { eachInItsOwn } from '../e2e/own-scene';
import { beforeBringing, png, reading, run, Scene, sha256 } from './e2e/scene';

let scene: Scene;
eachInItsOwn((bus) => Scene.open(bus), (opened) => (scene = opened));

it('takes each file in once, bit by bit, and leaves the source as it was', async () => {
  const contents = new Map<string, Buffer>();
  for (const name of ['a.png', 'deep/er/b.PNG', 'deep/a.png']) contents.set(name, await scene.put(name));
  await scene.put('notes.txt');
  const before = await scene.picture();
  const said = await scene.scan();
  expect(said).toHaveLength(3);
  expect(await scene.originals()).toEqual(['a.png', 'deep/a.png', 'deep/er/b.PNG']);
  for (const [name, data] of contents) expect(await readFile(path.join(scene.libraryRoot, 'originals', name))).toEqual(data);
  for (const { state, files } of await scene.assets()) {
    expect(state).toBe('discovered');
    for (const { path: place, sha256: hash } of files) expect(hash).toBe(sha256(await readFile(scene.library.absolute(place))));
  }
  expect(await scene.picture()).toBe(before);
  // a new process says again what nobody may have heard; the same one does not; a second attempt does
  expect((await scene.scan()).sort()).toEqual(said.sort());
  const service = scene.service();
  expect(await scene.scan(service)).toHaveLength(3);
  expect(await scene.scan(service)).toHaveLength(0);
  expect(await scene.scan(service, 2)).toHaveLength(3);
  expect(await scene.assets()).toHaveLength(3);
});

it('says once what it leaves in the source, and again when that has changed', async () => {
  for (const name of ['a.png', 'scan.psd', 'deep/other.PSD', 'deep/IMG_1.xmp', 'README', '.DS_Store', 'deep/Thumbs.db']) await scene.put(name);
  const said = async (): Promise<string[]> => (await scene.database.log.list({ status: 'warning', limit: 9 })).map(({ message }) => message);
  const service = scene.service();
  await scene.scan(service);
  await scene.scan(service);
  const first = '4 files were left in the source, since FOLDER_SOURCE_PATTERNS does not name such: 2 .psd, 1 without an extension, 1 .xmp';
  expect(await said()).toEqual([first]);
  await rm(path.join(scene.source, 'README'));
  await scene.scan(service);
  expect(await said()).toEqual(['3 files were left in the source, since FOLDER_SOURCE_PATTERNS does not name such: 2 .psd, 1 .xmp', first]);
});

it('survives every name', async () => {
  const names = ['new\nline.png', '📷👨‍👩‍👧.png', `${'x'.repeat(251)}.png`, '-rf.png', '..png', 'CON.png', 'a:b.png', ' .png', 'cafe\u0301.png', 'caf\u00e9.png', 'TWIN.png', 'twin.png', '.hidden.png'];
  for (const name of names) await scene.put(name);
  await scene.put(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('.png')]));
  await mkdir(Buffer.concat([Buffer.from(`${scene.source}/`), Buffer.from([0xc3, 0x28])]));
  await scene.put(Buffer.concat([Buffer.from([0xc3, 0x28]), Buffer.from('/in.png')]));
  expect(await scene.scan()).toHaveLength(names.length + 2);
  const kept = await scene.originals();
  expect(kept).toHaveLength(names.length + 2);
  expect(kept).toEqual(expect.arrayContaining(['new_line.png', '📷👨‍👩‍👧.png', '_rf.png', 'TWIN.png', 'twin (2).png', 'café.png', 'café (2).png', '%FF%FE.png', '%C3(/in.png']));
  expect(new Set((await Promise.all(kept.map(async (name) => await readFile(path.join(scene.libraryRoot, 'originals', name))))).map(sha256)).size).toBe(names.length + 2);
  expect(await scene.scan(scene.service(), 1)).toHaveLength(names.length + 2);
  expect(await scene.assets()).toHaveLength(names.length + 2);
});

it('sets aside what is no media, each with a code, a reason and a dead letter, and goes on', async () => {
  await scene.put('good.png');
  await scene.put('empty.jpg', Buffer.alloc(0));
  await scene.put('text.jpg', Buffer.from('To whom it may concern'));
  await scene.put('program.heic', await readFile('/bin/true'));
  await scene.put('really-a.png.jpg');
  await run('mkfifo', [path.join(scene.source, 'pipe.jpg')]);
  const server = createServer().listen(path.join(scene.source, 'socket.jpg'));
  const made = await run('mknod', [path.join(scene.source, 'device.jpg'), 'c', '1', '5']).then(() => true, () => false);
  if (!made) console.warn('not proven: making a device needs root');
  await mkdir(path.join(scene.root, 'outside'));
  await writeFile(path.join(scene.root, 'outside', 'far.png'), png('far'));
  await symlink(path.join(scene.root, 'outside', 'far.png'), path.join(scene.source, 'out.png'));
  await symlink(path.join(scene.root, 'outside'), path.join(scene.source, 'outfolder'));
  await symlink('good.png', path.join(scene.source, 'again.png'));
  await symlink('nothing.png', path.join(scene.source, 'broken.png'));
  await symlink('self.png', path.join(scene.source, 'self.png'));
  await mkdir(path.join(scene.source, 'sub'));
  await symlink('..', path.join(scene.source, 'sub', 'up'));
  const before = await scene.picture();
  const letters = (await scene.bus.deadLetters.list()).length;

  expect(await scene.scan()).toHaveLength(2);
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
  expect(await scene.fates()).toEqual(Object.entries(expected).map(([file, fate]) => `${file}: ${fate}`).sort());
  expect(await scene.originals()).toEqual(['good.png', 'really-a.png.jpg']);
  expect(await scene.picture()).toBe(before);
  const page = await scene.bus.deadLetters.list();
  expect(page.length - letters).toBe(Object.keys(expected).length - 2);
  expect(page.every(({ stage, subject, reason }) => stage === 'ingest' && subject === 'media.ingest.requested' && reason !== '')).toBe(true);
  // a second look says nothing twice
  await scene.scan();
  expect((await scene.bus.deadLetters.list()).length).toBe(page.length);
  expect(await scene.assets()).toHaveLength(Object.keys(expected).length);
  server.close();
});

it('tries again what a person has mended', async () => {
  await scene.put('a.png');
  const place = path.join(scene.source, 'a.png');
  const locked = scene.service({}, beforeBringing(() => Promise.reject(new Error('a defect of ours'))));
  await scene.scan(locked);
  expect(await scene.fates()).toEqual(['a.png: failed UNEXPECTED']);
  expect((await stat(place)).isFile()).toBe(true);
  const [asset] = await scene.assets();
  await scene.database.assets.revive(asset?.id ?? '', { step: 'cli', status: 'info', message: 'again' });
  expect(await scene.scan()).toEqual([asset?.id]);
});

it('sets aside what it may not read', async () => {
  await scene.put('a.png');
  await scene.put('locked.png');
  await scene.put('closed/b.png');
  await chmod(path.join(scene.source, 'locked.png'), 0o000);
  await chmod(path.join(scene.source, 'closed'), 0o000);
  if (process.getuid?.() === 0) {
    const setegid = process.setegid?.bind(process);
    const seteuid = process.seteuid?.bind(process);
    if (!setegid || !seteuid) return;
    // permissions do not count for root: be somebody else meanwhile, in a library that is theirs
    await run('chown', ['-R', '65534:65534', scene.root]);
    await chmod(path.join(scene.source, 'locked.png'), 0o000);
    const service = scene.service();
    setegid(65534);
    seteuid(65534);
    try {
      await scene.scan(service);
    } finally {
      seteuid(0);
      setegid(0);
    }
  } else await scene.scan();
  expect(await scene.fates()).toEqual(['a.png: discovered', 'locked.png: set_aside FILE_UNREADABLE']);
  expect((await scene.database.log.list({ limit: 10 })).some(({ message }) => message.includes('the folder closed cannot be read'))).toBe(true);
  await chmod(path.join(scene.source, 'closed'), 0o755);
});

describe('the folder', () => {
  it('is not needed when it is off, and asked for when it is missing', async () => {
    expect(await scene.service({ ENABLE_FOLDER_DOWNLOAD: 'false' }).read({}, reading())).toMatchObject({ kind: 'skip' });
    expect(await scene.service({ FOLDER_SOURCE_PATH: '' }).read({ source: 'folder' }, reading())).toMatchObject({ kind: 'dead', code: 'SETTINGS_INVALID', reason: expect.stringContaining('FOLDER_SOURCE_PATH') });
    await rm(scene.source, { recursive: true });
    expect(await scene.service().read({}, reading())).toMatchObject({ kind: 'dead', reason: expect.stringContaining('is it mounted?') });
    expect(await scene.service({ PIPELINE_EXECUTION_MODE: 'continuous' }).read({}, reading())).toMatchObject({ kind: 'skip' });
  });

  it('changes nothing when it is empty all of a sudden', async () => {
    await scene.put('a.png');
    await scene.put('b.png');
    await expect(scene.scan(scene.service({}, beforeBringing(() => Promise.reject(new PipelineError('DISK_FULL', 'no room')))))).rejects.toMatchObject({ code: 'DISK_FULL' });
    const before = await scene.fates();
    await rename(scene.source, `${scene.source}.away`);
    await mkdir(scene.source);
    expect(await scene.scan()).toEqual([]);
    expect(await scene.fates()).toEqual(before);
  });

  it('may lie in the library, whose own files are not taken in', async () => {
    scene.source = path.join(scene.libraryRoot, 'inbox');
    await scene.put('a.png');
    await symlink(path.join(scene.libraryRoot, 'originals'), path.join(scene.source, 'loop'));
    expect(await scene.scan()).toHaveLength(1);
    expect(await scene.scan()).toHaveLength(1);
    expect(await scene.fates()).toEqual(['a.png: discovered', 'loop: set_aside LINK_OUTSIDE_SOURCE']);
  });

  it('may be linked into the library, where that is wished', async () => {
    const data = await scene.put('a.png');
    await link(path.join(scene.source, 'a.png'), path.join(scene.root, 'elsewhere.png'));
    expect(await scene.scan(scene.service({ FOLDER_SOURCE_TRANSFER: 'hardlink' }))).toHaveLength(1);
    expect((await stat(path.join(scene.libraryRoot, 'originals', 'a.png'))).ino).toBe((await stat(path.join(scene.source, 'a.png'))).ino);
    expect(await readFile(path.join(scene.libraryRoot, 'originals', 'a.png'))).toEqual(data);
  });
});

it('keeps a file of the library that the database does not know', async () => {
  await scene.put('a.png');
  await writeFile(path.join(scene.libraryRoot, 'originals', 'a.png'), 'put here by hand');
  expect(await scene.scan()).toHaveLength(1);
  expect(await scene.originals()).toEqual(['a (2).png', 'a.png']);
  expect((await scene.assets())[0]?.files[0]?.path).toBe('originals/a (2).png');
  expect((await readFile(path.join(scene.libraryRoot, 'originals', 'a.png'))).toString()).toBe('put here by hand');
});

it('reads nothing again of what it knows', async () => {
  for (let n = 0; n < 300; n++) await scene.put(`${n % 10}/img${n}.png`);
  await scene.scan();
  const brought = jest.fn();
  const service = scene.service({}, beforeBringing(brought));
  expect(await scene.scan(service)).toHaveLength(300);
  expect(await scene.scan(service)).toEqual([]);
  expect(brought).not.toHaveBeenCalled();
});
