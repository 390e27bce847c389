import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Bus } from '@media-pipeline/bus';
import { emit } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { reconcile } from '@media-pipeline/stage';
import { crashSeed, makePicture, pick, seededRandom, sha256Of, StageProcess, startNats, waitFor, type TestNats } from '@media-pipeline/testing';

const [contents, copies, kills] = [40, 4, 16];

describe(`two replicas of dedupe, killed at random (seed ${crashSeed})`, () => {
  let place: string;
  let library: string;
  let nats: TestNats;
  let database: Database;
  let stages: StageProcess[] = [];

  beforeAll(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'media-replicas-'));
    library = path.join(place, 'library');
    for (let copy = 0; copy < copies; copy++) await mkdir(path.join(place, `source/${copy}`), { recursive: true });
    // the copies of a content come one behind the other: both replicas have them at the same time
    for (let content = 0; content < contents; content++) {
      const picture = await makePicture(content);
      for (let copy = 0; copy < copies; copy++) await writeFile(path.join(place, `source/${copy}/IMG_${content}.JPG`), picture);
    }
    await mkdir(library);
    nats = await startNats();
    database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    const environment = { NAS_MOUNT: library, FOLDER_SOURCE_PATH: path.join(place, 'source'), FOLDER_SOURCE_STABLE_SECONDS: '0', MESSAGE_TIMEOUT_SECONDS: '3', MAX_PROCESSING_FILES: '20', NATS_URL: nats.url };
    stages = (['ingest', 'dedupe', 'dedupe'] as const).map((name, index) => new StageProcess(name, environment, path.join(place, `${name}-${index}.log`)));
  }, 120_000);
  afterAll(async () => {
    await Promise.all(stages.map((stage) => stage.stop()));
    await database.close();
    await nats.destroy();
    await rm(place, { recursive: true, force: true });
  }, 60_000);

  it('keep one of each content, and every byte of the others', async () => {
    const random = seededRandom(crashSeed);
    const [ingest, one, other] = stages;
    if (!ingest || !one || !other) throw new Error('three stages were asked for');
    for (const stage of stages) stage.start();
    const bus = await Bus.connect({ url: nats.url, name: 'replicas-test', tuning: { ackWaitMs: 3_000 } });
    await bus.publish(emit('media.ingest.requested', {}, 'replicas-test'));
    for (let kill = 0; kill < kills; kill++) {
      await pause(100 + random() * 500); // chaos is paced by the clock; nothing is asserted on it
      const victim = pick(random, [one, other, one, other, ingest]);
      await victim.kill();
      victim.start();
    }
    await bus.publish(emit('media.ingest.requested', {}, 'replicas-test-again'));
    let lastLook = Date.now();
    const judged = async (): Promise<boolean> => {
      const { unique, duplicate } = await database.assets.countByState();
      if (unique + duplicate === contents * copies) return true;
      if (Date.now() - lastLook > 5_000) {
        lastLook = Date.now();
        await reconcile({ bus, database });
      }
      return false;
    };
    await waitFor(judged, { timeoutMs: 120_000, everyMs: 250, describe: () => 'every photo to be judged' });
    // moved to cleanup/ by whoever judged it, or, when that one was killed, by whoever gets the message again
    await waitFor(async () => (await bus.lag()).every(({ durable, pending, underWay }) => durable !== 'dedupe' || pending + underWay === 0), { timeoutMs: 60_000, describe: () => 'dedupe to be idle' });
    await bus.close();

    const assets = await database.assets.list({ limit: 1_000 });
    const byState = (state: string): AssetWithFiles[] => assets.filter((asset) => asset.state === state);
    expect([byState('unique').length, byState('duplicate').length]).toEqual([contents, contents * (copies - 1)]);
    const kept = new Map(byState('unique').map((asset) => [asset.id, asset.files[0]?.sha256]));
    expect(new Set(kept.values()).size).toBe(contents);
    for (const { id, files, duplicateOf, state } of assets) {
      const [file] = files;
      expect([id, await sha256Of(path.join(library, file?.path ?? ''))]).toEqual([id, file?.sha256]);
      if (state === 'duplicate') expect([id, kept.get(duplicateOf ?? ''), file?.path.split('/')[0]]).toEqual([id, file?.sha256, 'cleanup']);
    }
    expect(await database.journal.unfinished()).toEqual([]);
  }, 300_000);
});
