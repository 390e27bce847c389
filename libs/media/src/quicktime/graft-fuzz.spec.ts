import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PipelineError } from '@media-pipeline/contracts';
import fc from 'fast-check';
import { describeMovie, graftDifference, graftMovie, graftObstacle, movieEmbedded, transplantMetadata } from '.';

/**
 * What the exchange of a movie's video promises of any input, on either side: a refusal, MEDIA_CORRUPT, or a movie that differs from the
 * original in nothing but the coding of its video. And soon: no input of this size may take seconds.
 */
const corpus = path.resolve(__dirname, '../../../../../shared/corpus');
const slowest = 2_000;
const run = promisify(execFile);
const ffmpeg = (...args: string[]): Promise<unknown> => run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
const anew = ['-map', '0:v:0', '-an', '-c:v', 'libx265', '-preset', 'ultrafast', '-crf', '40', '-x265-params', 'log-level=error:bframes=3', '-tag:v', 'hvc1', '-fps_mode', 'passthrough', '-enc_time_base', '-1'];

let folder = '';
const at = (name: string): string => path.join(folder, name);
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'graft-fuzz-'))));
afterAll(() => rm(folder, { recursive: true }));

/** An original with a new coding of its frames; `moov` first, so that damage near the beginning meets structure. */
async function pair(name: string, source: string): Promise<{ original: Buffer; encoded: Buffer }> {
  const encoded = at(`encoded-${name}`);
  await ffmpeg('-noautorotate', '-ignore_editlist', '1', '-i', source, ...anew, encoded);
  return { original: await readFile(source), encoded: await readFile(encoded) };
}

const generated: Record<string, readonly string[]> = {
  'b-frames.mov': ['-bf', '2', '-c:a', 'aac', '-movflags', '+faststart', '-metadata', 'title=words'],
  'pcm.mov': ['-bf', '0', '-c:a', 'pcm_s16le', '-map_metadata', '0', '-metadata', 'location=+48.2000+016.3700/', '-movflags', '+faststart+use_metadata_tags'],
  'ramp.mp4': ['-vf', "settb=1/2400,setpts='if(lt(N,10),N*80,800+(N-10)*10)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:2400', '-video_track_timescale', '2400', '-an', '-movflags', '+faststart'],
};

type Damage = readonly (readonly [at: number, length: number, how: string])[];

/** Pieces of `bytes` dropped, doubled, zeroed, filled or turned round; lengths and counts are 32-bit words, so some are set as a whole. */
function damaged(bytes: Buffer, damage: Damage): Buffer {
  let result = Buffer.from(bytes);
  for (const [position, length, how] of damage) {
    const part = result.subarray(position, position + length);
    if (how === 'drop') result = Buffer.concat([result.subarray(0, position), result.subarray(position + length)]);
    else if (how === 'double') result = Buffer.concat([result.subarray(0, position + length), part, result.subarray(position + length)]);
    else if (how === 'reverse') part.reverse();
    else if (how === 'count' && position + 4 <= result.length) result.writeUInt32BE([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff][length % 5] ?? 0, position);
    else part.fill(how === 'zero' ? 0 : 0xff);
  }
  return result;
}

const damageOf = (bytes: Buffer): fc.Arbitrary<Damage> => {
  const moov = Math.max(0, bytes.indexOf('moov'));
  const structure = bytes.length - moov > 16 ? fc.integer({ min: moov, max: Math.min(bytes.length - 1, moov + 6000) }) : fc.nat({ max: bytes.length - 1 });
  const place = fc.oneof({ weight: 5, arbitrary: structure }, { weight: 1, arbitrary: fc.nat({ max: bytes.length - 1 }) });
  return fc.array(fc.tuple(place, fc.nat({ max: 48 }), fc.constantFrom('drop', 'double', 'zero', 'ones', 'reverse', 'count', 'count')), { minLength: 1, maxLength: 4 });
};

const refused = (error: unknown): void => {
  if (!(error instanceof PipelineError) || error.code !== 'MEDIA_CORRUPT') throw error;
};

async function holds(original: Buffer, encoded: Buffer): Promise<boolean> {
  const [source, fresh, output] = [at('damaged'), at('fresh'), at('output')];
  await Promise.all([writeFile(source, original), writeFile(fresh, encoded), rm(output, { force: true })]);
  const began = performance.now();
  let made = false;
  await describeMovie(source).catch(refused);
  await graftObstacle(source).catch(refused);
  const before = await movieEmbedded(source).catch((error: unknown) => {
    refused(error);
    return null;
  });
  try {
    await graftMovie({ original: source, encoded: fresh, output });
    made = true;
  } catch (error) {
    refused(error);
  }
  if (made) {
    expect(await graftDifference(source, output)).toBeNull();
    if (before) expect(await movieEmbedded(output)).toEqual(before);
  }
  await rm(output, { force: true });
  await transplantMetadata({ original: source, movie: fresh, output }).catch(refused);
  expect(performance.now() - began).toBeLessThan(slowest);
  expect((await readFile(source)).equals(original)).toBe(true);
  return made;
}

/** Both sides are damaged in turn: an encoder that wrote nonsense must be noticed as well as a source that is some. */
async function fuzz(original: Buffer, encoded: Buffer, runs: number): Promise<void> {
  expect(await holds(original, encoded)).toBe(true);
  await fc.assert(fc.asyncProperty(damageOf(original), async (damage) => {
    await holds(damaged(original, damage), encoded);
  }), { numRuns: runs, endOnFailure: true });
  await fc.assert(fc.asyncProperty(damageOf(encoded), async (damage) => {
    await holds(original, damaged(encoded, damage));
  }), { numRuns: Math.round(runs / 2), endOnFailure: true });
}

describe('the exchange of the video of a movie', () => {
  it.each(Object.entries(generated))('holds for a made %s, damaged', async (name, options) => {
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=d=1:s=64x48:r=25', '-f', 'lavfi', '-i', 'sine=d=1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-shortest', ...options, at(name));
    const { original, encoded } = await pair(name, at(name));
    await fuzz(original, encoded, 300);
  }, 120_000);

  for (const name of ['with-gps.mov', 'with-gps.mp4']) {
    (existsSync(corpus) ? it : it.skip)(`holds for the real ${name}, damaged (skipped without the corpus)`, async () => {
      const { original, encoded } = await pair(name, path.join(corpus, name));
      await fuzz(original, encoded, 120);
    }, 120_000);
  }

  it('holds for arbitrary bytes', async () => {
    const { encoded } = await pair('b-frames.mov', at('b-frames.mov'));
    const opening = Buffer.from('\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\x01\0moov\0\0\0\x6cmvhd', 'latin1');
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (tail, begun) => {
      await holds(Buffer.concat([begun ? opening : Buffer.alloc(0), tail]), encoded);
    }), { numRuns: 150, endOnFailure: true });
  }, 60_000);
});
