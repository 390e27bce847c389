import path from 'node:path';
import { emit } from '@media-pipeline/contracts';
import { LocalICloud, type FaultName } from '@media-pipeline/local-icloud';
import { reconcile } from '@media-pipeline/stage';
import { auditLibrary, crashSeed, fillCloud, seededRandom, waitFor, type CloudPhotos } from '@media-pipeline/testing';
import { cloudSettings, PipelineScene, signInOnce } from './pipeline-scene';

const seed = crashSeed;
const assets = 500;
const kills = 20;
const secretsKey = 'a key for this test alone';

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

/** A listing asks seldom: these strike at the first occasion, each so many times; the later ones when something has changed in iCloud. */
const atListing: Partial<Record<FaultName, number>> = { 'query.emptyPage': 3, 'query.recordError': 2, 'query.splitPairs': 2, 'lookup.recordError': 2, 'download.ignoreRange': 2 };
const atChanges: Partial<Record<FaultName, number>> = { 'token.expired': 1, 'indexing.running': 1 };
const faultNames = [...new Set([faults, atListing, atChanges].flatMap((some) => Object.keys(some)))] as FaultName[];

describe(`an iCloud where everything goes wrong, and an ingest killed at random (seed ${seed})`, () => {
  let cloud: LocalICloud;
  let photos: CloudPhotos;
  let scene: PipelineScene;
  let asked = 0;

  beforeAll(async () => {
    process.stdout.write(`icloud test seed: ${seed}\n`);
    scene = await PipelineScene.open('icloud', async (place) => {
      cloud = await LocalICloud.start({ seed });
      place.closing.defer(async () => { await cloud.close(); });
      cloud.faults.retryAfterSeconds = 1;
      photos = await fillCloud(cloud.library, path.join(place.folder, 'cloud'), assets, seed);
      await signInOnce(cloud, place, secretsKey);
      for (const [name, probability] of Object.entries(faults)) cloud.faults.withProbability(name as FaultName, probability);
      for (const [name, times] of Object.entries(atListing)) cloud.faults.once(name as FaultName, times);
      const road = { ENABLE_FOLDER_DOWNLOAD: 'false', ENABLE_ICLOUD_DOWNLOAD: 'true', MAX_PROCESSING_FILES: '50', SECRETS_KEY: secretsKey };
      // What goes out has a test of its own. The bytes are what counts here, and each encode of a video costs a third of a second.
      return { ...cloudSettings(cloud), ...road, ENABLE_ICLOUD_UPLOAD: 'false', ENABLE_VIDEO_COMPRESSION: 'false' };
    });
  }, 240_000);
  afterAll(async () => { await scene[Symbol.asyncDispose](); }, 60_000);

  it('is taken in whole: every asset once, every byte as iCloud has it, with one sign-in', async () => {
    const random = seededRandom(seed);
    const ingest = scene.stage('ingest');
    for (let kill = 0; kill < kills; kill++) {
      // Each life is long enough to fetch something, and ends in the middle of it.
      const enough = downloads() + 1 + Math.floor(random() * 25);
      await waitFor(
        async () => {
          if (downloads() >= enough) return true;
          await keepAsking();
          return false;
        },
        { timeoutMs: 60_000, everyMs: 5, describe: () => `the ingest to download something after ${kill} kills` },
      );
      await ingest.kill();
      ingest.start();
    }
    await allEnded(photos.visible);
    const counts = await scene.database.assets.countByState();
    expect(counts).toMatchObject({ sorted: photos.visible - photos.duplicates, duplicate: photos.duplicates, set_aside: 0, failed: 0 });
  }, 300_000);

  it('gives what is new there too, and takes nothing away here', async () => {
    const [first, second, third] = cloud.library.assets('PrimarySync').filter(({ trashed, hidden }) => !trashed && !hidden);
    if (!first || !second || !third) throw new Error('no assets');
    for (const [name, times] of Object.entries(atChanges)) cloud.faults.once(name as FaultName, times);
    cloud.library.trash(first.recordName);
    cloud.library.purge(second.recordName);
    cloud.library.favourite(third.recordName);
    const more = await fillCloud(cloud.library, path.join(scene.folder, 'more'), 40, seed + 1);
    await allEnded(photos.visible + more.visible);
    await waitFor(async () => (await scene.database.assets.countGone('icloud')).trashed > 0, { timeoutMs: 60_000, describe: () => 'the deletions to be recorded' });

    // What chance left out strikes now, one at a time: any reading meets it.
    for (const name of faultNames.filter((one) => cloud.faults.hits(one) === 0)) {
      cloud.faults.once(name);
      await waitFor(async () => (await keepAsking(), cloud.faults.hits(name) > 0), { timeoutMs: 60_000, describe: () => `${name} to strike` });
    }
    await allEnded(photos.visible + more.visible);

    expect((await scene.stop()).filter((code) => code !== 0 && code !== null)).toEqual([]);
    expect(await auditLibrary({ root: scene.library, database: scene.database, archived: new Set([...photos.contents, ...more.contents]) })).toEqual([]);
    // One sign-in with one code, by the person at the beginning. After that the session was enough, unless chance had the tokens refused twice in a row.
    const struck = Object.fromEntries(faultNames.map((name) => [name, cloud.faults.hits(name)]));
    process.stdout.write(`faults: ${JSON.stringify(struck)}; ${cloud.traffic.requests.length} requests\n`);
    const { signIns, loginsRefusedTwice, pushes, smsSent } = cloud.account;
    expect(signIns).toBeLessThanOrEqual(1 + loginsRefusedTwice);
    expect({ pushes, smsSent }).toEqual({ pushes: 1, smsSent: 0 });
  }, 300_000);

  const downloads = (): number => cloud.traffic.count(/^GET \/B\//);

  /** As an impatient person with `icloud sync`: what went wrong is tried again by the clock, in a minute or in an hour. */
  async function keepAsking(): Promise<void> {
    if (Date.now() - asked < 3_000) return;
    asked = Date.now();
    await scene.bus.publish(emit('media.ingest.requested', { source: 'icloud' }, `icloud-test-${asked}`));
  }

  /** Every visible asset has ended and no message is left; what nothing drives is said again, as `reconcile` would. */
  async function allEnded(visible: number): Promise<void> {
    let lastLook = 0;
    await scene.allEnded(visible, 200_000, async () => {
      if (Date.now() - lastLook > 5_000) {
        lastLook = Date.now();
        await reconcile(scene);
      }
      await keepAsking();
    });
    await waitFor(async () => (await scene.bus.lag()).every(({ pending, underWay }) => pending + underWay === 0), { timeoutMs: 60_000, describe: () => 'the broker to be idle' });
  }
});
