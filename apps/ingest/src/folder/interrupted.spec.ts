import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, unlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { isTemporaryName, Library } from '@media-pipeline/files';
import { eachInItsOwn } from '../e2e/own-scene';
import { beforeBringing, png, reading, run, Scene, sha256 } from './e2e/scene';

let scene: Scene;
eachInItsOwn((bus) => Scene.open(bus), (opened) => (scene = opened));

describe('files that are being written', () => {
  it('waits for them when the run is to end', async () => {
    await scene.put('calm.png');
    const data = png('slow');
    const handle = await open(path.join(scene.source, 'slow.png'), 'w');
    await handle.write(data.subarray(0, 20));
    const going = scene.scan(scene.service({ FOLDER_SOURCE_STABLE_SECONDS: '1' }));
    await handle.write(data.subarray(20));
    await handle.close();
    expect(await going).toHaveLength(2);
    expect(await readFile(path.join(scene.libraryRoot, 'originals', 'slow.png'))).toEqual(data);
  });

  it('leaves them to the next reading when it runs on', async () => {
    await scene.put('calm.png');
    await writeFile(path.join(scene.source, 'fresh.png'), png('fresh'));
    const service = scene.service({ FOLDER_SOURCE_STABLE_SECONDS: '3600', PIPELINE_EXECUTION_MODE: 'continuous' });
    expect(await scene.scan(service)).toHaveLength(1);
    expect(await scene.assets()).toHaveLength(1);
    await utimes(path.join(scene.source, 'fresh.png'), 1, 1);
    expect(await scene.scan(service)).toHaveLength(1);
  });

  const meddling = (name: string, meddle: (place: string) => Promise<void>) => {
    let done = false;
    return beforeBringing(async ({ filename }) => {
      if (filename !== name || done) return;
      done = true;
      await meddle(path.join(scene.source, name));
    });
  };

  it('sets aside a version that changed after it was seen, and takes the new one', async () => {
    await scene.put('a.png');
    await scene.put('b.png');
    const service = scene.service({}, meddling('a.png', async (place) => await appendFile(place, 'more')));
    expect(await scene.scan(service)).toHaveLength(2);
    expect(await scene.fates()).toEqual(['a.png: discovered', 'a.png: set_aside FILE_CHANGING', 'b.png: discovered']);
    expect(await readFile(path.join(scene.libraryRoot, 'originals', 'a (2).png'))).toEqual(await readFile(path.join(scene.source, 'a.png')));
  });

  it('sets aside a file that vanished, and the rest goes on', async () => {
    await scene.put('a.png');
    await scene.put('b.png');
    expect(await scene.scan(scene.service({}, meddling('a.png', unlink)))).toHaveLength(1);
    expect(await scene.fates()).toEqual(['a.png: set_aside FILE_VANISHED', 'b.png: discovered']);
  });
});

describe('when it was cut short', () => {
  const dying = (after: number) => {
    let left = after;
    return beforeBringing(() => {
      if (left-- <= 0) throw new PipelineError('DISK_FULL', 'no space left on device');
    });
  };

  it('stops for a full disk, and goes on later with each file once, in its place', async () => {
    const count = 150;
    const contents = new Set<string>();
    for (let n = 0; n < count; n++) contents.add(sha256(await scene.put(`${n % 7}/img${n}.png`)));
    await expect(scene.scan(scene.service({}, dying(40)))).rejects.toMatchObject({ code: 'DISK_FULL' });
    const halfway = await scene.database.assets.countByState();
    expect(halfway.arriving).toBeGreaterThan(0);
    expect(halfway.set_aside + halfway.failed).toBe(0);
    await scene.scan();
    const kept = await scene.originals();
    const hashes = await Promise.all(kept.map(async (name) => sha256(await readFile(path.join(scene.libraryRoot, 'originals', name)))));
    expect(new Set(hashes).size).toBe(kept.length);
    expect(kept.length).toBe(count);
    for (const hash of hashes) expect(contents.has(hash)).toBe(true);
    expect((await scene.database.assets.countByState()).discovered).toBe(count);
    expect(kept.some((name) => isTemporaryName(path.basename(name)))).toBe(false);
  });

  it('stops for a really full disk and for a read-only one, sets nothing aside, leaves no half file, and goes on when there is room', async () => {
    const small = path.join(scene.root, 'small');
    await mkdir(small);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]).then(() => true, () => false);
    if (!mounted) {
      console.warn('not proven: mounting a small tmpfs needs root');
      return;
    }
    try {
      scene.library = new Library({ ...scene.library.areas, originals: small }, scene.libraryRoot);
      for (let n = 0; n < 40; n++) await scene.put(`img${n}.png`, png(randomBytes(16_000)));
      await expect(scene.scan()).rejects.toMatchObject({ code: 'DISK_FULL', kind: 'environment' });
      expect((await readdir(small)).filter(isTemporaryName)).toEqual([]);
      await run('mount', ['-o', 'remount,ro', small]);
      await expect(scene.scan()).rejects.toMatchObject({ code: 'LIBRARY_READ_ONLY', kind: 'environment' });
      const stuck = await scene.database.assets.countByState();
      expect([stuck.set_aside, stuck.failed, stuck.arriving + stuck.discovered]).toEqual([0, 0, 40]);
      await run('mount', ['-o', 'remount,rw,size=4m', small]);
      expect(await scene.scan()).toHaveLength(40);
      for (const { state, files } of await scene.assets()) {
        expect(state).toBe('discovered');
        expect(files[0]?.sha256).toBe(sha256(await readFile(path.join(scene.source, files[0]?.filename ?? ''))));
      }
      expect(await readdir(small)).toHaveLength(40);
    } finally {
      await run('umount', [small]);
    }
  });

  it('stops when it is told to, and throws so that the message comes again', async () => {
    for (let n = 0; n < 20; n++) await scene.put(`img${n}.png`);
    const stop = new AbortController();
    const outcome = await scene.service().read({}, reading(stop.signal));
    const emits = async (): Promise<void> => {
      for await (const _ of outcome.kind === 'done' ? outcome.emits : []) stop.abort();
    };
    await expect(emits()).rejects.toThrow();
    await scene.scan();
    expect((await scene.database.assets.countByState()).discovered).toBe(20);
    expect(await scene.assets()).toHaveLength(20);
  });

  it('sees that an arriving file was replaced or removed meanwhile', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await scene.put(name);
    await expect(scene.scan(scene.service({}, dying(0)))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await scene.put('a.png', png('another version'));
    await unlink(path.join(scene.source, 'b.png'));
    expect(await scene.scan()).toHaveLength(2);
    expect(await scene.fates()).toEqual(['a.png: discovered', 'a.png: set_aside FILE_CHANGING', 'b.png: set_aside FILE_VANISHED', 'c.png: discovered']);
  });
});

