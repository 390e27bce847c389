import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Bus } from '@media-pipeline/bus';
import { emit, stageNames, terminalStates } from '@media-pipeline/contracts';
import { endpointsFor, ICloudAccount } from '@media-pipeline/icloud';
import { LocalICloud, type FaultName } from '@media-pipeline/local-icloud';
import { Database } from '@media-pipeline/schema';
import { reconcile } from '@media-pipeline/stage';
import { auditLibrary, fillCloud, seededRandom, StageProcess, startNats, waitFor, workspaceRoot, type CloudPhotos, type TestNats } from '@media-pipeline/testing';

/** Give the printed seed again to see the same run: MEDIA_PIPELINE_CRASH_SEED=… npm test -- e2e/icloud */
const seed = Number(process.env['MEDIA_PIPELINE_CRASH_SEED'] ?? Math.floor(Math.random() * 1e6));
const assets = 500;
const kills = 25;
const password = 'correct horse battery staple';

/** Everything that goes wrong, and how often. What ends a session for good is not among them: then a person is needed, and asked (see the account's own tests). */
const faults: Partial<Record<FaultName, number>> = {
  'any.429': 0.005,
  'any.503': 0.005,
  drop: 0.01,
  'http200.rscd401': 0.01,
  'http200.hasError': 0.01,
  'service.421': 0.01,
  'service.450': 0.01,
  'query.throttled': 0.05,
  'query.splitPairs': 0.5,
  'query.emptyPage': 0.1,
  'query.recordError': 0.02,
  'token.expired': 0.1,
  'indexing.running': 0.1,
  'lookup.recordError': 0.02,
  'download.410': 0.03,
  'download.html': 0.03,
  'download.tinyError': 0.03,
  'download.truncate': 0.05,
  'download.flip': 0.05,
  'download.ignoreRange': 0.3,
  'download.drop': 0.05,
  'download.429': 0.02,
};

describe(`an iCloud where everything goes wrong, and an ingest killed at random (seed ${seed})`, () => {
  let place: string;
  let library: string;
  let cloud: LocalICloud;
  let photos: CloudPhotos;
  let nats: TestNats;
  let stages: StageProcess[];
  let database: Database;

  beforeAll(async () => {
    await access(path.join(workspaceRoot, 'dist/apps/ingest/src/main.js')).catch(() => {
      throw new Error('the stages are not built: npm run build');
    });
    process.stdout.write(`icloud test seed: ${seed}\n`);
    place = await mkdtemp(path.join(tmpdir(), 'media-icloud-'));
    library = path.join(place, 'library');
    const sessionFile = path.join(library, '.media-pipeline', 'icloud-session.json');
    await mkdir(path.dirname(sessionFile), { recursive: true });
    cloud = await LocalICloud.start({ seed, account: { password } });
    cloud.faults.retryAfterSeconds = 1;
    photos = await fillCloud(cloud.library, path.join(place, 'cloud'), assets, seed);
    await signInOnce(cloud, sessionFile);
    nats = await startNats();
    const environment = {
      NAS_MOUNT: library,
      ENABLE_FOLDER_DOWNLOAD: 'false',
      ENABLE_ICLOUD_DOWNLOAD: 'true',
      // the bytes are what counts here, and each encode of a video costs a third of a second
      ENABLE_VIDEO_COMPRESSION: 'false',
      ICLOUD_USERNAME: cloud.account.username,
      ICLOUD_PASSWORD: password,
      ICLOUD_AUTH_URL: cloud.endpoints.auth,
      ICLOUD_SETUP_URL: cloud.endpoints.setup,
      SECRETS_KEY: 'a key for this test alone',
      BRIDGE_MAX_WAIT_SECONDS: '2',
      MAX_PROCESSING_FILES: '50',
      MESSAGE_TIMEOUT_SECONDS: '3',
      LOG_LEVEL: 'info',
      NATS_URL: nats.url,
    };
    database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    stages = stageNames.map((name) => new StageProcess(name, environment, path.join(place, `${name}.log`)));
    for (const [name, probability] of Object.entries(faults)) cloud.faults.withProbability(name as FaultName, probability);
    stages.forEach((stage) => stage.start());
  }, 240_000);

  afterAll(async () => {
    await Promise.all(stages.map((stage) => stage.stop()));
    await database.close();
    await nats.destroy();
    await cloud.close();
    if (process.env['MEDIA_PIPELINE_KEEP'] === undefined) await rm(place, { recursive: true, force: true });
  }, 60_000);

  it('is taken in whole: every asset once, every byte as iCloud has it, with one sign-in', async () => {
    const random = seededRandom(seed);
    const ingest = stages.find(({ name }) => name === 'ingest');
    if (!ingest) throw new Error('no ingest');
    for (let kill = 0; kill < kills; kill++) {
      await pause(300 + random() * 1_700); // chaos is paced by the clock; nothing is asserted on it
      await ingest.kill();
      ingest.start();
    }
    await allEnded();

    const counts = await database.assets.countByState();
    expect(counts).toMatchObject({ sorted: photos.visible - photos.duplicates, duplicate: photos.duplicates, set_aside: 0, failed: 0 });
    for (const stage of stages) expect([0, null]).toContain(await stage.stop());
    expect(await auditLibrary({ root: library, database, archived: photos.contents })).toEqual([]);
    // one sign-in with one code, by the person at the beginning; whatever happened after that, the session was enough
    expect({ signIns: cloud.account.signIns, pushes: cloud.account.pushes, sms: cloud.account.smsSent }).toEqual({ signIns: 1, pushes: 1, sms: 0 });
  }, 300_000);

  /** Every visible asset has ended and no message is left; what nothing drives is said again, as `reconcile` would. */
  async function allEnded(): Promise<void> {
    const bus = await Bus.connect({ url: nats.url, name: 'icloud-test', tuning: { ackWaitMs: 3_000 } });
    let lastLook = 0;
    let rounds = 0;
    try {
      await waitFor(
        async () => {
          const counts = await database.assets.countByState();
          const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
          const ended = terminalStates.reduce((sum, state) => sum + counts[state], 0);
          if (all === photos.visible && ended === photos.visible) return true;
          if (Date.now() - lastLook > 5_000) {
            lastLook = Date.now();
            await reconcile({ bus, database });
            await bus.publish(emit('media.ingest.requested', { source: 'icloud' }, `icloud-test-${rounds++}`));
          }
          return false;
        },
        { timeoutMs: 200_000, everyMs: 250, describe: () => 'every asset to end' },
      );
      await waitFor(async () => (await bus.lag()).every(({ pending, underWay }) => pending + underWay === 0), { timeoutMs: 60_000, describe: () => 'the broker to be idle' });
    } finally {
      await bus.close();
    }
  }
});

/** As a person does with `media-pipeline icloud login`: the password, and the code that the phone shows. */
async function signInOnce(cloud: LocalICloud, sessionFile: string): Promise<void> {
  const endpoints = endpointsFor('global', cloud.endpoints);
  const account = await ICloudAccount.open({ username: cloud.account.username, password, sessionFile, secretsKey: 'a key for this test alone', endpoints });
  try {
    const asked = await account.signIn({ by: 'person' });
    expect(asked.kind).toBe('code_needed');
    expect((await account.submitCode(cloud.account.latestCode ?? '')).kind).toBe('signed_in');
  } finally {
    await account.close();
  }
}
