import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalICloud, type FaultName } from '@media-pipeline/local-icloud';
import { reconcile } from '@media-pipeline/stage';
import { crashSeed, makePictureFolder, seededRandom, waitFor, type PictureFolder, type StageProcess } from '@media-pipeline/testing';
import { cloudSettings, PipelineScene, signInOnce } from './pipeline-scene';

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
  let source: PictureFolder;
  let cloud: LocalICloud;
  let scene: PipelineScene;

  beforeAll(async () => {
    process.stdout.write(`icloud upload test seed: ${seed}\n`);
    scene = await PipelineScene.open('upload', async (place) => {
      source = await makePictureFolder(path.join(place.folder, 'source'), pictures, seed);
      cloud = await LocalICloud.start({ seed, account: { iterations: 100 } });
      place.closing.defer(async () => { await cloud.close(); });
      cloud.uploads.indexingMs = { least: 100, most: 600 };
      cloud.page.controlAfterMs = 200;
      await signInOnce(cloud, place);
      for (const name of faultNames) {
        cloud.faults.withProbability(name, faults[name] ?? 0);
        cloud.faults.after(name, 2);
      }
      const road = { FOLDER_SOURCE_PATH: source.directory, FOLDER_SOURCE_STABLE_SECONDS: '0', ENABLE_COMPRESSION: 'false', ENABLE_PIXEL_UPLOAD: 'false', MAX_PROCESSING_FILES: '40' };
      return { ...cloudSettings(cloud), ...road, ICLOUD_BATCH_SIZE: '20', ICLOUD_APPEAR_TIMEOUT: '2', ICLOUD_UPLOAD_TIMEOUT: '6' };
    });
  }, 120_000);
  afterAll(async () => { await scene[Symbol.asyncDispose](); }, 60_000);

  it('puts every file into iCloud exactly once, out of the bridge, and leaves no process behind', async () => {
    const random = seededRandom(seed);
    const uploader = scene.stage('icloud-uploader');
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
    await scene.allEnded(pictures, 240_000, nudge);
    expect(faultNames.filter((name) => cloud.faults.hits(name) === 0)).toEqual([]);
    expect(cloud.uploads.copies().size).toBe(wanted);
    expect([...cloud.uploads.copies().values()].filter((copies) => copies !== 1)).toEqual([]);
    const deliveries = await scene.deliveries();
    expect(deliveries.map(({ state }) => state)).toEqual(Array(wanted).fill('proven'));
    const proven = new Set(deliveries.map(({ evidence }) => (JSON.parse(evidence ?? '{}') as { recordName?: string }).recordName));
    expect(proven.size).toBe(wanted);
    expect(await filesUnder(path.join(scene.library, 'bridge/icloud'))).toEqual([]);
    expect((await filesUnder(path.join(scene.library, 'uploaded/icloud'))).filter((name) => !name.endsWith('.manifest.json'))).toHaveLength(wanted);
    expect((await scene.stop()).filter((code) => code !== 0 && code !== null)).toEqual([]);
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
    for (const letter of await scene.bus.deadLetters.list()) if (letter.stage === 'icloud-uploader') await scene.bus.deadLetters.retry(letter.sequence);
    await reconcile(scene);
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
