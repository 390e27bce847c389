import { access, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Bus } from '@media-pipeline/bus';
import { emit } from '@media-pipeline/contracts';
import { LocalICloud } from '@media-pipeline/local-icloud';
import { Database } from '@media-pipeline/schema';
import { crashSeed, fillCloud, seededRandom, sha256Of, StageProcess, startNats, waitFor, workspaceRoot, type CloudPhotos, type TestNats } from '@media-pipeline/testing';

const seed = crashSeed;
const photos = 100;
const kills = 12;

describe(`an ingest killed at random while it takes iCloud in (seed ${seed})`, () => {
  let place: string;
  let library: string;
  let icloud: LocalICloud;
  let filled: CloudPhotos;
  let nats: TestNats;
  let database: Database;
  let bus: Bus;
  let ingest: StageProcess;

  beforeAll(async () => {
    await access(path.join(workspaceRoot, 'dist/apps/ingest/src/main.js')).catch(() => {
      throw new Error('the stage is not built: npm run build');
    });
    process.stdout.write(`iCloud crash test seed: ${seed}\n`);
    place = await mkdtemp(path.join(tmpdir(), 'icloud-crash-'));
    library = path.join(place, 'library');
    await mkdir(library);
    icloud = await LocalICloud.start({ seed, account: { iterations: 1_000 } });
    filled = await fillCloud(icloud.library, path.join(place, 'photos'), photos, seed);
    nats = await startNats();
    database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    bus = await Bus.connect({ url: nats.url, name: 'crash-test', tuning: { ackWaitMs: 3_000 } });
    await bus.provision();
    ingest = new StageProcess(
      'ingest',
      {
        NAS_MOUNT: library,
        NATS_URL: nats.url,
        ENABLE_FOLDER_DOWNLOAD: 'false',
        ENABLE_ICLOUD_DOWNLOAD: 'true',
        ICLOUD_USERNAME: icloud.account.username,
        ICLOUD_PASSWORD: icloud.account.password,
        ICLOUD_AUTH_URL: icloud.endpoints.auth,
        ICLOUD_SETUP_URL: icloud.endpoints.setup,
        ICLOUD_DOWNLOAD_LIMIT: '200KB',
        MESSAGE_TIMEOUT_SECONDS: '3',
        LOG_LEVEL: 'debug',
      },
      path.join(place, 'ingest.log'),
    );
  }, 120_000);

  afterAll(async () => {
    await ingest.stop();
    await bus.close();
    await database.close();
    await nats.destroy();
    await icloud.close();
    if (process.env['MEDIA_PIPELINE_KEEP'] === undefined) await rm(place, { recursive: true, force: true });
  }, 60_000);

  it('takes every photo once, every byte of it, with one sign-in', async () => {
    ingest.start();
    const code = await waitFor(() => icloud.account.latestCode);
    await bus.publish(emit('media.icloud.code', { code }, 'the code'));
    await waitFor(async () => (await database.cursors.list('icloud')).length > 0 || (await database.assets.countByState()).arriving > 0, { timeoutMs: 60_000 });

    for (const fault of ['download.flip', 'download.truncate', 'download.drop', 'download.410', 'download.html', 'download.ignoreRange', 'query.splitPairs', 'query.emptyPage'] as const) icloud.faults.withProbability(fault, 0.05);
    const random = seededRandom(seed);
    for (let kill = 0; kill < kills; kill++) {
      await pause(300 + random() * 1_200); // chaos is paced by the clock; nothing is asserted on it
      await ingest.kill();
      ingest.start();
    }
    await waitFor(async () => (await arrived()) >= filled.visible && (await idle()), { timeoutMs: 120_000, everyMs: 300, describe: () => `${filled.visible} assets; see ${place}` });

    const assets = await database.assets.list({ limit: 10_000 });
    const counts = await database.assets.countByState();
    expect({ ...counts, discovered: 0 }).toEqual(Object.fromEntries(Object.keys(counts).map((state) => [state, 0])));
    expect(new Set(assets.map(({ sourceRecord }) => sourceRecord)).size).toBe(filled.visible);
    expect(assets).toHaveLength(filled.visible);
    for (const { files } of assets) for (const { path: at, sha256, bytes } of files) {
      expect(await sha256Of(path.join(library, at))).toBe(sha256);
      expect((await readFile(path.join(library, at))).length).toBe(bytes);
    }
    const kept = (await readdir(path.join(library, 'originals'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(kept).toHaveLength(assets.flatMap(({ files }) => files).length);
    expect(new Set(assets.flatMap(({ files }) => files.map(({ sha256 }) => sha256)))).toEqual(filled.contents);
    // nobody took what ingest said: it is all there, for dedupe to find
    expect((await bus.lag()).find(({ durable }) => durable === 'dedupe')?.pending).toBeGreaterThanOrEqual(filled.visible);
    expect(icloud.account).toMatchObject({ signIns: 1, pushes: 1, smsSent: 0 });
    expect(await bus.deadLetters.list()).toEqual([]);
    expect(ingest.starts).toBe(kills + 1);
    expect(await readFile(ingest.logFile, 'utf8')).not.toContain(code);
  }, 240_000);

  const arrived = async (): Promise<number> => (await database.assets.countByState()).discovered;
  const idle = async (): Promise<boolean> => (await bus.lag()).filter(({ stage }) => stage === 'ingest').every(({ pending, underWay }) => pending + underWay === 0);
});
