import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import type { Bus } from '@media-pipeline/bus';
import { loadConfig } from '@media-pipeline/config';
import { LibraryPath } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import { seededRandom } from '@media-pipeline/testing';
import { LikenessWatch } from './likeness-watch';

// an answer of the broker is believed for two seconds: here, each is asked for anew
let clock = Date.now();
jest.spyOn(Date, 'now').mockImplementation(() => (clock += 10_000));

let root: string;
let library: Library;
let database: Database;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'likeness-watch-'));
  library = Library.at(root);
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(root, 'db.sqlite') });
});
afterEach(async () => {
  await database.close();
  await rm(root, { recursive: true });
});

/** A picture with shapes in it, unlike any other seed's. */
function scene(seed: number, width: number): Promise<Buffer> {
  const random = seededRandom(seed);
  const shade = (): string => `rgb(${[0, 1, 2].map(() => Math.round(random() * 255)).join()})`;
  const shapes = Array.from({ length: 9 }, () => `<ellipse cx="${random() * 800}" cy="${random() * 600}" rx="${40 + random() * 120}" ry="${40 + random() * 90}" fill="${shade()}"/>`);
  return sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="${shade()}"/>${shapes.join('')}</svg>`)).resize(width).jpeg().toBuffer();
}

async function add(name: string, bytes: Buffer): Promise<string> {
  const place = LibraryPath.parse(`originals/${name}`);
  await mkdir(library.areas.originals, { recursive: true });
  await writeFile(library.absolute(place), bytes);
  const asset = await database.assets.adopt(place, { filename: name, kind: 'photo', ...(await hashFile(library.absolute(place))), modifiedAt: new Date() });
  await database.assets.move(asset.id, 'discovered', 'unique', { step: 'dedupe', status: 'success', message: 'new', assetId: asset.id });
  return asset.id;
}

/** Answers of the broker in their order, the last one for ever: whether a consumer has something to do. */
function watch(...busy: readonly boolean[]): { readonly watch: LikenessWatch; asked(): number } {
  let asked = 0;
  const lag: Bus['lag'] = () => {
    const underWay = busy[Math.min(asked++, busy.length - 1)] === true ? 1 : 0;
    return Promise.resolve([{ durable: 'compressor', stage: 'compressor', pending: 0, underWay, redelivered: 0 }]);
  };
  const { config } = loadConfig({ env: { NAS_MOUNT: root } });
  return { watch: new LikenessWatch(config, database, library, { lag }, pino({ level: 'silent' })), asked: () => asked };
}
const groups = () => database.likeness.groups({ limit: 10 });

describe('the search for similar pictures of a service', () => {
  beforeEach(async () => {
    await add('IMG_1.jpg', await scene(1, 800));
    await add('small.jpg', await scene(1, 300));
    await add('IMG_2.jpg', await scene(2, 800));
  });

  it('looks while nothing else is to be done, and not before', async () => {
    const { watch: watching } = watch(true, true, false);
    await watching.look();
    await watching.look();
    expect(await database.likeness.countMissing(1)).toBe(3);
    await watching.look();
    expect(await groups()).toMatchObject([{ kind: 'copy', members: [{}, {}] }]);
  });

  it('gives way to work, and goes on afterwards where it was', async () => {
    // idle, idle before the first picture, busy before the second
    const { watch: watching } = watch(false, false, true, false);
    await watching.look();
    expect([await database.likeness.countMissing(1), await groups()]).toEqual([2, []]);
    await watching.look();
    expect(await groups()).toHaveLength(1);
  });

  it('compares what it has looked at, even when it was interrupted in between, and in another process', async () => {
    // idle until all three are looked at; busy before the first comparison
    const first = watch(false, false, false, false, true, false);
    await first.watch.look();
    expect([await database.likeness.countMissing(1), await groups()]).toEqual([0, []]);
    await first.watch.look();
    expect(await groups()).toHaveLength(1);
    await add('tiny.jpg', await scene(1, 200));
    await watch(false, false, true).watch.look();
    expect((await groups())[0]?.members).toHaveLength(2);
    await watch(false).watch.look();
    expect((await groups())[0]?.members).toHaveLength(3);
  });

  it('leaves the disk and the database alone when there is nothing new', async () => {
    const { watch: watching, asked } = watch(false);
    await watching.look();
    const after = asked();
    await watching.look();
    await watching.look();
    expect(asked() - after).toBe(2);
  });

  it('ends at once with the stage', async () => {
    const { watch: watching } = watch(false);
    const looking = watching.look();
    await watching.onModuleDestroy();
    await looking;
    expect(await groups()).toEqual([]);
  });
});
