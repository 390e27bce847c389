import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { PipelineError } from '@media-pipeline/contracts';
import { boxHeader, readBoxes } from '../isobmff/boxes';
import { childrenOf, findAtom, mapChildren, parseMoov, serializeAtom } from './atom';
import { inside } from './copy';
import { handlerOf } from './describe';
import { planGraft } from './graft';
import { MovieFile } from './movie-file';
import { readSampleTable, writeChunkOffsets } from './sample-table';
import { contentIdentifier, describeMovie, graftDifference, graftMovie, graftObstacle, readQuickTimeDates, transplantMetadata } from '.';

const run = promisify(execFile);
const ffmpeg = (...args: string[]): Promise<unknown> => run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
const picture = ['-f', 'lavfi', '-i', 'testsrc2=d=1:s=160x120:r=25', '-f', 'lavfi', '-i', 'sine=d=1'];
const h264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest'];
const h265 = ['-map', '0:v:0', '-an', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:bframes=3', '-tag:v', 'hvc1', '-fps_mode', 'passthrough', '-enc_time_base', '-1'];

let folder = '';
const at = (name: string): string => path.join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
  await ffmpeg(...picture, ...h264, '-bf', '2', at('source.mov'));
  await ffmpeg('-ignore_editlist', '1', '-i', at('source.mov'), ...h265, '-video_track_timescale', '12800', at('encoded.mov'));
});
afterAll(() => rm(folder, { recursive: true }));

const shown = async (file: string): Promise<string[]> => {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file]);
  return stdout.trim().split('\n').sort();
};

it('describes a movie without reading its samples', async () => {
  expect(await describeMovie(at('source.mov'))).toMatchObject({
    brand: 'qt  ',
    truncated: false,
    fragmented: false,
    timedMetadata: false,
    tracks: [{ handler: 'vide', codec: 'avc1', width: 160, height: 120, sampleCount: 25, rotation: 0 }, { handler: 'soun', codec: 'mp4a' }],
  });
});

it('swaps the video and nothing else', async () => {
  const output = at('grafted.mov');
  await graftMovie({ original: at('source.mov'), encoded: at('encoded.mov'), output });
  expect(await graftDifference(at('source.mov'), output)).toBeNull();
  expect(await shown(output)).toEqual(await shown(at('source.mov')));
  await run('ffmpeg', ['-v', 'error', '-xerror', '-i', output, '-f', 'null', '-']);
});

it('keeps what the sample entry says of the field order', async () => {
  const [source, encoded, output] = [at('fields.mov'), at('fields-encoded.mov'), at('fields-grafted.mov')];
  await ffmpeg(...picture, ...h265, '-vf', 'setfield=prog', source);
  await ffmpeg('-i', source, ...h265, '-vf', 'setfield=tff', encoded);
  await graftMovie({ original: source, encoded, output });
  for (const file of [source, output]) expect((await readFile(file)).includes('\0\0\0\x0afiel\x01\0')).toBe(true);
});

it('refuses an encode that lost frames, and one of other frames', async () => {
  await ffmpeg('-i', at('encoded.mov'), '-frames:v', '20', '-c', 'copy', at('short.mov'));
  await expect(graftMovie({ original: at('source.mov'), encoded: at('short.mov'), output: at('no.mov') })).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
  await ffmpeg('-itsscale', '2', '-i', at('encoded.mov'), '-c', 'copy', '-tag:v', 'hvc1', at('slower.mov'));
  await rm(at('no.mov'), { force: true });
  await expect(graftMovie({ original: at('source.mov'), encoded: at('slower.mov'), output: at('no.mov') })).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
});

it('sees a byte that differs in the sound or the header of a grafted movie', async () => {
  const output = at('touched.mov');
  await graftMovie({ original: at('source.mov'), encoded: at('encoded.mov'), output });
  const touch = async (position: number): Promise<void> => {
    await using handle = await open(output, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, position);
    byte.writeUInt8(byte.readUInt8(0) ^ 1);
    await handle.write(byte, 0, 1, position);
  };
  const bytes = await readFile(output);
  for (const [position, difference] of [[bytes.indexOf('mvhd') + 12, 'header'], [bytes.length - 1, 'samples of track 2'], [bytes.indexOf('stts') + 16, 'another time']] as const) {
    await touch(position);
    expect(await graftDifference(at('source.mov'), output)).toContain(difference);
    await touch(position);
  }
  expect(await graftDifference(at('source.mov'), output)).toBeNull();
});

it.each([
  ['fragmented', ['-movflags', 'frag_keyframe+empty_moov'], 'mp4'],
  ['no video', ['-vn'], 'mp4'],
])('says why it cannot graft: %s', async (reason, options, extension) => {
  const file = at(`${reason}.${extension}`);
  await ffmpeg(...picture, ...h264, ...options, file);
  expect(await graftObstacle(file)).toMatch(reason);
});

it('refuses foreign bytes after the last box, whose meaning nobody knows', async () => {
  await writeFile(at('trailer.mov'), Buffer.concat([await readFile(at('source.mov')), Buffer.from('\0\0\0\x02\xff\xffSEFH', 'latin1')]));
  expect(await graftObstacle(at('trailer.mov'))).toContain('after the last box');
});

