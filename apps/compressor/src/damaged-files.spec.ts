import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { PipelineError, RenditionProof } from '@media-pipeline/contracts';
import { hashFile } from '@media-pipeline/files';
import { crashSeed, makePicture, pick, seededRandom, workspaceRoot } from '@media-pipeline/testing';
import sharp from 'sharp';
import { makeHeic, makeMovie, RealStage, type Ended } from './e2e/real-stage';
import { keepCodes } from './keep-code';

/**
 * The whole stage, with its real programs, over files that somebody has damaged: each ends in a rendition that is proven, in an original
 * that is kept, or in one that is set aside, always with a code; soon, with the source as it was, and with nothing left behind.
 */
const run = promisify(execFile);
const corpus = path.resolve(workspaceRoot, '../shared/corpus');
const random = seededRandom(crashSeed);
/** Of each made file, of each file of the corpus. */
const [ofMade, ofReal] = [5, 1];

let stage: RealStage;
beforeAll(async () => {
  stage = await RealStage.open();
});
afterAll(() => stage.close());

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

interface Fate {
  readonly name: string;
  readonly how: 'compressed' | 'kept' | 'set aside';
}

/** Lets the stage have the bytes, and checks all that must hold however it ends. */
async function compress(name: string, bytes: Buffer): Promise<Fate> {
  const ended = await stage.compress(name, bytes);
  try {
    return { name, how: await fateOf(ended) };
  } catch (error) {
    // the bytes that did it are worth more than any message
    const kept = path.join(tmpdir(), `media-damaged ${crashSeed} ${path.basename(ended.place)}`);
    await writeFile(kept, bytes);
    throw new Error(`${kept} (seed ${crashSeed}): ${inspect(error)}`, { cause: error });
  }
}

async function fateOf({ place, content, asset, error }: Ended): Promise<Fate['how']> {
  const { library } = stage;
  expect(await hashFile(library.absolute(place))).toEqual(content);
  expect(await stage.leftBehind()).toEqual([]);
  const rendition = asset.renditions[0];
  if (error !== null) {
    // anything else than the file's own fault would be tried again and again, or be called a fault of ours
    if (!(error instanceof PipelineError) || error.kind !== 'input') throw new Error('not the fault of the file', { cause: error });
    expect([asset.state, rendition]).toEqual(['unique', undefined]);
    return 'set aside';
  }
  expect(asset.state).toBe('compressed');
  if (rendition?.outcome !== 'compressed') {
    expect(Object.keys(keepCodes)).toContain(rendition?.code);
    expect(rendition?.path).toBeNull();
    return 'kept';
  }
  const made = library.absolute(rendition.path ?? place);
  const result = await hashFile(made);
  expect(result.bytes).toBeLessThan(content.bytes);
  expect(RenditionProof.parse(JSON.parse(rendition.proof ?? 'null'))).toMatchObject({ source: content, result, decoded: true });
  await assertDecodes(library.absolute(place));
  await assertDecodes(made);
  return 'compressed';
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
  const { root } = stage.library;
  made.set('a.heic', await makeHeic(root, await makePicture(7, { width: 320, height: 240 })));
  made.set('a.mov', await makeMovie(root, 'a.mov'));
  made.set('fast start.mp4', await makeMovie(root, 'fast start.mp4', '-movflags', 'faststart'));
  made.set('hevc.mov', await makeMovie(root, 'hevc.mov', '-c:v', 'libx265', '-x265-params', 'log-level=none', '-tag:v', 'hvc1'));
  return made;
}

async function damaged(files: ReadonlyMap<string, Buffer>, times: number): Promise<Fate[]> {
  const ended: Fate[] = [];
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
