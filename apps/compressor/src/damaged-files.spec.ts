import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { loadConfig } from '@media-pipeline/config';
import { PipelineError, RenditionProof, type LibraryPath } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import { crashSeed, makePicture, pick, seededRandom } from '@media-pipeline/testing';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import { CodecImageEncoder, CodecImageProver, ImageCodecs } from './adapters/image';
import { defaultFfmpegOptions, Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags } from './adapters/video';
import { CompressorService } from './compressor.service';
import { FileCompressor } from './file-compressor';
import { keepCodes } from './keep-code';
import { Renderer } from './renderer';
import { Workshop } from './workshop';

/**
 * The whole stage, with its real programs, over files that somebody has damaged: each ends in a rendition that is proven, in an original
 * that is kept, or in one that is set aside, always with a code; soon, with the source as it was, and with nothing left behind.
 */
const run = promisify(execFile);
const workspace = path.resolve(__dirname, '../../..');
const corpus = path.resolve(workspace, '../shared/corpus');
const random = seededRandom(crashSeed);
/** Of each made file, of each file of the corpus. */
const [ofMade, ofReal] = [5, 1];
const slowestMs = 120_000;

let root: string;
let library: Library;
let database: Database;
let stage: CompressorService;
const exiftool = new ExifTool({ maxProcs: 1 });
const tags = new MovieTags(exiftool);
const ffmpeg = new Ffmpeg({ ...defaultFfmpegOptions, stallMs: 30_000 });
const codecs = new ImageCodecs(ffmpeg, exiftool);

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'media-damaged-'));
  library = Library.at(root);
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(root, 'pipeline.sqlite') });
  const settings = loadConfig({ env: {}, overrides: { NAS_MOUNT: root, VIDEO_PRESET: 'ultrafast' } }).config;
  const workshop = new Workshop(settings, new CodecImageEncoder(codecs), new CodecImageProver(codecs), new FfmpegVideoEncoder(ffmpeg), new FfmpegVideoProver(ffmpeg, tags));
  stage = new CompressorService(settings, database, new FileCompressor(settings, library, database, new Renderer(workshop)));
}, 60_000);
afterAll(async () => {
  await codecs.onModuleDestroy();
  await exiftool.end();
  await database.close();
  await rm(root, { recursive: true });
});