it('gives another movie the original’s metadata, byte for byte', async () => {
  await ffmpeg(...picture, ...h264, '-metadata', 'location=+48.2000+016.3700/', '-metadata', 'creation_time=2021-05-03T12:03:01Z', at('told.mp4'));
  await ffmpeg(...picture, ...h264, '-movflags', '+faststart', at('untold.mp4'));
  await transplantMetadata({ original: at('told.mp4'), movie: at('untold.mp4'), output: at('both.mp4') });
  expect(await readQuickTimeDates(at('both.mp4'))).toEqual(await readQuickTimeDates(at('told.mp4')));
  expect(await readQuickTimeDates(at('both.mp4'))).toMatchObject({ movieCreated: '2021-05-03T12:03:01Z', location: { latitude: 48.2 } });
  await run('ffmpeg', ['-v', 'error', '-xerror', '-i', at('both.mp4'), '-f', 'null', '-']);
});

it('plans a file of more than 4 GiB with 64-bit offsets, without reading its samples', async () => {
  const frames = 1_200_000_000;
  const [file, quiet] = [at('large.mov'), at('quiet.mov')];
  await ffmpeg(...picture, ...h264, '-bf', '2', '-c:a', 'pcm_s16le', '-ac', '2', quiet);
  const bytes = await readFile(quiet);
  // the sound becomes one chunk of 4.8 GB: a sparse `mdat` after the real one, then a new `moov`
  const old = readBoxes(bytes).find(({ type }) => type === 'moov');
  if (!old) throw new Error('no moov');
  const moov = parseMoov(bytes.subarray(old.data, old.end));
  const big = boxHeader('mdat', frames * 4);
  const words = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer).swap32();
  const stretched = mapChildren(moov, (trak) =>
    trak.type !== 'trak' || handlerOf(trak) !== 'soun'
      ? trak
      : inside(trak, ['mdia', 'minf', 'stbl'], (stbl) => ({
          ...stbl,
          children: [
            ...stbl.children.filter(({ type }) => !['stsz', 'stsc', 'stco'].includes(type)),
            { type: 'stsz', payload: words(0, 4, frames) },
            { type: 'stsc', payload: words(0, 1, 1, frames, 1) },
            writeChunkOffsets(Float64Array.of(bytes.length + big.length), true),
          ],
        })),
  );
  bytes.write('free', old.start + 4, 'latin1');
  await writeFile(file, Buffer.concat([bytes, big]));
  await truncate(file, bytes.length + big.length + frames * 4);
  await appendFile(file, serializeAtom(stretched));
  await using source = await MovieFile.open(file);
  await using fresh = await MovieFile.open(at('encoded.mov'));
  const { head, pieces } = await planGraft(source, fresh);
  const written = Buffer.concat(head);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  expect(length).toBeGreaterThan(frames * 4);
  const placed = readBoxes(written.subarray(0, written.length - 16)).find(({ type }) => type === 'moov');
  if (!placed) throw new Error('no moov');
  const tracks = childrenOf(parseMoov(written.subarray(placed.data, placed.end)), 'trak').map((trak) => readSampleTable(findAtom(trak, 'mdia', 'minf', 'stbl') ?? trak));
  // the sound came last in the file and still does
  expect(tracks.map(({ chunkOffsets }) => chunkOffsets[0])).toEqual([written.length, written.length + length - frames * 4]);
  await rm(file);
});

/** Every reader over damaged bytes: an answer or MEDIA_CORRUPT, in bounded time and memory. */
it('survives any damage', async () => {
  const [source, encoded] = [await readFile(at('source.mov')), at('encoded.mov')];
  const moov = source.indexOf('moov');
  const file = at('damaged.mov');
  const refused = async (attempt: () => Promise<unknown>): Promise<void> => {
    await attempt().catch((error: unknown) => {
      if (!(error instanceof PipelineError) || error.code !== 'MEDIA_CORRUPT') throw error;
    });
  };
  // damage mostly where the structure is; lengths and counts are 32-bit words, so whole words are hit as well as bytes
  const damage = fc.record({
    flips: fc.array(fc.record({ at: fc.integer({ min: moov - 4, max: source.length - 5 }), value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff, 0x80000000)) }), { minLength: 1, maxLength: 6 }),
    cut: fc.option(fc.nat(source.length), { freq: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ flips, cut }) => {
      const bytes = Buffer.from(source);
      for (const { at: position, value } of flips) {
        if (value > 255) bytes.writeUInt32BE(value, position);
        else bytes.writeUInt8(value, position);
      }
      await writeFile(file, bytes.subarray(0, cut ?? bytes.length));
      await refused(() => describeMovie(file));
      await refused(() => graftObstacle(file));
      await readQuickTimeDates(file);
      await contentIdentifier(file);
      await rm(at('out.mov'), { force: true });
      await refused(() => graftMovie({ original: file, encoded, output: at('out.mov') }));
      await refused(() => graftDifference(at('source.mov'), file));
    }),
    { numRuns: 600, seed: 20260, endOnFailure: true },
  );
  expect((await stat(at('source.mov'))).size).toBe(source.length);
  expect(process.memoryUsage().rss).toBeLessThan(1.5 * 2 ** 30);
}, 120_000);
