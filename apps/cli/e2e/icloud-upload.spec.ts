import { access, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bus } from '@media-pipeline/bus';
import { stageNames, terminalStates } from '@media-pipeline/contracts';
import { endpointsFor, ICloudAccount } from '@media-pipeline/icloud';
import { LocalICloud, type FaultName } from '@media-pipeline/local-icloud';
import { Database } from '@media-pipeline/schema';
import { reconcile } from '@media-pipeline/stage';
import { crashSeed, makePictureFolder, seededRandom, StageProcess, startNats, waitFor, workspaceRoot, type PictureFolder, type TestNats } from '@media-pipeline/testing';

const seed = crashSeed;
const pictures = 300;
const kills = 16;

/** What goes wrong, how often beside the once that is sure; what strikes in a page is mostly dealt with by the page itself. */
const faults: Partial<Record<FaultName, number>> = {
  'createUploadUrl.429': 0.02,
  'createUploadUrl.503': 0.02,
  'createUploadUrl.quota': 0.02,
  'upload.503': 0.02,
  'upload.drop': 0.02,
  'upload.truncated': 0.02,
  'upload.410': 0.02,
  'upload.slow': 0.01,
  'upload.dead': 0.005,
  'putAsset.503': 0.05,
  'putAsset.drop': 0.05,
  'putAsset.dropAfter': 0.1,
  'putAsset.file500': 0.02,
  'putAsset.file503': 0.02,
  'putAsset.file503taken': 0.05,
  'putAsset.421': 0.02,
};
const faultNames = Object.keys(faults) as FaultName[];

