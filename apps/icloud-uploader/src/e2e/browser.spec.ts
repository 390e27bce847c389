import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readUploadHalt } from '@media-pipeline/icloud';
import { eachInItsOwnScene } from './own-scene';
import { once, photos } from './samples';
import type { UploadScene } from './scene';

let scene: UploadScene;
eachInItsOwnScene((opened) => {
  scene = opened;
  scene.icloud.page.controlAfterMs = 300;
});
const browser = { ICLOUD_UPLOAD_ROUTE: 'browser' };
const states = async (batch: Parameters<UploadScene['deliveries']>[0]) => (await scene.deliveries(batch)).map(({ state }) => state);

it('uploads a batch on the page, some files at a time, each once', async () => {
  const files = photos(7);
  const batch = await scene.batch(files);
  await scene.signIn();
  expect(await scene.deliver(batch, scene.service(browser))).toMatchObject({ kind: 'done' });
  expect(scene.copies()).toEqual(once(files));
  expect(await states(batch)).toEqual(Array(7).fill('proven'));
  expect(JSON.parse((await scene.deliveries(batch))[0]?.evidence ?? '')).toMatchObject({ route: 'browser' });
  expect(await scene.under('bridge/icloud')).toEqual([]);
  expect(scene.icloud.account).toMatchObject({ signIns: 1, pushes: 1 });
  expect(scene.icloud.page.misclicks).toEqual([]);
});

it.each([
  ['a partial failure', (): void => { scene.icloud.faults.once('putAsset.file500'); }],
  ['an answer that is lost after the photo was made', (): void => { scene.icloud.faults.once('putAsset.dropAfter', 3); }],
  ['a server that is busy', (): void => { scene.icloud.faults.once('putAsset.503', 2); }],
  ['a session that ends in the middle', (): void => { scene.icloud.faults.after('putAsset.421', 1); }],
  ['a session that is over before', (): void => { scene.icloud.account.expireSession(); }],
  ['an upload that stands still', (): void => { scene.icloud.faults.once('upload.dead'); }],
  ['a slow one', (): void => { scene.icloud.faults.once('upload.slow', 2); }],
] as const)('gets each file in once in spite of %s', async (_, trouble) => {
  const files = photos(4);
  const batch = await scene.batch(files);
  await scene.signIn();
  trouble();
  await untilDone(batch, { ...browser, ICLOUD_UPLOAD_TIMEOUT: '3' });
  expect(scene.copies()).toEqual(once(files));
  expect(await states(batch)).toEqual(Array(4).fill('proven'));
  expect(await scene.under('bridge/icloud')).toEqual([]);
});

it('waits while iCloud is full, and goes on when it is not', async () => {
  const files = photos(4);
  const batch = await scene.batch(files);
  await scene.signIn();
  scene.icloud.uploads.quotaBytes = 60;
  await expect(scene.deliver(batch, scene.service(browser))).rejects.toMatchObject({ code: 'ICLOUD_STORAGE_FULL' });
  scene.icloud.uploads.quotaBytes = null;
  await untilDone(batch, browser);
  expect(scene.copies()).toEqual(once(files));
});

const heic = Buffer.concat([Buffer.from('0000001866747970686569630000000068656963', 'hex'), Buffer.from('heic')]);

it('sends what the page refuses by the other route, byte for byte', async () => {
  const files = { ...photos(2), 'IMG_9.HEIC': heic };
  const batch = await scene.batch(files);
  await scene.signIn();
  await untilDone(batch, { ...browser, ICLOUD_REFUSED_TYPES: 'other-route' });
  expect(scene.copies()).toEqual(once(files));
  expect((await scene.deliveries(batch)).map(({ name, evidence }) => [name, (JSON.parse(evidence ?? '{}') as { route?: string }).route])).toEqual([['IMG_1.JPG', 'browser'], ['IMG_2.JPG', 'browser'], ['IMG_9.HEIC', 'http']]);
});

it('keeps what the page refuses in the bridge, where that is wanted', async () => {
  const batch = await scene.batch({ ...photos(2), 'IMG_9.HEIC': heic });
  await scene.signIn();
  await scene.deliver(batch, scene.service({ ...browser, ICLOUD_REFUSED_TYPES: 'keep' }));
  expect(await states(batch)).toEqual(['proven', 'proven', 'failed']);
});

describe('a page that Apple has changed', () => {
  beforeEach(() => {
    scene.icloud.page.design = 'redesign';
  });

  it('is pictured, told, and left alone until somebody has named its control', async () => {
    const files = photos(4);
    const [batch, another] = [await scene.batch(files), await scene.batch({ 'other.JPG': Buffer.concat([photos(1)['IMG_1.JPG'] ?? heic, Buffer.from('other')]) })];
    await scene.signIn();
    await expect(scene.deliver(batch, scene.service(browser))).rejects.toMatchObject({ code: 'ICLOUD_PAGE_UNKNOWN', permanent: true, message: expect.stringContaining('logs/icloud-upload/') as unknown });
    const [html, png] = (await scene.under('logs')).filter((name) => name.startsWith('icloud-upload/'));
    expect((await readFile(path.join(scene.library.areas.logs, png ?? ''))).subarray(1, 4).toString()).toBe('PNG');
    const outline = await readFile(path.join(scene.library.areas.logs, html ?? ''), 'utf8');
    expect(outline).toContain('data-action="compose"');
    expect(outline).not.toMatch(/token=|trust|password/i);
    expect(scene.icloud.page.misclicks).toEqual([]);

    expect(await readUploadHalt(scene.library)).toMatchObject({ reason: expect.stringContaining('logs/icloud-upload/') as unknown });

    // neither another batch nor another process looks at the page again
    const asked = scene.icloud.traffic.count('/photos/');
    await expect(scene.deliver(another, scene.service(browser))).rejects.toMatchObject({ code: 'ICLOUD_PAGE_UNKNOWN', message: expect.stringContaining('halted') as unknown });
    expect(scene.icloud.traffic.count('/photos/')).toBe(asked);

    await writeFile(scene.settings().icloud.upload.selectorsFile, '{ "uploadControl": ["[data-action=compose]"] }');
    await untilDone(batch, browser);
    await untilDone(another, browser);
    expect(await readUploadHalt(scene.library)).toBeNull();
    expect(scene.copies().size).toBe(5);
    expect(scene.copies()).toEqual(new Map([...scene.copies().keys()].map((key) => [key, 1])));
  });

  it('is used by the selector of the settings', async () => {
    const files = photos(2);
    const batch = await scene.batch(files);
    await scene.signIn();
    await untilDone(batch, { ...browser, ICLOUD_UPLOAD_SELECTOR: '[data-action=compose]' });
    expect(scene.copies()).toEqual(once(files));
  });

  it('is gone around by route auto', async () => {
    const files = photos(2);
    const batch = await scene.batch(files);
    await scene.signIn();
    scene.icloud.faults.always('createUploadUrl.403');
    scene.icloud.page.design = 'unknown';
    await expect(scene.deliver(batch, scene.service({ ICLOUD_UPLOAD_ROUTE: 'auto' }))).rejects.toThrow();
    scene.icloud.faults.clear();
    await untilDone(batch, { ICLOUD_UPLOAD_ROUTE: 'auto' });
    expect(scene.copies()).toEqual(once(files));
  });
});

/** As the broker does: what failed for now is delivered again. */
async function untilDone(batch: Parameters<UploadScene['deliveries']>[0], settings: Record<string, string>): Promise<void> {
  const service = scene.service(settings);
  for (let attempt = 1; ; attempt++) {
    try {
      await scene.deliver(batch, service);
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}
