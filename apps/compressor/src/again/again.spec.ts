import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { LibraryPath, RenditionProof, type RecompressionEvent } from '@media-pipeline/contracts';
import { FileMover, hashFile, Library, placeLink } from '@media-pipeline/files';
import { Database, type AssetWithFiles, type JournalRepository, type Rendition } from '@media-pipeline/schema';
import { createLogger, Logger } from '@media-pipeline/stage';
import { makePicture, waitFor } from '@media-pipeline/testing';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import { CodecImageEncoder, CodecImageProver, ImageCodecs } from '../adapters/image';
import { defaultFfmpegOptions, Ffmpeg } from '../adapters/video';
import { CompressorService } from '../compressor.service';
import { kept, type EncodeJob, type EncodeResult } from '../encoder.port';
import { FileCompressor } from '../file-compressor';
import { Renderer } from '../renderer';
import { Workshop } from '../workshop';
import { AgainPass } from './again-pass';
import { Exchange } from './exchange';
import { Recompressor } from './recompressor';

const exiftool = new ExifTool({ maxProcs: 1 });
const codecs = new ImageCodecs(new Ffmpeg(defaultFfmpegOptions), exiftool);
afterAll(async () => {
  await codecs.onModuleDestroy();
  await exiftool.end();
});

/** sharp and mozjpeg as they are; counts, and does what the test tells it to do first. */
class WatchedEncoder extends CodecImageEncoder {
  readonly jobs: EncodeJob[] = [];
  before: (job: EncodeJob) => Promise<EncodeResult | undefined> = () => Promise.resolve(undefined);

  override async encode(job: EncodeJob): Promise<EncodeResult> {
    this.jobs.push(job);
    return (await this.before(job)) ?? super.encode(job);
  }
}

const logger: Logger = createLogger({ level: 'fatal' }, 'test');
let root: string;
let library: Library;
let database: Database;
let encoder: WatchedEncoder;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'media-again-'));
  library = Library.at(root);
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(root, '.media-pipeline', 'pipeline.db') });
  encoder = new WatchedEncoder(codecs);
});
afterEach(async () => {
  await database.close();
  await rm(root, { recursive: true });
});

const baseSettings = { COMPRESSION_INTERVAL_YEARS: '2', SUBSEQUENT_RESIZE_PERCENTAGE: '50', JPEG_QUALITY: '80' };
const settingsWith = (overrides: Record<string, string> = {}) => loadConfig({ env: {}, overrides: { NAS_MOUNT: root, ...baseSettings, ...overrides } }).config;
const rendererWith = (settings: ReturnType<typeof settingsWith>): Renderer => {
  const prover = new CodecImageProver(codecs);
  return new Renderer(new Workshop(settings, encoder, prover, encoder, prover));
};
function passWith(overrides: Record<string, string> = {}, journal: JournalRepository = database.journal): AgainPass {
  const settings = settingsWith(overrides);
  const exchange = new Exchange(library, new FileMover(library, journal), database, logger);
  return new AgainPass(settings, database, new Recompressor(settings, library, database, rendererWith(settings), exchange), exchange);
}
const quiet = { signal: new AbortController().signal };
const forReal = { years: 2, dryRun: false, alone: true };

async function present(id: string): Promise<AssetWithFiles> {
  const asset = await database.assets.find(id);
  if (!asset) throw new Error(`${id} is gone`);
  return asset;
}
const renditionOf = ({ renditions }: AssetWithFiles): Rendition => {
  const [rendition] = renditions;
  if (!rendition) throw new Error('no rendition');
  return rendition;
};