describe(`an uploader and its browser killed at random (seed ${seed})`, () => {
  let place: string;
  let library: string;
  let source: PictureFolder;
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
    process.stdout.write(`icloud upload test seed: ${seed}\n`);
    place = await mkdtemp(path.join(tmpdir(), 'media-upload-'));
    library = path.join(place, 'library');
    const sessionFile = path.join(library, '.media-pipeline', 'icloud-session.json');
    await mkdir(path.dirname(sessionFile), { recursive: true });
    source = await makePictureFolder(path.join(place, 'source'), pictures, seed);
    cloud = await LocalICloud.start({ seed, account: { iterations: 100 } });
    opened.push(async () => await cloud.close());
    cloud.uploads.indexingMs = { least: 100, most: 600 };
    cloud.page.controlAfterMs = 200;
    const account = await ICloudAccount.open({ username: cloud.account.username, password: cloud.account.password, sessionFile, secretsKey: null, endpoints: endpointsFor('global', cloud.endpoints) });
    await account.signIn({ by: 'person' });
    await account.submitCode(cloud.account.latestCode ?? '');
    await account.close();
    nats = await startNats();
    opened.push(async () => await nats.destroy());
    bus = await Bus.connect({ url: nats.url, name: 'upload-test', tuning: { ackWaitMs: 3_000 } });
    opened.push(async () => await bus.close());
    const environment = {
      NAS_MOUNT: library,
      FOLDER_SOURCE_PATH: source.directory,
      FOLDER_SOURCE_STABLE_SECONDS: '0',
      ENABLE_COMPRESSION: 'false',
      ENABLE_PIXEL_UPLOAD: 'false',
      BRIDGE_MAX_WAIT_SECONDS: '2',
      MAX_PROCESSING_FILES: '40',
      ICLOUD_USERNAME: cloud.account.username,
      ICLOUD_PASSWORD: cloud.account.password,
      ICLOUD_AUTH_URL: cloud.endpoints.auth,
      ICLOUD_SETUP_URL: cloud.endpoints.setup,
      ICLOUD_PHOTOS_URL: cloud.pageUrl,
      ICLOUD_BATCH_SIZE: '20',
      ICLOUD_APPEAR_TIMEOUT: '2',
      ICLOUD_UPLOAD_TIMEOUT: '6',
      MESSAGE_TIMEOUT_SECONDS: '3',
      LOG_LEVEL: 'info',
      NATS_URL: nats.url,
    };
    database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    opened.push(async () => await database.close());
    stages = stageNames.map((name) => new StageProcess(name, environment, path.join(place, `${name}.log`)));
    opened.push(async () => await Promise.all(stages.map((stage) => stage.stop())));
    for (const name of faultNames) {
      cloud.faults.withProbability(name, faults[name] ?? 0);
      cloud.faults.after(name, 2);
    }
    stages.forEach((stage) => stage.start());
  }, 120_000);

  afterAll(async () => {
    for (const close of opened.reverse()) await close();
    if (process.env['MEDIA_PIPELINE_KEEP'] === undefined) await rm(place, { recursive: true, force: true });
  }, 60_000);

  it('puts every file into iCloud exactly once, out of the bridge, and leaves no process behind', async () => {
    const random = seededRandom(seed);
    const uploader = stages.find(({ name }) => name === 'icloud-uploader');
    if (!uploader) throw new Error('no uploader');
    const wanted = new Set([...source.files].filter(([, kind]) => kind !== 'duplicate').map(([file]) => file)).size;
    for (let kill = 0; kill < kills; kill++) {
      const enough = requests() + 1 + Math.floor(random() * 20);
      await waitFor(
        async () => {
          if (requests() >= enough || cloud.uploads.copies().size >= wanted) return true;
          await nudge();
          return false;
        },
        { timeoutMs: 90_000, everyMs: 5, describe: () => `the uploader to do something after ${kill} kills` },
      );
      if (random() < 0.5) {
        await uploader.kill();
        uploader.start();
      } else for (const pid of await chromiumProcesses(uploader)) if (pid.main) process.kill(pid.id, 'SIGKILL');
    }
    await waitFor(
      async () => {
        if (faultNames.every((name) => cloud.faults.hits(name) > 0) || cloud.uploads.copies().size >= wanted) return true;
        await nudge();
        return false;
      },
      { timeoutMs: 120_000, everyMs: 50, describe: () => 'every fault to strike' },
    );
    process.stdout.write(`faults: ${JSON.stringify(Object.fromEntries(faultNames.map((name) => [name, cloud.faults.hits(name)])))}; ${requests()} requests\n`);
    cloud.faults.clear();
    await waitFor(
      async () => {
        const counts = await database.assets.countByState();
        const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
        const ended = terminalStates.reduce((sum, state) => sum + counts[state], 0);
        if (all === pictures && ended === all) return true;
        await nudge();
        return false;
      },
      { timeoutMs: 240_000, everyMs: 250, describe: () => 'every photo to end' },
    );
    expect(faultNames.filter((name) => cloud.faults.hits(name) === 0)).toEqual([]);
    expect(cloud.uploads.copies().size).toBe(wanted);
    expect([...cloud.uploads.copies().values()].filter((copies) => copies !== 1)).toEqual([]);
    const deliveries = (await Promise.all((await database.batches.list({ limit: 1_000 })).map(async ({ id }) => await database.batches.deliveries(id)))).flat();
    expect(deliveries.map(({ state }) => state)).toEqual(Array(wanted).fill('proven'));
    const proven = new Set(deliveries.map(({ evidence }) => (JSON.parse(evidence ?? '{}') as { recordName?: string }).recordName));
    expect(proven.size).toBe(wanted);
    expect(await filesUnder(path.join(library, 'bridge/icloud'))).toEqual([]);
    expect((await filesUnder(path.join(library, 'uploaded/icloud'))).filter((name) => !name.endsWith('.manifest.json'))).toHaveLength(wanted);
    for (const stage of stages) expect([0, null]).toContain(await stage.stop());
    await waitFor(async () => (await chromiumProcesses(uploader)).length === 0, { timeoutMs: 20_000, describe: () => 'every Chromium to end' });
    expect((await readdir(tmpdir())).filter((name) => uploader.pids.some((pid) => name.startsWith(`media-pipeline-chromium-${pid}-`)))).toEqual([]);
    expect(cloud.account).toMatchObject({ pushes: 1, smsSent: 0 });
  }, 600_000);

  const requests = (): number => Object.values(cloud.uploads.requests).reduce((sum, count) => sum + count, 0);
  let nudged = 0;
  /** As an impatient person: what was given up is sent again, what nothing drives is said again. */
  async function nudge(): Promise<void> {
    if (Date.now() - nudged < 3_000) return;
    nudged = Date.now();
    for (const letter of await bus.deadLetters.list()) if (letter.stage === 'icloud-uploader') await bus.deadLetters.retry(letter.sequence);
    await reconcile({ bus, database });
  }
});

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Chromium processes of the uploader; `main` the one that holds the others. */
async function chromiumProcesses({ pids }: StageProcess): Promise<{ readonly id: number; readonly main: boolean }[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map(async (id) => ({ id: Number(id), line: await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '') })));
  return lines.filter(({ line }) => pids.some((pid) => line.includes(`media-pipeline-chromium-${pid}-`))).map(({ id, line }) => ({ id, main: !line.includes('--type=') }));
}
