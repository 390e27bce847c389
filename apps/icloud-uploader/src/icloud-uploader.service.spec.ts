import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { eachInItsOwnScene } from './e2e/own-scene';
import { jpeg, once, photos } from './e2e/samples';
import { sha256, type UploadScene } from './e2e/scene';
import { whyOff } from './icloud-uploader.service';

const settings = (env: Record<string, string>) => loadConfig({ env }).config;
describe('whyOff', () => {
  it('names what is missing', () => {
    expect(whyOff(settings({}))).toContain('ICLOUD_USERNAME is empty');
    expect(whyOff(settings({ ENABLE_ICLOUD_UPLOAD: 'false' }))).toContain('ENABLE_ICLOUD_UPLOAD=false');
    expect(whyOff(settings({ ICLOUD_USERNAME: 'someone@example.com' }))).toBeNull();
  });
});

describe('a batch', () => {
  let scene: UploadScene;
  eachInItsOwnScene((opened) => (scene = opened));
  const dead = async () => (await scene.bus.deadLetters.list()).filter(({ stage }) => stage === 'icloud-uploader');

  it('goes into iCloud, each file once, and counts when iCloud shows it', async () => {
    const files = photos(7);
    const batch = await scene.batch(files);
    await scene.signIn();
    expect(await scene.deliver(batch)).toMatchObject({ kind: 'done' });
    expect(scene.copies()).toEqual(once(files));
    for (const { state, evidence } of await scene.deliveries(batch)) {
      expect(state).toBe('proven');
      expect(JSON.parse(evidence ?? '')).toMatchObject({ recordName: expect.any(String) as unknown, route: 'http', state: 'there' });
    }
    const folder = path.basename(batch.path);
    expect(await scene.under('bridge/icloud')).toEqual([]);
    expect(await scene.under('uploaded/icloud')).toEqual([...Object.keys(files).map((name) => `${folder}/${name}`), `${folder}.manifest.json`].sort());
    expect((await scene.database.batches.find(batch.id))?.status).toBe('uploaded');

    // said again, nothing happens again
    const requests = { ...scene.icloud.uploads.requests };
    expect(await scene.deliver(batch)).toMatchObject({ kind: 'done' });
    expect(scene.icloud.uploads.requests).toEqual(requests);
  });

  it('is not uploaded where iCloud has it already', async () => {
    const files = photos(4);
    await scene.signIn();
    await scene.deliver(await scene.batch({ 'IMG_1.JPG': files['IMG_1.JPG'] ?? jpeg('') }));
    await scene.icloud.library.add({ filename: 'old.JPG', original: { data: files['IMG_2.JPG'] ?? jpeg(''), type: 'public.jpeg' } });
    const batch = await scene.batch({ ...files, 'again.JPG': files['IMG_1.JPG'] ?? jpeg('') });
    await scene.deliver(batch);
    expect((await scene.deliveries(batch)).map(({ state }) => state)).toEqual(Array(4).fill('proven'));
    expect([...scene.copies().values()]).toEqual([1, 1, 1]);
    expect(scene.icloud.uploads.requests.putAsset).toBe(3);
    // what was put counts as ours for a reading, what was there before does not
    expect(await scene.ownUploads(files)).toEqual(['IMG_1.JPG', 'IMG_3.JPG', 'IMG_4.JPG']);
  });

  it.each(['putAsset.dropAfter', 'putAsset.drop', 'putAsset.503', 'upload.drop', 'upload.truncated', 'upload.410', 'createUploadUrl.429'] as const)('gets in once in spite of %s', async (fault) => {
    const files = photos(4);
    const batch = await scene.batch(files);
    await scene.signIn();
    scene.icloud.faults.once(fault, 2);
    for (let attempt = 1; attempt <= 4; attempt++) {
      const ended = await scene.deliver(batch).then(() => true, () => false);
      if (ended) break;
    }
    expect(scene.icloud.faults.hits(fault)).toBe(2);
    expect(scene.copies()).toEqual(once(files));
    expect((await scene.deliveries(batch)).map(({ state }) => state)).toEqual(Array(4).fill('proven'));
    expect(await scene.under('bridge/icloud')).toEqual([]);
  });

  it('fails for the files that iCloud does not take, which wait in the bridge, and goes on with the rest', async () => {
    const heic = Buffer.concat([Buffer.from('0000001866747970686569630000000068656963', 'hex'), Buffer.from('heic')]);
    const files = { ...photos(2), 'IMG_9.HEIC': heic };
    const batch = await scene.batch(files);
    scene.icloud.uploads.refusedTypes = ['public.heic'];
    await scene.signIn();
    expect(await scene.deliver(batch)).toMatchObject({ kind: 'done' });
    expect(new Map((await scene.deliveries(batch)).map(({ name, state }) => [name, state]))).toEqual(new Map([['IMG_1.JPG', 'proven'], ['IMG_2.JPG', 'proven'], ['IMG_9.HEIC', 'failed']]));
    expect(await scene.under('bridge/icloud')).toEqual([`${path.basename(batch.path)}/IMG_9.HEIC`, `${path.basename(batch.path)}.manifest.json`].sort());
    expect((await dead()).at(-1)).toMatchObject({ code: 'ICLOUD_TYPE_REFUSED', reason: expect.stringContaining('IMG_9.HEIC') as unknown });

    // taken after all, when the dead letter is sent again
    scene.icloud.uploads.refusedTypes = [];
    expect(await scene.deliver(batch)).toMatchObject({ kind: 'done' });
    expect(scene.copies()).toEqual(once(files));
    expect(await scene.under('bridge/icloud')).toEqual([]);
  });

  it('fails for a file that is not what was staged, and uploads nothing of it', async () => {
    const files = photos(2);
    const batch = await scene.batch(files);
    const changed = path.join(scene.library.absolute(batch.path), 'IMG_2.JPG');
    await rm(changed);
    await writeFile(changed, jpeg('photo X'));
    await scene.signIn();
    await scene.deliver(batch);
    expect([...scene.copies().keys()]).toEqual([sha256(files['IMG_1.JPG'] ?? jpeg(''))]);
    expect((await dead()).at(-1)).toMatchObject({ code: 'CONTENT_CHANGED' });
  });

  it('is not uploaded again what somebody has deleted in iCloud', async () => {
    const files = photos(1);
    const batch = await scene.batch(files);
    const { recordName } = await scene.icloud.library.add({ filename: 'IMG_1.JPG', original: { data: files['IMG_1.JPG'] ?? jpeg(''), type: 'public.jpeg' } });
    scene.icloud.library.trash(recordName);
    await scene.signIn();
    await scene.deliver(batch);
    expect(scene.icloud.uploads.requests.putAsset).toBe(0);
    expect((await dead()).at(-1)).toMatchObject({ code: 'ICLOUD_IN_TRASH' });
  });

  it.each([
    ['the storage is full', 'ICLOUD_STORAGE_FULL', (): void => void (scene.icloud.uploads.quotaBytes = 60)],
    ['what was taken never appears', 'ICLOUD_UPLOAD_NOT_SEEN', (): void => { scene.icloud.faults.always('putAsset.neverIndexed'); }],
  ] as const)('waits when %s', async (_, code, trouble) => {
    const files = photos(4);
    const batch = await scene.batch(files);
    await scene.signIn();
    trouble();
    await expect(scene.deliver(batch)).rejects.toMatchObject({ code });
    expect((await scene.database.batches.find(batch.id))?.status).toBe('uploading');
    const putNames = Object.keys(files).filter((name) => scene.copies().has(sha256(files[name] ?? jpeg(''))));
    expect(await scene.ownUploads(files)).toEqual(expect.arrayContaining(putNames));
    scene.icloud.uploads.quotaBytes = null;
    scene.icloud.faults.clear();
    expect(await scene.deliver(batch)).toMatchObject({ kind: 'done' });
    for (const copies of scene.copies().values()) expect(copies).toBe(1);
  });

  it('asks for the code when there is no session', async () => {
    const batch = await scene.batch(photos(1));
    await expect(scene.deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_CODE_NEEDED' });
    expect(scene.icloud.account.pushes).toBe(1);
    await expect(scene.deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_CODE_NEEDED' });
    expect(scene.icloud.account.pushes).toBe(1);
  });
});
