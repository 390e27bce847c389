import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bus } from '@media-pipeline/bus';
import { emit, stageNames, terminalStates } from '@media-pipeline/contracts';
import { endpointsFor, ICloudAccount } from '@media-pipeline/icloud';
import { LocalICloud } from '@media-pipeline/local-icloud';
import { Database, type Delivery } from '@media-pipeline/schema';
import { makePicture, StageProcess, startNats, waitFor, workspaceRoot, type TestNats } from '@media-pipeline/testing';

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
  let place: string;
  let cloud: LocalICloud;
  let nats: TestNats;
  let bus: Bus;
  let database: Database;
  let stages: StageProcess[];
  const opened: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    await access(path.join(workspaceRoot, 'dist/apps/icloud-uploader/src/main.js')).catch(() => {
      throw new Error('the stages are not built: npm run build');
    });
    place = await mkdtemp(path.join(tmpdir(), 'media-circle-'));
    const [library, folder] = [path.join(place, 'library'), path.join(place, 'folder')];
    const sessionFile = path.join(library, '.media-pipeline', 'icloud-session.json');
    await mkdir(path.dirname(sessionFile), { recursive: true });
    await mkdir(folder);
    cloud = await LocalICloud.start({ account: { iterations: 100 } });
    opened.push(async () => await cloud.close());
    // long enough for a crash and a reading between put and proof
    cloud.uploads.indexingMs = { least: 500, most: 2_000 };
    for (let n = 0; n < fromCloud; n++) {
      const asset = await cloud.library.add({ filename: `IMG_${n}.JPG`, original: { data: await makePicture(n, { width: 640, height: 480 }), type: 'public.jpeg' }, takenAt: Date.UTC(2021, 4, n + 1) });
      if (n === 0) await cloud.library.edit(asset.recordName, { picture: { data: await makePicture(900, { width: 640, height: 480 }), type: 'public.jpeg' } });
    }
    // too small to be worth while: kept, and uploaded as they are
    for (let n = 0; n < fromFolder; n++) await writeFile(path.join(folder, `scan ${n}.jpg`), await makePicture(500 + n, { width: 8, height: 8 }));
    const account = await ICloudAccount.open({ username: cloud.account.username, password: cloud.account.password, sessionFile, secretsKey: null, endpoints: endpointsFor('global', cloud.endpoints) });
    await account.signIn({ by: 'person' });
    await account.submitCode(cloud.account.latestCode ?? '');
    await account.close();
    nats = await startNats();
    opened.push(async () => await nats.destroy());
    bus = await Bus.connect({ url: nats.url, name: 'circle-test', tuning: { ackWaitMs: 3_000 } });
    opened.push(async () => await bus.close());
    const environment = {
      NAS_MOUNT: library,
      ENABLE_ICLOUD_DOWNLOAD: 'true',
      FOLDER_SOURCE_PATH: folder,
      FOLDER_SOURCE_STABLE_SECONDS: '0',
      ENABLE_PIXEL_UPLOAD: 'false',
      JPEG_QUALITY: '60',
      BRIDGE_MAX_WAIT_SECONDS: '2',
      ICLOUD_USERNAME: cloud.account.username,
      ICLOUD_PASSWORD: cloud.account.password,
      ICLOUD_AUTH_URL: cloud.endpoints.auth,
      ICLOUD_SETUP_URL: cloud.endpoints.setup,
      ICLOUD_UPLOAD_ROUTE: 'http',
      ICLOUD_BATCH_SIZE: '4',
      ICLOUD_APPEAR_TIMEOUT: '8',
      MESSAGE_TIMEOUT_SECONDS: '3',
      LOG_LEVEL: 'info',
      NATS_URL: nats.url,
    };
    database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    opened.push(async () => await database.close());
    stages = stageNames.map((name) => new StageProcess(name, environment, path.join(place, `${name}.log`)));
    opened.push(async () => await Promise.all(stages.map((stage) => stage.stop())));
    stages.forEach((stage) => stage.start());
  }, 120_000);

  afterAll(async () => {
    for (const close of opened.reverse()) await close();
    if (process.env['MEDIA_PIPELINE_KEEP'] === undefined) await rm(place, { recursive: true, force: true });
  }, 60_000);

  it('do not come in again: neither before their upload is proven nor after', async () => {
    const uploader = stages.find(({ name }) => name === 'icloud-uploader');
    if (!uploader) throw new Error('no uploader');
    await read('icloud');
    await read('folder');
    // killed between hand-over and proof, and gone for as long as iCloud takes to show what was handed over
    await waitFor(() => cloud.uploads.copies().size > 0, { timeoutMs: 90_000, everyMs: 5, describe: () => 'a file to be put' });
    await uploader.kill();
    const handedOff = (await deliveries()).filter(({ state }) => state === 'handed_off').length;
    expect(handedOff).toBeGreaterThan(0);
    await waitFor(() => cloud.library.assets().length === fromCloud + cloud.uploads.copies().size, { describe: () => 'iCloud to show what was put' });
    const put = cloud.uploads.copies().size;
    const downloaded = downloads();
    for (const full of [false, true]) await read('icloud', full);
    expect(await assetCount()).toBe(all);
    expect((await counts()).full).toMatchObject({ taken: 0, here: fromCloud, skipped: { own_upload: put }, difference: 0 });
    process.stdout.write(`killed with ${handedOff} handed over, ${put} of them in iCloud\n`);

    uploader.start();
    await waitFor(
      async () => {
        const by = await database.assets.countByState();
        return terminalStates.reduce((sum, state) => sum + by[state], 0) === all;
      },
      { timeoutMs: 120_000, everyMs: 250, describe: () => 'every photo to end' },
    );
    const proven = await deliveries();
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
    expect(await assetCount()).toBe(all);
    expect(downloads()).toBe(downloaded);
    expect(await database.assets.countByState()).toMatchObject({ sorted: all });
    expect(cloud.uploads.copies()).toEqual(copies);
  }, 300_000);

  const downloads = (): number => cloud.traffic.count(/^GET \/B\//);
  const deliveries = async (): Promise<Delivery[]> => (await Promise.all((await database.batches.list({ limit: 1_000 })).map(async ({ id }) => await database.batches.deliveries(id)))).flat();
  const assetCount = async (): Promise<number> => Object.values(await database.assets.countByState()).reduce((sum, count) => sum + count, 0);
  const counts = async () => ((await database.cursors.get('icloud', 'zone:PrimarySync'))?.counts ?? {}) as { readonly full?: Count; readonly changes?: Count | null };

  /** As `icloud sync [--full]`, to its end. */
  async function read(source: 'icloud' | 'folder', full = false): Promise<void> {
    const since = new Date();
    await bus.publish(emit('media.ingest.requested', { source, ...(full && { full }) }, `circle-test-${source}-${since.getTime()}`));
    if (source === 'folder') return;
    await waitFor(
      async () => {
        const cursor = await database.cursors.get('icloud', 'database');
        const through = (await bus.lag()).every(({ durable, pending, underWay }) => durable !== 'ingest-icloud' || pending + underWay === 0);
        return cursor !== null && cursor.updatedAt >= since && through;
      },
      { timeoutMs: 60_000, describe: () => 'the reading to end' },
    );
  }
});
