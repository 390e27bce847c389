import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpRoute } from '../adapters/http-route';
import { eachInItsOwnScene } from './own-scene';
import { jpeg, once, photos } from './samples';
import type { UploadScene } from './scene';

/** Apple's own 409 does not help here: it knows a content only when it shows it. */
let scene: UploadScene;
eachInItsOwnScene((opened) => {
  scene = opened;
  scene.icloud.uploads.duplicatesKnown = 'when indexed';
  scene.icloud.uploads.indexingMs = { least: 600, most: 1_200 };
});
const states = async (batch: Parameters<UploadScene['deliveries']>[0]) => (await scene.deliveries(batch)).map(({ state }) => state);

describe.each(['http', 'browser'])('by route %s', (route) => {
  const settings = { ICLOUD_UPLOAD_ROUTE: route };

  it('a content that a batch has twice, as two photos with one still have, goes once', async () => {
    const batch = await scene.batch({ ...photos(2), 'copy.JPG': photos(1)['IMG_1.JPG'] ?? jpeg('') });
    await scene.signIn();
    expect(await scene.deliver(batch, scene.service({ ...settings, ICLOUD_BATCH_SIZE: '10' }))).toMatchObject({ kind: 'done' });
    expect(scene.copies()).toEqual(once(photos(2)));
    expect(await states(batch)).toEqual(Array(3).fill('proven'));
  });

  it('what came in by itself while earlier files of the batch went is not sent', async () => {
    const files = photos(4);
    const batch = await scene.batch(files);
    await scene.signIn();
    const service = scene.service({ ...settings, ICLOUD_BATCH_SIZE: '2' });
    let added: Promise<unknown> | null = null;
    const report = (): void => {
      if (scene.icloud.uploads.assets.length > 0) added ??= scene.icloud.library.add({ filename: 'phone.JPG', original: { data: files['IMG_4.JPG'] ?? jpeg(''), type: 'public.jpeg' } });
    };
    await service.deliver({ batchId: batch.id }, { signal: new AbortController().signal, report });
    expect(added).not.toBeNull();
    expect(scene.icloud.uploads.assets.map(({ fileName }) => fileName)).not.toContain('IMG_4.JPG');
    expect(await states(batch)).toEqual(Array(4).fill('proven'));
  });
});

it('what one route has put is not given to the next before iCloud shows it', async () => {
  const files = photos(3);
  const batch = await scene.batch(files);
  await scene.signIn();
  scene.icloud.uploads.indexingMs = { least: 6_000, most: 6_500 };
  // the service takes two, and is not offered any more
  const service = scene.service({ ICLOUD_UPLOAD_ROUTE: 'auto', ICLOUD_BATCH_SIZE: '10', ICLOUD_APPEAR_TIMEOUT: '9' });
  const upload = jest.spyOn(HttpRoute.prototype, 'upload').mockImplementationOnce(async function (this: HttpRoute, given) {
    upload.mockRestore();
    await this.upload({ ...given, files: given.files.slice(0, 2) });
    return { failures: new Map(), obstacle: { code: 'ICLOUD_UPLOAD_ABSENT', reason: 'no such service any more' } };
  });
  await scene.deliver(batch, service);
  expect(scene.copies()).toEqual(once(files));
  expect((await scene.deliveries(batch)).map(({ state }) => state)).toEqual(Array(3).fill('proven'));
});

describe('a folder by hand', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'by-hand-'))));
  afterEach(async () => await rm(folder, { recursive: true }));

  it('may have files of one name, whatever the page says of one of them', async () => {
    const files = { 'a/IMG_1.JPG': jpeg('one'), 'b/IMG_1.JPG': jpeg('two'), 'c/img_1.jpg': jpeg('three') };
    for (const [name, data] of Object.entries(files)) {
      await mkdir(path.join(folder, path.dirname(name)));
      await writeFile(path.join(folder, name), data);
    }
    await scene.signIn();
    scene.icloud.faults.once('putAsset.file415');
    const { result } = await scene.upload(folder, {}, { ICLOUD_UPLOAD_ROUTE: 'browser', ICLOUD_REFUSED_TYPES: 'other-route' });
    expect(result).toMatchObject({ uploaded: 3, failed: 0, left: 0 });
    expect(scene.copies()).toEqual(once(files));
  });

  it.each(['http', 'browser'])('is not uploaded of it what has changed since it was looked for (%s)', async (route) => {
    await scene.signIn();
    for (const [name, data] of Object.entries(photos(3))) await writeFile(path.join(folder, name), data);
    let change = 0;
    const { result, files } = await scene.upload(folder, {}, { ICLOUD_UPLOAD_ROUTE: route }, undefined, (step) => {
      if (step.startsWith('looking at iCloud') && change++ === 0) writeFileSync(path.join(folder, 'IMG_2.JPG'), jpeg('something else, and longer'));
    });
    expect(result).toMatchObject({ uploaded: 2, failed: 1, left: 0 });
    expect(files.find(({ file }) => file.endsWith('IMG_2.JPG'))).toMatchObject({ outcome: 'failed', code: 'CONTENT_CHANGED' });
    const { 'IMG_2.JPG': _, ...others } = photos(3);
    expect(scene.copies()).toEqual(once(others));
  });

  it('fails for one file that has other bytes of the same size and date, and goes on with the rest', async () => {
    await scene.signIn();
    for (const [name, data] of Object.entries(photos(3))) await writeFile(path.join(folder, name), data);
    const file = path.join(folder, 'IMG_2.JPG');
    const { atime, mtime } = statSync(file);
    const { result } = await scene.upload(folder, {}, { ICLOUD_UPLOAD_ROUTE: 'http' }, undefined, (step) => {
      if (!step.startsWith('looking at iCloud')) return;
      writeFileSync(file, jpeg('photo X'));
      utimesSync(file, atime, mtime);
    });
    expect(result).toMatchObject({ uploaded: 2, failed: 1, left: 0 });
    expect(scene.copies().size).toBe(2);
  });
});