/** A photo that has come through the whole pipeline: compressed for real, archived, its intake copy in cleanup/. */
async function archivedPhoto(name: string, { seed = 1, archive = 'both', captureDate = '2021-05-03T12:00:00+02:00' } = {}): Promise<AssetWithFiles> {
  const bytes = await makePicture(seed, { width: 480, height: 360 });
  const from = LibraryPath.parse(`originals/${name}`);
  await mkdir(path.dirname(library.absolute(from)), { recursive: true });
  await writeFile(library.absolute(from), bytes);
  const file = { role: 'primary', filename: path.basename(name), path: from, bytes: bytes.length, sourcePath: `/source/${name}`, fingerprint: `${bytes.length}:1:1`, modifiedAt: new Date() } as const;
  const [reserved] = await database.assets.reserve([{ source: 'folder', sourceKey: name, kind: 'photo', files: [file] }]);
  const [media] = reserved?.files ?? [];
  if (!reserved || !media) throw new Error('nothing reserved');
  const { id } = reserved;
  const log = { step: 'ingest', status: 'info', message: 'test', assetId: id } as const;
  await database.assets.arrived(id, [{ fileId: media.id, ...(await hashFile(library.absolute(from))) }], log);
  await database.assets.move(id, 'discovered', 'unique', log);
  const settings = settingsWith();
  await new CompressorService(settings, database, new FileCompressor(settings, library, database, rendererWith(settings))).compress({ assetId: id }, { ...quiet, report: () => undefined });
  const rendition = renditionOf(await present(id));
  if (rendition.path === null || rendition.sha256 === null || rendition.bytes === null || rendition.outcome === 'kept') throw new Error(`kept: ${rendition.reason ?? ''}`);
  const original = LibraryPath.parse(`sorted/2021/05/03/${file.filename}`);
  if (archive !== 'compressed') {
    const content = await hashFile(library.absolute(from));
    await placeLink(library.absolute(from), library.absolute(original), content);
    await database.assets.setArchivedPath(media.id, original);
    await new FileMover(library, database.journal).move({ assetId: id, fileId: media.id, from, to: library.path('cleanup', 'archived', id, file.filename), ...content, reason: 'archived and proven' });
    await database.assets.setFilePath(media.id, original);
  }
  if (archive !== 'original') {
    const at = archive === 'both' ? LibraryPath.parse(original.replace(/(\.\w+)$/, '-compressed$1')) : original;
    await placeLink(library.absolute(rendition.path), library.absolute(at), { sha256: rendition.sha256, bytes: rendition.bytes });
    await database.renditions.setArchivedPath(rendition.id, at);
  }
  await database.assets.setCaptureDate(id, captureDate, 'test');
  for (const [before, after] of [['compressed', 'bridged'], ['bridged', 'verified'], ['verified', 'sorted']] as const) await database.assets.move(id, before, after, log);
  return present(id);
}

const filesBelow = async (area: string): Promise<string[]> =>
  (await readdir(path.join(root, area), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))).sort();
const shaAt = async (place: string | null): Promise<string> => (await hashFile(library.absolute(LibraryPath.parse(place)))).sha256;
const historyOf = async (id: string): Promise<string> => (await database.log.list({ assetId: id, limit: 10 })).map(({ message }) => message).join('\n');

