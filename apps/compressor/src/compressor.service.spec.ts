import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { PipelineError, RenditionProof, type LibraryPath, type Outcome } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import { Database, type AssetWithFiles, type FileRole } from '@media-pipeline/schema';
import { makePicture } from '@media-pipeline/testing';
import { CompressorService } from './compressor.service';
import { Encoder, kept, Prover, type EncodeJob, type EncodeResult, type Findings, type Footprint } from './encoder.port';
import { FileCompressor } from './file-compressor';
import type { KeepCode } from './keep-code';
import { Renderer } from './renderer';
import { Workshop } from './workshop';

/** Writes the first half of the source, and does what the test tells it to do besides. */
class HalvingEncoder extends Encoder {
  jobs: string[] = [];
  needs: Footprint | null = null;
  before: (job: EncodeJob) => Promise<EncodeResult | undefined> = () => Promise.resolve(undefined);

  override footprint(): Promise<Footprint | null> {
    return Promise.resolve(this.needs);
  }

  override async encode(job: EncodeJob): Promise<EncodeResult> {
    this.jobs.push(path.basename(job.source));
    const other = await this.before(job);
    if (other) return other;
    const bytes = await readFile(job.source);
    await writeFile(job.temporary, bytes.subarray(0, bytes.length >> 1));
    return { outcome: 'encoded', settings: { encoder: 'halving' } };
  }
}

class GivenProver extends Prover {
  difference: { code: KeepCode; reason: string } | null = null;

  found: Findings | null = null;

  override findings(): Findings | null {
    return this.found;
  }

  override prove(): Promise<{ code: KeepCode; reason: string } | null> {
    return Promise.resolve(this.difference);
  }
}

let root: string;
let library: Library;
let database: Database;
let encoder: HalvingEncoder;
let prover: GivenProver;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'media-compressor-'));
  library = Library.at(root);
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(root, '.media-pipeline', 'pipeline.db') });
  encoder = new HalvingEncoder();
  prover = new GivenProver();
});
afterEach(async () => {
  await database.close();
  await rm(root, { recursive: true });
});

function service(overrides: Record<string, string> = {}): CompressorService {
  const settings = loadConfig({ env: {}, overrides: { NAS_MOUNT: root, ...overrides } }).config;
  return new CompressorService(settings, database, new FileCompressor(settings, library, database, new Renderer(new Workshop(settings, encoder, prover, encoder, prover))));
}

/** An asset in state `unique` whose files lie in originals/. */
async function uniqueAsset(files: Record<string, { role?: FileRole; bytes: Buffer }>): Promise<AssetWithFiles> {
  const entries = Object.entries(files);
  for (const [name, { bytes }] of entries) {
    await mkdir(path.dirname(path.join(root, 'originals', name)), { recursive: true });
    await writeFile(path.join(root, 'originals', name), bytes);
  }
  const arriving = entries.map(([name, { role = 'primary', bytes }]) => ({ role, filename: path.basename(name), path: `originals/${name}` as LibraryPath, bytes: bytes.length, sourcePath: `/source/${name}`, fingerprint: `${bytes.length}:1:1`, modifiedAt: new Date() }));
  const [asset] = await database.assets.reserve([{ source: 'folder', sourceKey: entries[0]?.[0] ?? '', kind: 'photo', files: arriving }]);
  if (!asset) throw new Error('nothing reserved');
  const log = { step: 'ingest', status: 'info', message: 'test' } as const;
  const arrived = await Promise.all(asset.files.map(async ({ id, path: at }) => ({ fileId: id, ...(await hashFile(library.absolute(at))) })));
  await database.assets.arrived(asset.id, arrived, log);
  await database.assets.move(asset.id, 'discovered', 'unique', log);
  return await present(asset.id);
}