/** What disks, cables and broken programs do to a file, in one to three places: near its head, where formats keep their tables, as often as anywhere. */
function damage(original: Buffer): Buffer {
  let bytes = Buffer.from(original);
  for (let wounds = 1 + Math.floor(random() * 3); wounds > 0; wounds--) {
    const at = Math.floor(random() * (random() < 0.5 ? Math.min(bytes.length, 2_000) : bytes.length));
    const length = 1 + Math.floor(random() ** 3 * 600);
    const part = bytes.subarray(at, at + length);
    const how = pick(random, ['cut', 'drop', 'double', 'zero', 'noise', 'bit', 'number']);
    if (how === 'cut') bytes = Buffer.from(bytes.subarray(0, Math.max(16, at)));
    else if (how === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (how === 'double') bytes = Buffer.concat([bytes.subarray(0, at + length), part, bytes.subarray(at + length)]);
    else if (how === 'zero') part.fill(0);
    else if (how === 'noise') for (let i = 0; i < part.length; i++) part[i] = random() * 256;
    else if (how === 'bit') part[0] = (part[0] ?? 0) ^ (1 << Math.floor(random() * 8));
    else part.subarray(0, 4).fill(random() < 0.5 ? 0xff : 0x7f);
  }
  return bytes;
}

interface Ended {
  readonly name: string;
  readonly how: 'compressed' | 'kept' | 'set aside';
  readonly code: string;
  readonly ms: number;
}

let count = 0;

/** Puts the bytes where ingest does, lets the stage have them, and checks all that must hold however it ends. */
async function compress(name: string, bytes: Buffer): Promise<Ended> {
  const file = `${String(++count).padStart(4, '0')} ${name}`;
  const place = `originals/${file}` as LibraryPath;
  await mkdir(library.areas.originals, { recursive: true });
  await writeFile(library.absolute(place), bytes);
  const content = await hashFile(library.absolute(place));
  const { id } = await database.assets.adopt(place, { filename: file, kind: 'photo', ...content, modifiedAt: new Date() });
  await database.assets.move(id, 'discovered', 'unique', { step: 'dedupe', status: 'success', message: 'new', assetId: id });
  const began = performance.now();
  const ended = await stage.compress({ assetId: id }, { signal: AbortSignal.timeout(slowestMs), report: () => undefined }).then(() => null, (error: unknown) => error);
  const ms = Math.round(performance.now() - began);
  const asset = await database.assets.find(id);
  const rendition = asset?.renditions[0];
  try {
    expect(await hashFile(library.absolute(place))).toEqual(content);
    expect((await readdir(library.areas.compressed)).filter((left) => left.startsWith('.'))).toEqual([]);
    expect(ms).toBeLessThan(slowestMs);
    if (ended !== null) {
      // anything else than the file's own fault would be tried again and again, or be called a fault of ours
      if (!(ended instanceof PipelineError) || ended.kind !== 'input') throw new Error('not the fault of the file', { cause: ended });
      expect([asset?.state, rendition]).toEqual(['unique', undefined]);
      return { name: file, how: 'set aside', code: ended.code, ms };
    }
    expect(asset?.state).toBe('compressed');
    if (rendition?.outcome !== 'compressed') {
      expect(Object.keys(keepCodes)).toContain(rendition?.code);
      expect(rendition?.path).toBeNull();
      return { name: file, how: 'kept', code: rendition?.code ?? '', ms };
    }
    const made = library.absolute(rendition.path ?? place);
    const result = await hashFile(made);
    expect(result.bytes).toBeLessThan(content.bytes);
    const proof = RenditionProof.parse(JSON.parse(rendition.proof ?? 'null'));
    expect(proof).toMatchObject({ source: content, result, decoded: true });
    await assertDecodes(library.absolute(place));
    await assertDecodes(made);
    return { name: file, how: 'compressed', code: '', ms };
  } catch (error) {
    // the bytes that did it are worth more than any message
    const kept = path.join(tmpdir(), `media-damaged ${crashSeed} ${file}`);
    await writeFile(kept, bytes);
    throw new Error(`${kept} (seed ${crashSeed}, ${rendition?.code ?? ''} ${rendition?.reason ?? ''}): ${inspect(error)}`, { cause: error });
  }
}

/** By a decoder that the stage's own verdict does not rest on, where there is one. */
async function assertDecodes(file: string): Promise<void> {
  if (/\.(mov|mp4|gif)$/i.test(file)) await run('ffmpeg', ['-nostdin', '-v', 'error', '-xerror', '-i', file, '-map', '0:v', '-f', 'null', '-']);
  else if (!/\.heic$/i.test(file)) await sharp(file, { failOn: 'warning', limitInputPixels: false }).raw().toBuffer();
}

/** Small ones of every kind that is treated, by our own makers. */
async function madeFiles(): Promise<Map<string, Buffer>> {
  const picture = sharp(await makePicture(7, { width: 320, height: 240 })).keepMetadata();
  const made = new Map<string, Buffer>([
    ['a.jpg', await makePicture(7, { width: 320, height: 240 })],
    ['progressive.jpg', await picture.clone().jpeg({ quality: 96, progressive: true }).toBuffer()],
    ['a.png', await picture.clone().png({ compressionLevel: 2 }).toBuffer()],
    ['a.webp', await picture.clone().webp({ quality: 98 }).toBuffer()],
    ['a.tif', await picture.clone().tiff({ compression: 'none' }).toBuffer()],
    ['a.gif', await picture.clone().gif().toBuffer()],
  ]);
  const heic = path.join(root, 'made.heic');
  const script = `
    import { writeFile } from 'node:fs/promises';
    import sharp from 'sharp';
    import { heic } from ${JSON.stringify(path.join(workspace, 'tools/sample/heic.mjs'))};
    await writeFile(process.argv[1], await heic(sharp(process.argv[2]).resize(600, 400), { width: 600, height: 400, tiff: Buffer.from('II*\\0\\x08\\0\\0\\0\\0\\0\\0\\0\\0\\0', 'latin1') }));`;
  await writeFile(path.join(root, 'made.jpg'), made.get('a.jpg') ?? '');
  await run(process.execPath, ['--input-type=module', '-e', script, heic, path.join(root, 'made.jpg')], { cwd: workspace });
  made.set('a.heic', await readFile(heic));
  for (const [name, ...options] of [['a.mov', '-c:v', 'libx264'], ['fast start.mp4', '-c:v', 'libx264', '-movflags', 'faststart'], ['hevc.mov', '-c:v', 'libx265', '-x265-params', 'log-level=none', '-tag:v', 'hvc1']] as const) {
    const file = path.join(root, name);
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', 'testsrc2=d=1:s=192x144:r=15', '-f', 'lavfi', '-i', 'sine=d=1', '-pix_fmt', 'yuv420p', '-crf', '8', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest', ...options, file]);
    made.set(name, await readFile(file));
  }
  return made;
}

async function damaged(files: ReadonlyMap<string, Buffer>, times: number): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const [name, original] of files) for (let time = 0; time < times; time++) ended.push(await compress(name, damage(original)));
  return ended;
}

describe(`damaged files (seed ${crashSeed})`, () => {
  it('of every kind, made here, end well', async () => {
    const files = await madeFiles();
    // sound, each of them is treated or known for what it is
    for (const [name, bytes] of files) expect([name, (await compress(name, bytes)).how]).toEqual([name, expect.stringMatching(/compressed|kept/)]);
    const ended = await damaged(files, ofMade);
    expect(ended).toHaveLength(files.size * ofMade);
    expect(new Set(ended.map(({ how }) => how)).size).toBeGreaterThan(1);
  }, 600_000);

  (existsSync(corpus) ? it : it.skip)('of real cameras end well (skipped without the corpus)', async () => {
    const files = new Map<string, Buffer>();
    for (const name of (await readdir(corpus)).filter((file) => !file.endsWith('.md')).sort()) {
      // what takes a minute whole takes it damaged
      if ((await stat(path.join(corpus, name))).size < 4_000_000) files.set(name, await readFile(path.join(corpus, name)));
    }
    expect(await damaged(files, ofReal)).toHaveLength(files.size * ofReal);
  }, 1_200_000);
});