describe('compressing again', () => {
  it('makes a smaller rendition from the archived original, puts it where the earlier one was, and keeps that one', async () => {
    const before = await archivedPhoto('2021/a b.jpg');
    const earlier = renditionOf(before);
    const original = await readFile(library.absolute(LibraryPath.parse(before.files[0]?.path)));
    const events: RecompressionEvent[] = [];
    const result = await passWith().run(forReal, { ...quiet, onEvent: (event) => events.push(event) });
    const after = await present(before.id);
    const rendition = renditionOf(after);

    expect(result).toMatchObject({ due: 1, replaced: 1, kept: 0, postponed: 0, bytesBefore: earlier.bytes, bytesAfter: rendition.bytes, finished: true });
    expect(events).toMatchObject([{ assetId: before.id, outcome: 'replaced', path: earlier.path, bytes: earlier.bytes, bytesAfter: rendition.bytes }]);
    expect(after).toMatchObject({ state: 'sorted', files: before.files });
    expect(rendition).toMatchObject({ outcome: 'compressed', path: earlier.path, archivedPath: earlier.archivedPath, sourceSha256: before.files[0]?.sha256 });
    expect(rendition.bytes).toBeLessThan((earlier.bytes ?? 0) * 0.6);
    expect(await sharp(library.absolute(LibraryPath.parse(rendition.path))).metadata()).toMatchObject({ width: 240, height: 180 });
    for (const place of [rendition.path, rendition.archivedPath]) expect(await shaAt(place)).toBe(rendition.sha256);
    expect(encoder.jobs.at(-1)?.source).toBe(library.absolute(LibraryPath.parse('sorted/2021/05/03/a b.jpg')));
    expect((await readFile(library.absolute(LibraryPath.parse('sorted/2021/05/03/a b.jpg')))).equals(original)).toBe(true);

    const proof = RenditionProof.parse(JSON.parse(rendition.proof ?? ''));
    expect(proof).toMatchObject({ madeAgain: { from: 'archived original', path: 'sorted/2021/05/03/a b.jpg', earlier: { sha256: earlier.sha256, bytes: earlier.bytes } }, source: { sha256: before.files[0]?.sha256 }, result: { sha256: rendition.sha256 } });
    const put = (await filesBelow('cleanup')).filter((place) => place.startsWith('cleanup/renditions/'));
    expect(put.map((place) => path.basename(place))).toEqual(['a b.jpg', 'a b-compressed.jpg'].sort((a, b) => put.findIndex((place) => place.endsWith(a)) - put.findIndex((place) => place.endsWith(b))));
    for (const place of put) expect(await shaAt(place)).toBe(earlier.sha256);
    expect(await filesBelow('compressed')).toEqual(['compressed/2021/a b.jpg']);
    expect(await historyOf(before.id)).toContain('Destinations keep what they were given');
    expect(await database.journal.unfinished()).toEqual([]);
    // what destinations have is still known as ours
    expect(await database.renditions.findByResult(earlier.sha256 ?? '')).toMatchObject({ assetId: before.id });
  });

  it('does so once; with other settings once more, and from the original again', async () => {
    const { id } = await archivedPhoto('a.jpg', { archive: 'original' });
    await passWith().run(forReal, quiet);
    const jobs = encoder.jobs.length;
    expect(await passWith().run(forReal, quiet)).toMatchObject({ due: 0, finished: true });
    expect(encoder.jobs).toHaveLength(jobs);
    expect(await passWith({ SUBSEQUENT_RESIZE_PERCENTAGE: '25' }).run(forReal, quiet)).toMatchObject({ replaced: 1 });
    expect(encoder.jobs.at(-1)?.source).toBe(path.join(root, 'sorted/2021/05/03/a.jpg'));
    expect(await sharp(path.join(root, 'compressed/a.jpg')).metadata()).toMatchObject({ width: 120 });
    expect(renditionOf(await present(id)).archivedPath).toBeNull();
    // back to a setting that was done before: it is not done again
    expect(await passWith().run(forReal, quiet)).toMatchObject({ due: 0 });
  });

  it('takes the original from originals/ where the archive has the rendition alone', async () => {
    const { id } = await archivedPhoto('a.jpg', { archive: 'compressed' });
    expect(await passWith().run(forReal, quiet)).toMatchObject({ replaced: 1 });
    const rendition = renditionOf(await present(id));
    expect(encoder.jobs.at(-1)?.source).toBe(path.join(root, 'originals/a.jpg'));
    expect([rendition.archivedPath, await shaAt('sorted/2021/05/03/a.jpg')]).toEqual(['sorted/2021/05/03/a.jpg', rendition.sha256]);
  });

  it('says what it would do without doing it', async () => {
    const asset = await archivedPhoto('a.jpg');
    await archivedPhoto('young.jpg', { seed: 2, captureDate: new Date().toISOString() });
    const [jobs, files] = [encoder.jobs.length, await filesBelow('.')];
    const events: RecompressionEvent[] = [];
    const result = await passWith().run({ ...forReal, dryRun: true }, { ...quiet, onEvent: (event) => events.push(event) });
    expect(result).toMatchObject({ due: 1, replaced: 0, bytesBefore: renditionOf(asset).bytes, unknown: 0, finished: true });
    expect(result.bytesAfter).toBeLessThan(result.bytesBefore);
    expect(events).toMatchObject([{ assetId: asset.id, outcome: 'would be tried', bytesAfter: result.bytesAfter }]);
    expect([encoder.jobs.length, await database.recompressions.ofAssets([asset.id])]).toEqual([jobs, []]);
    expect(await filesBelow('.')).toEqual(files);
  });

  it('remembers what would not be smaller, and keeps the earlier rendition', async () => {
    const asset = await archivedPhoto('a.jpg');
    const larger = { SUBSEQUENT_RESIZE_PERCENTAGE: '100', JPEG_QUALITY: '90', MIN_SAVING_PERCENT: '0' };
    expect(await passWith(larger).run(forReal, quiet)).toMatchObject({ due: 1, kept: 1, replaced: 0 });
    expect(await database.recompressions.ofAssets([asset.id])).toMatchObject([{ state: 'kept', code: 'NOT_SMALLER' }]);
    const jobs = encoder.jobs.length;
    expect(await passWith(larger).run(forReal, quiet)).toMatchObject({ due: 0 });
    expect(encoder.jobs).toHaveLength(jobs);
    expect(await present(asset.id)).toMatchObject({ renditions: asset.renditions });
    expect(await filesBelow('compressed')).toEqual(['compressed/a.jpg']);
  });

  it('makes nothing of an original, or instead of a rendition, whose bytes are not what they were', async () => {
    const [damaged, edited] = [await archivedPhoto('a.jpg'), await archivedPhoto('b.jpg', { seed: 2 })];
    const place = library.absolute(LibraryPath.parse(damaged.files[0]?.path));
    const bytes = await readFile(place);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await rm(place);
    await writeFile(place, bytes);
    await rm(path.join(root, 'compressed/b.jpg'));
    await writeFile(path.join(root, 'compressed/b.jpg'), 'mine');
    const jobs = encoder.jobs.length;
    expect(await passWith().run(forReal, quiet)).toMatchObject({ due: 2, postponed: 2 });
    expect(encoder.jobs).toHaveLength(jobs);
    for (const { id } of [damaged, edited]) expect(await database.recompressions.ofAssets([id])).toMatchObject([{ state: 'postponed', code: 'CONTENT_CHANGED' }]);
    expect(await historyOf(damaged.id)).toContain('is not the original that arrived');
    expect(await passWith().run(forReal, quiet)).toMatchObject({ due: 0 });
    expect(await readFile(path.join(root, 'compressed/b.jpg'), 'utf8')).toBe('mine');
  });

  it('leaves a copy in the archive that somebody has edited', async () => {
    const asset = await archivedPhoto('a.jpg');
    const copy = path.join(root, 'sorted/2021/05/03/a-compressed.jpg');
    await rm(copy);
    await writeFile(copy, 'mine');
    expect(await passWith().run(forReal, quiet)).toMatchObject({ replaced: 1 });
    expect([await readFile(copy, 'utf8'), renditionOf(await present(asset.id)).archivedPath]).toEqual(['mine', null]);
  });

  it('gives way, stops, and keeps to MAX_FILES_TO_PROCESS; then goes on with what is left', async () => {
    for (const [index, name] of ['a.jpg', 'b.jpg', 'c.jpg'].entries()) await archivedPhoto(name, { seed: index, archive: 'original' });
    const [from, stop] = [encoder.jobs.length, new AbortController()];
    expect(await passWith().run(forReal, { ...quiet, mayGoOn: () => Promise.resolve(encoder.jobs.length === from) })).toMatchObject({ replaced: 1, finished: false });
    encoder.before = () => {
      stop.abort(new Error('the stage ends'));
      return Promise.reject(new Error('aborted'));
    };
    expect(await passWith().run(forReal, { signal: stop.signal })).toMatchObject({ replaced: 0, postponed: 0, finished: false });
    encoder.before = () => Promise.resolve(undefined);
    expect(await passWith({ MAX_FILES_TO_PROCESS: '1' }).run(forReal, quiet)).toMatchObject({ replaced: 1, finished: false });
    expect(await passWith().run(forReal, quiet)).toMatchObject({ due: 1, replaced: 1, finished: true });
    expect(await filesBelow('compressed')).toHaveLength(3);
  });

  it('ends the pass when the disk is full, and postpones what the machine cannot do now', async () => {
    await archivedPhoto('a.jpg');
    encoder.before = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    await expect(passWith().run(forReal, quiet)).rejects.toMatchObject({ code: 'ENOSPC' });
    encoder.before = () => Promise.resolve(kept('NEEDS_MEMORY', 'not now'));
    expect(await passWith().run(forReal, quiet)).toMatchObject({ due: 1, postponed: 1 });
  });

  it('is taken over from a process that is gone; what that one had begun is removed', async () => {
    const asset = await archivedPhoto('a.jpg');
    const { due } = await passWith().run({ ...forReal, dryRun: true }, quiet);
    expect(due).toBe(1);
    encoder.before = async (job) => {
      await writeFile(path.join(path.dirname(job.temporary), 'a.jpg'), 'half');
      return new Promise<never>(() => undefined);
    };
    void passWith().run(forReal, quiet);
    await waitFor(() => encoder.jobs.length === 2);
    encoder.before = () => Promise.resolve(undefined);
    // another service would wait for a sign of life
    expect(await passWith().run({ ...forReal, alone: false }, quiet)).toMatchObject({ due: 0, replaced: 0 });
    expect(await passWith().run(forReal, quiet)).toMatchObject({ replaced: 1 });
    expect([await filesBelow('compressed'), renditionOf(await present(asset.id)).path]).toEqual([['compressed/a.jpg'], 'compressed/a.jpg']);
  });
});