const present = async (id: string): Promise<AssetWithFiles> => {
  const asset = await database.assets.find(id);
  if (!asset) throw new Error(`${id} is gone`);
  return asset;
};
const attendance = { signal: new AbortController().signal, report: () => undefined };
const emitted = async (outcome: Outcome): Promise<string[]> => {
  const subjects: string[] = [];
  if ('emits' in outcome) for await (const { subject } of outcome.emits) subjects.push(subject);
  return subjects;
};
const compressedFiles = async (): Promise<string[]> => (await readdir(path.join(root, 'compressed'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));

describe('CompressorService', () => {
  it('makes a rendition under the same name, records it, and passes the asset on', async () => {
    const bytes = await makePicture(1);
    const asset = await uniqueAsset({ 'a/IMG 1.JPG': { bytes } });
    const outcome = await service().compress({ assetId: asset.id }, attendance);
    expect([outcome.kind, await emitted(outcome)]).toEqual(['done', ['media.compressed']]);
    const after = await present(asset.id);
    expect(after.state).toBe('compressed');
    expect(after.renditions).toMatchObject([{ outcome: 'compressed', path: 'compressed/a/IMG 1.JPG', bytes: bytes.length >> 1, sourceSha256: asset.files[0]?.sha256 }]);
    expect(await hashFile(library.absolute('compressed/a/IMG 1.JPG' as LibraryPath))).toMatchObject({ sha256: after.renditions[0]?.sha256 });
    expect(await compressedFiles()).toEqual(['compressed/a/IMG 1.JPG']);
    expect((await readFile(path.join(root, 'originals/a/IMG 1.JPG'))).equals(bytes)).toBe(true);
  });

  it('leaves what goes with a picture alone, though it is none', async () => {
    const asset = await uniqueAsset({
      'a.jpg': { bytes: await makePicture(1) },
      'a-edited.jpg': { role: 'edited', bytes: await makePicture(2) },
      'a.AAE': { role: 'sidecar', bytes: Buffer.from('<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"/>') },
    });
    expect((await service().compress({ assetId: asset.id }, attendance)).kind).toBe('done');
    expect((await present(asset.id)).renditions.map(({ outcome, code }) => `${outcome} ${code ?? ''}`)).toEqual(['compressed ', 'compressed ', 'kept SIDECAR']);
  });

  it('says the next thing again when the message comes again', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } });
    await service().compress({ assetId: asset.id }, attendance);
    const again = await service().compress({ path: 'originals/a.jpg' as LibraryPath }, attendance);
    expect([again.kind, await emitted(again)]).toEqual(['skip', ['media.compressed']]);
    expect(encoder.jobs).toEqual(['a.jpg']);
  });

  it('makes again only what is missing after a crash', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) }, 'a.png': { role: 'edited', bytes: await makePicture(2) } });
    encoder.before = (job) => (job.source.endsWith('.png') ? Promise.reject(new Error('the power went')) : Promise.resolve(undefined));
    await expect(service().compress({ assetId: asset.id }, attendance)).rejects.toThrow('the power went');
    expect((await present(asset.id)).state).toBe('unique');
    encoder.before = () => Promise.resolve(undefined);
    await service().compress({ assetId: asset.id }, attendance);
    expect(encoder.jobs).toEqual(['a.jpg', 'a.png', 'a.png']);
    expect((await present(asset.id)).renditions).toHaveLength(2);
    await rm(path.join(root, 'compressed/a.jpg'));
    expect(await compressedFiles()).toEqual(['compressed/a.png']);
  });

  it('does not do the same work twice for the same bytes and settings', async () => {
    const bytes = await makePicture(1);
    const [first, second] = [await uniqueAsset({ 'a.jpg': { bytes } }), await uniqueAsset({ 'b.jpg': { bytes } })];
    await service().compress({ assetId: first.id }, attendance);
    await service().compress({ assetId: second.id }, attendance);
    expect(encoder.jobs).toEqual(['a.jpg']);
    expect((await compressedFiles()).sort()).toEqual(['compressed/a.jpg', 'compressed/b.jpg']);
    const third = await uniqueAsset({ 'c.jpg': { bytes } });
    await service({ JPEG_QUALITY: '60' }).compress({ assetId: third.id }, attendance);
    expect(encoder.jobs).toEqual(['a.jpg', 'c.jpg']);
  });

  it('keeps the original, with the reason, when the result is not proven', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } });
    prover.difference = { code: 'PROOF_FAILED', reason: 'the picture differs' };
    await service().compress({ assetId: asset.id }, attendance);
    expect(await present(asset.id)).toMatchObject({ state: 'compressed', renditions: [{ outcome: 'kept', code: 'PROOF_FAILED', reason: 'the picture differs', path: null, bytes: null }] });
    expect(await compressedFiles()).toEqual([]);
  });

  it('keeps every original when compression is off, and of the family that is off', async () => {
    const [one, two] = [await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } }), await uniqueAsset({ 'b.jpg': { bytes: await makePicture(2) } })];
    const outcome = await service({ ENABLE_COMPRESSION: 'false' }).compress({ assetId: one.id }, attendance);
    expect([outcome.kind, await emitted(outcome)]).toEqual(['skip', ['media.compressed']]);
    await service({ ENABLE_IMAGE_COMPRESSION: 'false' }).compress({ assetId: two.id }, attendance);
    for (const { id } of [one, two]) expect(await present(id)).toMatchObject({ state: 'compressed', renditions: [{ outcome: 'kept', code: 'COMPRESSION_OFF' }] });
    expect(encoder.jobs).toEqual([]);
  });

  it('does not touch RAW, and treats the JPEG beside it', async () => {
    const raw = Buffer.concat([Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'), Buffer.alloc(64)]);
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) }, 'a.cr2': { role: 'raw', bytes: raw } });
    await service().compress({ assetId: asset.id }, attendance);
    expect((await present(asset.id)).renditions.map(({ outcome, code }) => code ?? outcome).sort()).toEqual(['RAW', 'compressed']);
  });

  it('makes no more than MAX_FILES_TO_PROCESS renditions in a run', async () => {
    const run = service({ MAX_FILES_TO_PROCESS: '1' });
    for (const seed of [1, 2]) await run.compress({ assetId: (await uniqueAsset({ [`${seed}.jpg`]: { bytes: await makePicture(seed) } })).id }, attendance);
    expect(await compressedFiles()).toEqual(['compressed/1.jpg']);
    expect((await database.assets.findByPath('originals/2.jpg' as LibraryPath))?.renditions).toMatchObject([{ code: 'RUN_LIMIT' }]);
  });

  it('stops at a file that is not the one that arrived, before and while it is read', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } });
    const at = path.join(root, 'originals/a.jpg');
    encoder.before = async () => {
      await writeFile(at, await makePicture(2));
      await utimes(at, new Date(1), new Date(1));
      return undefined;
    };
    await expect(service().compress({ assetId: asset.id }, attendance)).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
    await expect(service().compress({ assetId: asset.id }, attendance)).rejects.toMatchObject({ code: 'CONTENT_CHANGED' });
    expect(encoder.jobs).toHaveLength(1);
    expect(await compressedFiles()).toEqual([]);
  });

  it('leaves no temporary file and no row behind when the source is damaged', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } });
    encoder.before = async (job) => {
      await writeFile(job.temporary, 'half');
      throw new PipelineError('MEDIA_CORRUPT', 'cut off');
    };
    await expect(service().compress({ assetId: asset.id }, attendance)).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
    expect(await present(asset.id)).toMatchObject({ state: 'unique', renditions: [] });
    expect(await compressedFiles()).toEqual([]);
  });

  it('says what is no media, and what is not here', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: Buffer.from('Dear Sir, this is a letter.') } });
    await expect(service().compress({ assetId: asset.id }, attendance)).rejects.toMatchObject({ code: 'NOT_MEDIA' });
    await rm(path.join(root, 'originals/a.jpg'));
    await expect(service().compress({ assetId: asset.id }, attendance)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(service().compress({ assetId: '00000000-0000-4000-8000-000000000000' }, attendance)).rejects.toMatchObject({ code: 'UNKNOWN_ASSET' });
  });

  it('knows a rendition of its own when it comes back, and whose it is', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } });
    await service().compress({ assetId: asset.id }, attendance);
    const rendition = await readFile(path.join(root, 'compressed/a.jpg'));
    const back = await uniqueAsset({ 'back.jpg': { bytes: rendition } });
    // dedupe finds it by the claim; were it switched off, the compressor does
    const [sha256 = ''] = back.files.flatMap((file) => file.sha256 ?? []);
    expect((await database.assets.claimContent(back.id, [sha256])).get(sha256)).toBe(asset.id);
    const jobs = encoder.jobs.length;
    await service().compress({ assetId: back.id }, attendance);
    expect(await present(back.id)).toMatchObject({ state: 'compressed', renditions: [{ outcome: 'kept', code: 'ALREADY_COMPRESSED', reason: expect.stringContaining(asset.id) as string }] });
    expect(encoder.jobs).toHaveLength(jobs);
    expect((await database.assets.list({ code: 'ALREADY_COMPRESSED', limit: 9 })).map(({ id }) => id)).toEqual([back.id]);
  });

  it('keeps the proof with the rendition, with the hashes of both files', async () => {
    const bytes = await makePicture(1);
    const asset = await uniqueAsset({ 'a.jpg': { bytes } });
    prover.found = { dimensions: { width: 160, height: 120 }, metadata: { compared: 'bytes', count: 3, allowed: [] }, embedded: [], quality: { metric: 'ms-ssim-luma', mean: 0.99, worst: 0.98 } };
    await service().compress({ assetId: asset.id }, attendance);
    const [rendition] = (await present(asset.id)).renditions;
    const proof = RenditionProof.parse(JSON.parse(rendition?.proof ?? 'null'));
    expect(proof).toMatchObject({ version: 1, decoded: true, source: { sha256: asset.files[0]?.sha256, bytes: bytes.length }, result: { sha256: rendition?.sha256, bytes: rendition?.bytes }, encoder: { encoder: 'halving' }, quality: { mean: 0.99 } });
  });

  it('does not begin what the memory or the disk has no room for', async () => {
    const asset = await uniqueAsset({ 'a.jpg': { bytes: await makePicture(1) } });
    encoder.needs = { memory: 1e15, disk: 0 };
    await service().compress({ assetId: asset.id }, attendance);
    expect((await present(asset.id)).renditions).toMatchObject([{ outcome: 'kept', code: 'NEEDS_MEMORY' }]);
    const other = await uniqueAsset({ 'b.jpg': { bytes: await makePicture(2) } });
    encoder.needs = { memory: 0, disk: 1e18 };
    await expect(service().compress({ assetId: other.id }, attendance)).rejects.toMatchObject({ code: 'DISK_FULL', kind: 'environment' });
    expect((await present(other.id)).state).toBe('unique');
    expect(encoder.jobs).toEqual([]);
  });

  it('decides anew what was kept for a passing reason', async () => {
    const bytes = await makePicture(1);
    const first = await uniqueAsset({ 'a.jpg': { bytes } });
    encoder.before = () => Promise.resolve(kept('ENCODER_MISSING', 'no ffmpeg'));
    await service().compress({ assetId: first.id }, attendance);
    encoder.before = () => Promise.resolve(undefined);
    await service().compress({ assetId: (await uniqueAsset({ 'b.jpg': { bytes } })).id }, attendance);
    expect(await compressedFiles()).toEqual(['compressed/b.jpg']);
  });
});
