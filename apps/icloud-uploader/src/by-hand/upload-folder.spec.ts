import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eachInItsOwnScene } from '../e2e/own-scene';
import { once, photos } from '../e2e/samples';
import type { UploadScene } from '../e2e/scene';

let scene: UploadScene;
let folder: string;
eachInItsOwnScene((opened) => (scene = opened));
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'by-hand-'));
  await mkdir(path.join(folder, 'a/b'), { recursive: true });
  await writeFile(path.join(folder, 'notes.txt'), 'nobody’s photo');
  for (const [name, data] of Object.entries(photos(4))) await writeFile(path.join(folder, 'a/b', name), data);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});
const outcomes = (files: readonly { readonly file: string; readonly outcome: string }[]) => new Map(files.map(({ file, outcome }) => [path.relative(folder, file), outcome]));

describe('a folder by hand', () => {
  it('gets in once, however often it is said', async () => {
    await scene.signIn();
    await writeFile(path.join(folder, 'double.JPG'), photos(1)['IMG_1.JPG'] ?? '');
    const planned = await scene.upload(folder, { dryRun: true });
    expect(planned.result).toMatchObject({ uploaded: 0, there: 0, left: 4, others: 1 });
    expect(scene.icloud.uploads.requests.putAsset).toBe(0);
    const first = await scene.upload(folder);
    expect(first.result).toEqual({ uploaded: 4, there: 0, failed: 0, others: 1, left: 0, code: null, reason: null });
    expect(outcomes(first.files).get('notes.txt')).toBe('not a photo or video');
    const again = await scene.upload(folder);
    expect(again.result).toMatchObject({ uploaded: 0, there: 4, left: 0 });
    expect(scene.copies()).toEqual(once(photos(4)));
  });

  it('waits for what a killed command has put', async () => {
    await scene.signIn();
    scene.icloud.uploads.indexingMs = { least: 1_500, most: 2_000 };
    scene.icloud.uploads.duplicatesKnown = 'when indexed';
    const ended = new AbortController();
    const killed = scene.upload(folder, {}, {}, ended.signal);
    killed.catch(() => undefined);
    while (scene.icloud.uploads.assets.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    ended.abort();
    await expect(killed).rejects.toThrow();
    expect((await scene.upload(folder)).result).toMatchObject({ left: 0, failed: 0 });
    expect(scene.copies()).toEqual(once(photos(4)));
  });

  it('says what is left, and why', async () => {
    await scene.signIn();
    scene.icloud.uploads.quotaBytes = 60;
    expect((await scene.upload(folder)).result).toMatchObject({ uploaded: 2, left: 2, code: 'ICLOUD_STORAGE_FULL' });
    const { result } = await scene.upload(folder, {}, { ICLOUD_USERNAME: 'nobody@example.com' });
    expect(result).toMatchObject({ left: 4, code: expect.stringMatching(/^ICLOUD_/) as unknown });
  });

  it('is empty', async () => {
    await scene.signIn();
    const empty = path.join(folder, 'empty');
    await mkdir(empty);
    expect((await scene.upload(empty)).result).toEqual({ uploaded: 0, there: 0, failed: 0, others: 0, left: 0, code: null, reason: null });
  });
});
