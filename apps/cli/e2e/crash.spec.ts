import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Bus } from '@media-pipeline/bus';
import { emit, stageNames, terminalStates } from '@media-pipeline/contracts';
import { Database } from '@media-pipeline/schema';
import { reconcile } from '@media-pipeline/stage';
import { auditLibrary, crashSeed, makePictureFolder, pick, seededRandom, sha256Of, StageProcess, startNats, waitFor, workspaceRoot, type PictureFolder, type TestNats } from '@media-pipeline/testing';

const seed = crashSeed;
const pictures = 240;
const kills = 40;

describe(`stages killed at random (seed ${seed})`, () => {
  let place: string;
  let library: string;
  let source: PictureFolder;
  let nats: TestNats;
  let stages: StageProcess[];
  let database: Database;

  beforeAll(async () => {
    await access(path.join(workspaceRoot, 'dist/apps/ingest/src/main.js')).catch(() => {
      throw new Error('the stages are not built: npm run build');
    });
    process.stdout.write(`crash test seed: ${seed}\n`);
    place = await mkdtemp(path.join(tmpdir(), 'media-crash-'));
    library = path.join(place, 'library');
    await mkdir(library);
    source = await makePictureFolder(path.join(place, 'source'), pictures, seed);
    nats = await startNats();
    const environment = {
      NAS_MOUNT: library,
      FOLDER_SOURCE_PATH: source.directory,
      FOLDER_SOURCE_STABLE_SECONDS: '0',
      FOLDER_SOURCE_SCAN_SECONDS: '5',
      BRIDGE_MAX_WAIT_SECONDS: '2',
      MAX_PROCESSING_FILES: '25',
      MESSAGE_TIMEOUT_SECONDS: '3',
      LOG_LEVEL: 'info',
      NATS_URL: nats.url,
    };
    database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    stages = stageNames.map((name) => new StageProcess(name, environment, path.join(place, `${name}.log`)));
    stages.forEach((stage) => stage.start());
  }, 120_000);

  afterAll(async () => {
    await Promise.all(stages.map((stage) => stage.stop()));
    await database.close();
    await nats.destroy();
    if (process.env['MEDIA_PIPELINE_KEEP'] === undefined) await rm(place, { recursive: true, force: true });
  }, 60_000);

  it('lose nothing, do nothing twice, leave nothing behind', async () => {
    const random = seededRandom(seed);
    const brokerDies = Math.floor(kills / 3 + random() * (kills / 3));
    const [first, ...rest] = stages;
    if (!first) throw new Error('no stages');
    for (let kill = 0; kill < kills; kill++) {
      await pause(100 + random() * 500); // chaos is paced by the clock; nothing is asserted on it
      if (kill === brokerDies) {
        await nats.kill();
        await nats.start();
      }
      const victim = pick(random, [first, ...rest]);
      await victim.kill();
      victim.start();
    }

    const bus = await Bus.connect({ url: nats.url, name: 'crash-test', tuning: { ackWaitMs: 3_000 } });
    await bus.publish(emit('media.ingest.requested', {}, 'crash-test'));
    await settled(bus);
    await bus.close();
    // A stage that starts sweeps what its killed forerunners left half written.
    // null: the last kill was so late that its successor had not come far enough to drain.
    for (const stage of stages) expect([0, null]).toContain(await stage.stop());
    for (const stage of stages) stage.start();
    const restarted = await Bus.connect({ url: nats.url, name: 'crash-test', tuning: { ackWaitMs: 3_000 } });
    await settled(restarted);
    await restarted.close();
    await Promise.all(stages.map((stage) => stage.stop()));

    const archived = new Set<string>();
    for (const [name, kind] of source.files) if (kind !== 'broken') archived.add(await sha256Of(path.join(source.directory, name)));
    expect(await auditLibrary({ root: library, database, archived })).toEqual([]);

    const broken = [...source.files.values()].filter((kind) => kind === 'broken').length;
    const duplicates = [...source.files.values()].filter((kind) => kind === 'duplicate').length;
    const counts = await database.assets.countByState();
    expect(counts).toMatchObject({ sorted: pictures - broken - duplicates, duplicate: duplicates, set_aside: broken, failed: 0 });
    // a compressor that leaves everything alone would survive any kill
    const sorted = await database.assets.list({ state: 'sorted', limit: pictures });
    expect(sorted.filter(({ renditions }) => renditions.some(({ outcome }) => outcome === 'compressed')).length).toBeGreaterThan(pictures / 2);
  }, 240_000);

  /** Every asset of the source has ended and no message is left; what nothing drives is said again, as `reconcile` would. */
  async function settled(bus: Bus): Promise<void> {
    let lastLook = Date.now();
    await waitFor(
      async () => {
        const counts = await database.assets.countByState();
        const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
        const ended = terminalStates.reduce((sum, state) => sum + counts[state], 0);
        if (all === pictures && ended === pictures) return true;
        if (Date.now() - lastLook > 5_000) {
          lastLook = Date.now();
          await reconcile({ bus, database });
        }
        return false;
      },
      { timeoutMs: 150_000, everyMs: 250, describe: () => 'every asset to end' },
    );
    await waitFor(async () => (await bus.lag()).every(({ pending, underWay }) => pending + underWay === 0), { timeoutMs: 60_000, describe: () => 'the broker to be idle' });
  }
});