describe('an exchange that is cut short', () => {
  /** The database's journal, until the power goes before its n-th step, or after it. */
  function failingAt(step: number, when: 'before' | 'after'): JournalRepository {
    let steps = 0;
    const cut = async <T>(work: () => Promise<T>): Promise<T> => {
      const here = steps++ === step;
      if (here && when === 'before') throw new Error('the power went');
      const done = await work();
      if (here) throw new Error('the power went');
      return done;
    };
    const { journal } = database;
    return { plan: (entry) => cut(() => journal.plan(entry)), finish: (id) => cut(() => journal.finish(id)), unfinished: () => journal.unfinished(), list: (filter) => journal.list(filter) };
  }

  const cuts = [0, 1, 2, 3, 4, 5].flatMap((step) => (['before', 'after'] as const).map((when) => [step, when] as const));

  it.each(cuts)('at step %i (%s) loses nothing, and is finished at the next start', async (step, when) => {
    const asset = await archivedPhoto('a.jpg');
    const earlier = renditionOf(asset);
    const original = await shaAt(asset.files[0]?.path ?? null);
    await passWith({}, failingAt(step, when)).run(forReal, quiet).catch(() => undefined);

    // as it stands there: the row names bytes that are there, and both renditions are somewhere
    const halfway = renditionOf(await present(asset.id));
    const files = await Promise.all((await filesBelow('.')).filter((place) => place.endsWith('.jpg')).map(async (place) => [place, await shaAt(place)] as const));
    expect(files.filter(([, sha]) => sha === earlier.sha256).length).toBeGreaterThan(0);
    expect([halfway.sha256, await shaAt(asset.files[0]?.path ?? null)]).toEqual([earlier.sha256, original]);
    expect(await database.recompressions.swapping()).toHaveLength(1);

    // the next start
    await new FileMover(library, database.journal).recover();
    const jobs = encoder.jobs.length;
    await passWith().run(forReal, quiet);
    const rendition = renditionOf(await present(asset.id));
    expect(encoder.jobs).toHaveLength(jobs);
    expect(rendition).toMatchObject({ path: earlier.path, archivedPath: earlier.archivedPath });
    expect(rendition.bytes).toBeLessThan(earlier.bytes ?? 0);
    for (const place of [rendition.path, rendition.archivedPath]) expect(await shaAt(place)).toBe(rendition.sha256);
    expect(await shaAt(asset.files[0]?.path ?? null)).toBe(original);
    expect((await filesBelow('cleanup')).filter((place) => place.startsWith('cleanup/renditions/'))).toHaveLength(2);
    expect([await filesBelow('compressed'), await database.journal.unfinished(), await database.recompressions.swapping()]).toEqual([['compressed/a.jpg'], [], []]);
  });
});
