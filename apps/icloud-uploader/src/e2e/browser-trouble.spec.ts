import { readdir, readFile } from 'node:fs/promises';
import type { Batch } from '@media-pipeline/schema';
import { waitFor } from '@media-pipeline/testing';
import { eachInItsOwnScene } from './own-scene';
import { once, photos } from './samples';
import { working, type UploadScene } from './scene';

let scene: UploadScene;
eachInItsOwnScene((opened) => (scene = opened));
/** Seconds without a movement after which an upload counts as dead. */
const stallSeconds = 60;
const browser = { ICLOUD_UPLOAD_ROUTE: 'browser', ICLOUD_UPLOAD_TIMEOUT: String(stallSeconds) };
const halted = async (): Promise<boolean> => (await scene.under('logs')).some((name) => name.startsWith('icloud-upload/'));

/** Chromium processes of this process. @param kind `--type` of a helper; null: the one that holds the others */
async function chromium(kind: string | null): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map(async (id) => ({ id: Number(id), line: await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '') })));
  const type = kind === null ? null : `--type=${kind}`;
  return lines.filter(({ line }) => line.includes(`media-pipeline-chromium-${process.pid}-`) && (type === null ? !line.includes('--type=') : line.includes(type))).map(({ id }) => id);
}

/** Delivers the batch, and kills when it is time to. @returns what the delivery ended with, and how long (ms) after the kill */
async function killed(batch: Batch, kind: string | null, isTime: () => boolean) {
  const ended = scene.service(browser).deliver({ batchId: batch.id }, working()).then(() => null, (error: unknown) => error);
  await waitFor(isTime, { describe: () => 'the moment to kill' });
  const pids = await chromium(kind);
  expect(pids.length).toBeGreaterThan(0);
  const since = performance.now();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return { error: await ended, afterMs: performance.now() - since };
}

it.each([['Chromium', null], ['its page', 'renderer']])('tries again when %s dies before the page is ready, and takes it for no page that has changed', async (_, kind) => {
  const files = photos(2);
  const batch = await scene.batch(files);
  await scene.signIn();
  scene.icloud.page.controlAfterMs = 4_000;
  const { error } = await killed(batch, kind, () => scene.icloud.traffic.count('/applications/photos3/current/en-us/index.html') > 0);
  expect(error).toMatchObject({ code: 'PROGRAM_FAILED', permanent: false });
  expect(await halted()).toBe(false);
  scene.icloud.page.controlAfterMs = 200;
  await scene.deliver(batch, scene.service(browser));
  expect(scene.copies()).toEqual(once(files));
});

it.each([['Chromium', null], ['its page', 'renderer']])('knows at once that %s died in the middle of an upload, and goes on by looking', async (_, kind) => {
  const files = photos(3);
  const batch = await scene.batch(files);
  await scene.signIn();
  scene.icloud.faults.once('upload.dead');
  const { error, afterMs } = await killed(batch, kind, () => scene.icloud.uploads.requests.upload > 0);
  expect(error).toBeNull();
  // Not by waiting until nothing had moved for long enough.
  expect(afterMs).toBeLessThan(stallSeconds * 1_000);
  expect(scene.copies()).toEqual(once(files));
});

it('is closed when it has nothing to do, and started again when it has', async () => {
  scene.idleMs = 500;
  const [batch, next] = [await scene.batch(photos(1)), await scene.batch({ 'other.JPG': Buffer.concat(Object.values(photos(2))) })];
  await scene.signIn();
  const service = scene.service(browser);
  await scene.deliver(batch, service);
  await waitFor(async () => (await chromium(null)).length === 0, { timeoutMs: 10_000, describe: () => 'Chromium to end' });
  await scene.deliver(next, service);
  expect(scene.copies().size).toBe(2);
});

it('pictures a page whose control gives nothing to choose, and stops', async () => {
  const batch = await scene.batch(photos(2));
  await scene.signIn();
  scene.icloud.page.design = 'redesign';
  const settings = { ...browser, ICLOUD_UPLOAD_SELECTOR: 'header strong' };
  await expect(scene.deliver(batch, scene.service(settings))).rejects.toMatchObject({ code: 'ICLOUD_PAGE_UNKNOWN', message: expect.stringContaining('logs/icloud-upload/') as unknown });
  expect(await halted()).toBe(true);
  await expect(scene.deliver(batch, scene.service(settings))).rejects.toMatchObject({ code: 'ICLOUD_PAGE_UNKNOWN', message: expect.stringContaining('halted') as unknown });
});
