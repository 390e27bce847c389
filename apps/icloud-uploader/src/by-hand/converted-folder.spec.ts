import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Converter } from '../adapters/convert/converter';
import { eachInItsOwnScene } from '../e2e/own-scene';
import { photos } from '../e2e/samples';
import { sha256, type UploadScene } from '../e2e/scene';

const run = promisify(execFile);
const settings = { ICLOUD_REFUSED_TYPES: 'convert' };
let scene: UploadScene;
let folder: string;
eachInItsOwnScene((opened) => {
  scene = opened;
  scene.icloud.uploads.refusedTypes = ['public.mpeg-4'];
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'by-hand-'));
  for (const [name, data] of Object.entries(photos(1))) await writeFile(path.join(folder, name), data);
  await run('ffmpeg', ['-y', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=160x120:r=10:d=1', '-pix_fmt', 'yuv420p', path.join(folder, 'VID_1.MP4')]);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});
const movie = ({ files }: Awaited<ReturnType<UploadScene['upload']>>) => files.find(({ file }) => file.endsWith('VID_1.MP4'));

it('is there in converted form the next time, and nothing is converted or uploaded again', async () => {
  await scene.signIn();
  const first = await scene.upload(folder, {}, settings);
  expect(first.result).toMatchObject({ uploaded: 2, there: 0, failed: 0, left: 0 });
  expect(movie(first)).toMatchObject({ outcome: 'uploaded', reason: 'converted to QuickTime: VID_1.MOV' });
  const convert = jest.spyOn(Converter.prototype, 'convert');
  const puts = scene.icloud.uploads.requests.putAsset;
  for (const options of [{ dryRun: true }, {}]) {
    const again = await scene.upload(folder, options, settings);
    expect(again.result).toMatchObject({ uploaded: 0, there: 2, failed: 0, left: 0 });
    expect(movie(again)).toMatchObject({ outcome: 'already there', recordName: expect.any(String) as unknown, reason: 'converted to QuickTime: VID_1.MOV' });
  }
  expect(convert).not.toHaveBeenCalled();
  expect(scene.icloud.uploads.requests.putAsset).toBe(puts);
  expect([...scene.copies().values()]).toEqual([1, 1]);
});

it('goes once when it was killed before iCloud showed what was converted, by whatever version of the programs', async () => {
  await scene.signIn();
  scene.icloud.uploads.indexingMs = { least: 1_500, most: 1_600 };
  scene.icloud.uploads.duplicatesKnown = 'when indexed';
  const ended = new AbortController();
  const killed = scene.upload(folder, {}, settings, ended.signal);
  killed.catch(() => undefined);
  while (!scene.icloud.uploads.assets.some(({ fileName }) => fileName === 'VID_1.MOV')) await new Promise((resolve) => setTimeout(resolve, 5));
  ended.abort();
  await expect(killed).rejects.toThrow();
  const convert = jest.spyOn(Converter.prototype, 'convert');
  const again = await scene.upload(folder, {}, settings);
  expect(again.result).toMatchObject({ failed: 0, left: 0 });
  expect(convert).not.toHaveBeenCalled();
  expect([...scene.copies().values()]).toEqual([1, 1]);
});

it('leaves nothing of conversions behind, not even those of a command that was killed', async () => {
  await scene.signIn();
  const left = scene.library.absolute(scene.library.path('compressed', 'for-icloud', sha256(await readFile(path.join(folder, 'VID_1.MP4')))));
  await mkdir(left, { recursive: true });
  await writeFile(path.join(left, 'VID_1.MOV'), 'half of it');
  await scene.upload(folder, {}, { ICLOUD_REFUSED_TYPES: 'other-route' });
  expect(await scene.under('compressed')).toEqual([]);
});
