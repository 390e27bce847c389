import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { emit } from '@media-pipeline/contracts';
import { LocalICloud } from '@media-pipeline/local-icloud';
import { makePicture, waitFor } from '@media-pipeline/testing';
import { cloudSettings, PipelineScene, signInOnce } from './pipeline-scene';

const fromCloud = 10;
const fromFolder = 3;
const all = fromCloud + fromFolder;

interface Count {
  readonly at: string;
  readonly listed: number;
  readonly taken: number;
  readonly here: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly difference?: number;
}

describe('photos that come out of iCloud, and go back there as renditions', () => {
  let cloud: LocalICloud;
  let scene: PipelineScene;

  beforeAll(async () => {
    scene = await PipelineScene.open('circle', async (place) => {
      cloud = await LocalICloud.start({ account: { iterations: 100 } });
      place.closing.defer(async () => { await cloud.close(); });
      // long enough for a crash and a reading between put and proof
      cloud.uploads.indexingMs = { least: 500, most: 2_000 };
      for (let n = 0; n < fromCloud; n++) {
        const asset = await cloud.library.add({ filename: `IMG_${n}.JPG`, original: { data: await makePicture(n, { width: 640, height: 480 }), type: 'public.jpeg' }, takenAt: Date.UTC(2021, 4, n + 1) });
        if (n === 0) await cloud.library.edit(asset.recordName, { picture: { data: await makePicture(900, { width: 640, height: 480 }), type: 'public.jpeg' } });
      }
      // too small to be worth while: kept, and uploaded as they are
      const folder = path.join(place.folder, 'folder');
      await mkdir(folder);
      for (let n = 0; n < fromFolder; n++) await writeFile(path.join(folder, `scan ${n}.jpg`), await makePicture(500 + n, { width: 8, height: 8 }));
      await signInOnce(cloud, place);
      const source = { ENABLE_ICLOUD_DOWNLOAD: 'true', FOLDER_SOURCE_PATH: folder, FOLDER_SOURCE_STABLE_SECONDS: '0', JPEG_QUALITY: '60' };
      return { ...cloudSettings(cloud), ...source, ENABLE_PIXEL_UPLOAD: 'false', ICLOUD_UPLOAD_ROUTE: 'http', ICLOUD_BATCH_SIZE: '4', ICLOUD_APPEAR_TIMEOUT: '8' };
    });
  }, 120_000);
  afterAll(async () => { await scene[Symbol.asyncDispose](); }, 60_000);

  it('do not come in again: neither before their upload is proven nor after', async () => {
    const uploader = scene.stage('icloud-uploader');
    await read('icloud');
    await read('folder');
    // killed between hand-over and proof, and gone for as long as iCloud takes to show what was handed over
    await waitFor(() => cloud.uploads.copies().size > 0, { timeoutMs: 90_000, everyMs: 5, describe: () => 'a file to be put' });
    await uploader.kill();
    const handedOff = (await scene.deliveries()).filter(({ state }) => state === 'handed_off').length;
    expect(handedOff).toBeGreaterThan(0);
    await waitFor(() => cloud.library.assets().length === fromCloud + cloud.uploads.copies().size, { describe: () => 'iCloud to show what was put' });
    const put = cloud.uploads.copies().size;
    const downloaded = downloads();
    for (const full of [false, true]) await read('icloud', full);
    expect(await scene.assetCount()).toBe(all);
    expect((await counts()).full).toMatchObject({ taken: 0, here: fromCloud, skipped: { own_upload: put }, difference: 0 });
    process.stdout.write(`killed with ${handedOff} handed over, ${put} of them in iCloud\n`);

    uploader.start();
    await scene.allEnded(all, 120_000);
    const proven = await scene.deliveries();
    expect(proven.map(({ state }) => state)).toEqual(Array(proven.length).fill('proven'));
    const copies = cloud.uploads.copies();
    expect([...copies.values()]).toEqual(Array(copies.size).fill(1));
    expect(copies.size).toBe(proven.length);
    // the edit is a file of its own, with a rendition of its own
    expect(proven).toHaveLength(all + 1);

    await read('icloud');
    expect((await counts()).changes).toMatchObject({ taken: 0, here: 0 });
    for (const everything of [true, false]) await read('icloud', everything);
    const { full } = await counts();
    const listed = fromCloud + copies.size;
    expect(full).toMatchObject({ listed, taken: 0, here: fromCloud, skipped: { own_upload: copies.size }, difference: 0, server: { before: listed, after: listed } });
    expect(await scene.assetCount()).toBe(all);
    expect(downloads()).toBe(downloaded);
    expect(await scene.database.assets.countByState()).toMatchObject({ sorted: all });
    expect(cloud.uploads.copies()).toEqual(copies);
  }, 300_000);

  const downloads = (): number => cloud.traffic.count(/^GET \/B\//);
  const counts = async () => ((await scene.database.cursors.get('icloud', 'zone:PrimarySync'))?.counts ?? {}) as { readonly full?: Count; readonly changes?: Count | null };

  /** As `icloud sync [--full]`, to its end. */
  async function read(source: 'icloud' | 'folder', full = false): Promise<void> {
    const since = new Date();
    await scene.bus.publish(emit('media.ingest.requested', { source, ...(full && { full }) }, `circle-test-${source}-${since.getTime()}`));
    if (source === 'folder') return;
    await waitFor(
      async () => {
        const cursor = await scene.database.cursors.get('icloud', 'database');
        const through = (await scene.bus.lag()).every(({ durable, pending, underWay }) => durable !== 'ingest-icloud' || pending + underWay === 0);
        return cursor !== null && cursor.updatedAt >= since && through;
      },
      { timeoutMs: 60_000, describe: () => 'the reading to end' },
    );
  }
});
