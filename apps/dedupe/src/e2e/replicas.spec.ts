import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { loadConfig } from '@media-pipeline/config';
import { LibraryPath, type Outcome } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import { Database, type AssetWithFiles, type DatabaseConfig } from '@media-pipeline/schema';
import { startPostgres, type TestPostgres } from '@media-pipeline/testing';
import { DuplicateShelf } from '../adapters/duplicate-shelf';
import { MediaInspector } from '../adapters/media-inspector';
import { OutsideFiles } from '../adapters/outside-files';
import { DedupeService } from '../dedupe.service';
import { Judgement } from '../judgement';

let root: string;
let library: Library;
let server: TestPostgres;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dedupe-'));
  library = Library.at(path.join(root, 'library'));
  await library.prepare();
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const quiet = pino({ level: 'silent' });

/** A replica of the stage: its own connection to the database, the library that all share. */
function replica(database: Database, env: Record<string, string> = {}): DedupeService {
  const { config } = loadConfig({ env: { NAS_MOUNT: library.root, PIPELINE_EXECUTION_MODE: 'single', ...env } });
  const inspector = new MediaInspector(library);
  const outside = new OutsideFiles(config, database, library, quiet);
  return new DedupeService(database, new Judgement(config, database, inspector, outside), new DuplicateShelf(library, new FileMover(library, database.journal)), inspector);
}

/** Takes files in as ingest does: bytes in originals/, state discovered. */
async function takeIn(database: Database, files: readonly { readonly name: string; readonly content: string; readonly modifiedAt?: Date }[]): Promise<AssetWithFiles> {
  const prefix = randomUUID();
  const [asset] = await database.assets.reserve([{
    source: 'folder', sourceKey: prefix, kind: files.length > 1 ? 'live_photo' : 'photo',
    files: files.map(({ name, content, modifiedAt = new Date('2021-05-03T12:00:00Z') }, index) => ({
      role: index === 0 ? 'primary' as const : 'live_video' as const, filename: name, path: LibraryPath.parse(`originals/${prefix}/${name}`), bytes: content.length, sourcePath: `/${prefix}/${name}`, fingerprint: '1:1:1', modifiedAt,
    })),
  }]);
  if (!asset) throw new Error('nothing was reserved');
  for (const [index, file] of asset.files.entries()) {
    const place = library.absolute(file.path);
    await mkdir(path.dirname(place), { recursive: true });
    await writeFile(place, files[index]?.content ?? '');
  }
  await database.assets.arrived(asset.id, asset.files.map((file, index) => ({ fileId: file.id, sha256: createHash('sha256').update(files[index]?.content ?? '').digest('hex'), bytes: file.bytes })), { step: 'ingest', status: 'success', message: 'here', assetId: asset.id });
  return (await database.assets.find(asset.id)) ?? asset;
}

const emitted = (outcome: Outcome): string[] => ('emits' in outcome ? [...(outcome.emits as Iterable<{ subject: string }>)].map(({ subject }) => subject) : [outcome.kind]);

describe.each([
  ['SQLite', (): DatabaseConfig => ({ kind: 'sqlite', file: path.join(root, 'one.sqlite') })],
  ['Postgres', (): DatabaseConfig => ({ kind: 'postgres', url: server.urls[0] ?? '' })],
])('dedupe on %s', (_engine, config) => {
  let one: Database;
  let other: Database;
  beforeAll(async () => {
    [one, other] = await Promise.all([Database.open(config()), Database.open(config())]);
  });
  afterAll(async () => {
    await one.close();
    await other.close();
  });

  const judge = async (service: DedupeService, assetId: string): Promise<void> => {
    for (let tries = 0; tries < 10; tries++) if ((await service.judge({ assetId })).kind !== 'retry') return;
    throw new Error('judged by somebody else ten times');
  };
  const now = async (asset: AssetWithFiles): Promise<AssetWithFiles> => (await one.assets.find(asset.id)) ?? asset;

  it('keeps one of each content, whoever judges at once and however often messages come', async () => {
    const content = fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 2, maxLength: 6 }), fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 12 }), fc.boolean(), async (wanted, redelivered, together) => {
        const salt = randomUUID();
        const assets = await Promise.all(wanted.map((files) => takeIn(one, files.map((n) => ({ name: `IMG_${n}.jpg`, content: `${salt} ${n}` })))));
        const services = [replica(one), replica(other)];
        const deliveries = [...redelivered.map(([which, first]) => ({ asset: assets[which % assets.length], first })), ...assets.map((asset, i) => ({ asset, first: i % 2 === 0 }))];
        const work = deliveries.map(({ asset, first }) => () => judge(services[first ? 0 : 1]!, asset?.id ?? ''));
        if (together) await Promise.all(work.map((start) => start()));
        else for (const start of work) await start();
        const after = await Promise.all(assets.map(now));
        const kept = after.filter(({ state }) => state === 'unique');
        const hashesOf = ({ files }: AssetWithFiles): string[] => files.map(({ sha256 }) => sha256 ?? '');
        for (const asset of after) {
          // everything lies where the database says
          for (const file of asset.files) expect(createHash('sha256').update(await readFile(library.absolute(file.path))).digest('hex')).toBe(file.sha256);
          if (asset.state === 'unique') continue;
          expect(asset.state).toBe('duplicate');
          const survivor = kept.find(({ id }) => id === asset.duplicateOf);
          expect(hashesOf(survivor ?? asset)).toEqual(expect.arrayContaining(hashesOf(asset)));
          expect(survivor).toBeDefined();
          for (const { path: place } of asset.files) expect(place).toMatch(/^cleanup\/duplicates\//);
        }
        // nothing is there twice as a whole
        const whole = kept.map((asset) => hashesOf(asset).sort().join());
        expect(new Set(whole).size).toBe(whole.length);
      }),
      { numRuns: 15 },
    );
  });

  it('gives the survivor the better name as long as it has none elsewhere, and says so', async () => {
    const salt = randomUUID();
    const copy = await takeIn(one, [{ name: 'IMG_1 (2).jpg', content: salt }]);
    const original = await takeIn(one, [{ name: 'IMG_1.jpg', content: salt, modifiedAt: new Date('2019-01-01T00:00:00Z') }]);
    await judge(replica(one), copy.id);
    expect(emitted(await replica(one).judge({ assetId: original.id }))).toEqual(['media.duplicate']);
    expect((await now(copy)).files[0]).toMatchObject({ filename: 'IMG_1.jpg', modifiedAt: new Date('2019-01-01T00:00:00Z') });
    expect(await one.duplicates.find(original.id)).toMatchObject({ survivorId: copy.id, better: 'newcomer', adopted: true, reason: expect.stringContaining('is not named as a copy') });
    expect((await one.log.list({ assetId: copy.id, limit: 5 })).map(({ message }) => message)).toEqual(expect.arrayContaining([expect.stringContaining('IMG_1.jpg from now on')]));
    expect((await one.journal.list({ assetId: original.id, limit: 1 }))[0]).toMatchObject({ reason: `duplicate of ${copy.id}`, state: 'done' });
  });

  it('keeps a pair whole, and reports the half that it makes superfluous', async () => {
    const salt = randomUUID();
    const half = await takeIn(one, [{ name: 'IMG_1.HEIC', content: `${salt} still` }]);
    const files = [{ name: 'IMG_1.HEIC', content: `${salt} still` }, { name: 'IMG_1.MOV', content: `${salt} video` }];
    const [pair, again] = [await takeIn(one, files), await takeIn(one, files)];
    for (const asset of [half, pair, again]) await judge(replica(one), asset.id);
    expect([await now(half), await now(pair), await now(again)].map(({ state, duplicateOf }) => [state, duplicateOf])).toEqual([['unique', null], ['unique', null], ['duplicate', pair.id]]);
    expect(await one.duplicates.find(pair.id)).toMatchObject({ kind: 'overlap', survivorId: half.id, better: 'newcomer' });
  });

  it('gives nothing up for bytes that are no longer there', async () => {
    const content = randomUUID();
    const [first, second, third] = [await takeIn(one, [{ name: 'a.jpg', content }]), await takeIn(one, [{ name: 'b.jpg', content }]), await takeIn(one, [{ name: 'c.jpg', content }])];
    await judge(replica(one), first.id);
    await unlink(library.absolute(first.files[0]!.path));
    await judge(replica(one), second.id);
    await judge(replica(one), third.id);
    expect((await now(second)).state).toBe('unique');
    expect(await now(third)).toMatchObject({ state: 'duplicate', duplicateOf: second.id });
  });

  it('counts what lies in DEDUPLICATION_DIRECTORIES as there, and only reads it', async () => {
    const outside = path.join(root, `outside-${randomUUID()}`);
    await mkdir(outside);
    const content = randomUUID();
    const place = path.join(outside, 'old.jpg');
    await writeFile(place, content);
    await utimes(place, 1, 1);
    const before = await stat(place);
    const service = replica(one, { DEDUPLICATION_DIRECTORIES: outside, DEDUPLICATION_BATCH_SIZE: '1' });
    const [known, sameSize, unknown] = [await takeIn(one, [{ name: 'IMG_7.jpg', content }]), await takeIn(one, [{ name: 'IMG_8.jpg', content: content.replace(/./, '#') }]), await takeIn(one, [{ name: 'IMG_9.jpg', content: 'other' + content }])];
    for (const asset of [known, sameSize, unknown]) await judge(service, asset.id);
    expect([await now(known), await now(sameSize), await now(unknown)].map(({ state }) => state)).toEqual(['duplicate', 'unique', 'unique']);
    expect(await one.duplicates.find(known.id)).toMatchObject({ survivorId: null, survivorPath: place });
    // its content belongs to nobody: without the outside copy a second one stays
    await unlink(place);
    const later = await takeIn(one, [{ name: 'IMG_7.jpg', content }]);
    await judge(service, later.id);
    expect((await now(later)).state).toBe('unique');
    expect(await readdir(outside)).toEqual([]);
    expect(before.mtimeMs).toBe(1000);
  });
});
