import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import fc from 'fast-check';
import { temporaryPath } from '@media-pipeline/files';
import { describeMovie, videoType } from '@media-pipeline/media';
import type { CompressionSettings, EncodeJob } from '../../encoder.port';
import { codings } from './codings';
import { hdrOf, hdrParameters, lostSideData } from './hdr';
import { samplePlaces } from './samples';
import { measureSimilarity, videoScore } from './similarity';
import { videoFootprint } from './video-footprint';
import { Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags } from '.';

const run = promisify(execFile);
const settings: CompressionSettings = {
  ...{ qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: [], jpegQuality: null, videoCrf: null, videoEncoder: 'x265', videoPreset: 'veryfast' },
  ...{ resizePercentage: 100, videoResolution: null, maxMegapixels: 100 },
};
const tags = new MovieTags(new ExifTool({ maxProcs: 1 }));
const ffmpeg = new Ffmpeg({ cores: 2, niceness: 10, stallMs: 60_000 });
const encoder = new FfmpegVideoEncoder(ffmpeg);
const prover = new FfmpegVideoProver(ffmpeg, tags);
const types = { mov: videoType('mov', 'video/quicktime', 'mov'), mp4: videoType('mp4', 'video/mp4', 'mp4') };
const { signal } = new AbortController();

let folder = '';
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'video-quality-'))));
afterAll(async () => {
  await tags.close();
  await rm(folder, { recursive: true });
});

/** A moving picture with some noise, as a camera would give it: every strength has something to lose. */
async function make(name: string, options: readonly string[] = [], seconds = 4): Promise<string> {
  const file = path.join(folder, name);
  const picture = ['-f', 'lavfi', '-i', `testsrc2=d=${seconds}:s=192x144:r=30,noise=alls=2:allf=t`, '-f', 'lavfi', '-i', `sine=d=${seconds}`];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...picture, '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '10', '-g', '30', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', ...options, file]);
  return file;
}

const jobFor = (source: string, changes: Partial<CompressionSettings> = {}): EncodeJob => ({
  ...{ source, temporary: temporaryPath(path.join(folder, 'result')), type: source.endsWith('.mov') ? types.mov : types.mp4 },
  ...{ settings: { ...settings, ...changes }, signal, onProgress: () => {} },
});

async function proven(source: string, changes: Partial<CompressionSettings> = {}) {
  const job = jobFor(source, changes);
  const before = await readdir(folder);
  const result = await encoder.encode(job);
  const left = (await readdir(folder)).filter((file) => !before.includes(file));
  expect(left).toEqual(result.outcome === 'encoded' ? [path.basename(job.temporary)] : []);
  expect(result.outcome === 'encoded' ? await prover.prove(job) : null).toBeNull();
  return { job, result, findings: prover.findings(job) };
}

describe('QUALITY_TARGET', () => {
  it('finds the strength on samples and stores what the whole result measures', async () => {
    const source = await make('target.mov');
    const target = Number(videoScore(settings.qualityScore).toFixed(5));
    const { job, result, findings } = await proven(source);
    expect(result).toMatchObject({ outcome: 'encoded', search: { parameter: 'crf', target } });
    if (result.outcome !== 'encoded') return;
    expect(result.search?.trials.length).toBeGreaterThan(1);
    expect(result.search?.trials.length).toBeLessThanOrEqual(6);
    expect(findings?.quality.metric).toBe('ssim-luma');
    // within a step of the strength
    expect(Math.log((1 - (findings?.quality.mean ?? 0)) / (1 - target))).toBeLessThanOrEqual(0.1);
    const again = await measureSimilarity(ffmpeg, { source: { path: source, stream: 0 }, result: { path: job.temporary, stream: 0 }, wholeMedia: true, size: null, pixelFormat: 'yuv420p' }, signal);
    expect(findings?.quality.mean).toBeCloseTo(again.luma.mean, 4);
    expect(findings).toMatchObject({ dimensions: { width: 192, height: 144, frames: 120 }, metadata: { compared: 'bytes', allowed: [] }, embedded: [{ name: 'track 2 (mp4a)' }] });
  });

  it('asks less of "small" than of "visually-lossless", and gives a smaller file for it', async () => {
    const source = await make('targets.mp4');
    const bytes = async (qualityScore: number): Promise<number> => (await stat((await proven(source, { qualityScore })).job.temporary)).size;
    expect(await bytes(0.994)).toBeLessThan(await bytes(0.998));
  });

  it('does not begin where the samples predict too little', async () => {
    const source = await make('tight.mp4', ['-c:v', 'libx265', '-x265-params', 'log-level=error', '-preset', 'medium', '-crf', '32', '-tag:v', 'hvc1']);
    const fractions: number[] = [];
    const result = await encoder.encode({ ...jobFor(source), onProgress: (fraction) => fractions.push(fraction) });
    expect(result).toMatchObject({ outcome: 'kept', code: 'NOT_SMALLER', reason: expect.stringContaining('predict') });
    expect(Math.max(...fractions)).toBeLessThanOrEqual(0.3);
  });

  it('leaves VIDEO_CRF the last word', async () => {
    const { result } = await proven(await make('fixed.mp4'), { videoCrf: 33 });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { crf: 33 } });
    expect(result).not.toHaveProperty('search');
  });

  it('takes its samples where the video can be entered, and never more frames than there are', () => {
    const packet = fc.record({ key: fc.boolean(), bytes: fc.nat(9999) });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 900 }), (list) => {
        const packets = list.map(({ key, bytes }, index) => ({ key, bytes, pts: index, time: String(index), shown: true }));
        const places = samplePlaces(packets);
        expect(places.length > 0).toBe(packets.some(({ key }) => key));
        expect(new Set(places.map(({ time }) => time)).size).toBe(places.length);
        for (const { time, frames } of places) {
          expect(packets[Number(time)]?.key).toBe(true);
          expect(frames).toBeGreaterThan(0);
        }
        expect(places.reduce((sum, { frames }) => sum + frames, 0)).toBeLessThanOrEqual(Math.max(1, packets.length));
      }),
    );
  });
});

describe('PAYLOAD_GRAFT_VIDEO=off', () => {
  it('makes a new file with the same metadata and times', async () => {
    const { result, findings } = await proven(await make('plain.mov', ['-metadata', 'creation_time=2021-05-03T12:03:01Z']), { videoCrf: 28, graft: { jpeg: true, heic: true, video: false } });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { method: 'remux', obstacle: 'PAYLOAD_GRAFT_VIDEO is off' } });
    expect(findings?.metadata.compared).toBe('tags');
  });
});

const deep = (parameters: string): string[] => ['-c:v', 'libx265', '-preset', 'ultrafast', '-crf', '8', '-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1', '-x265-params', `log-level=error${parameters}`];
const bt2020 = (transfer: string): string[] => ['-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'];
const mastering = ':hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400';

describe('HDR', () => {
  it.each([true, false])('carries HDR10 with mastering display and light levels (graft: %s)', async (graft) => {
    const source = await make('hdr10.mov', [...deep(mastering), ...bt2020('smpte2084')], 1);
    const { result, job } = await proven(source, { videoCrf: 26, graft: { jpeg: true, heic: true, video: graft } });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { hdr: { mastering: true, light: true, transfer: 'smpte2084' } } });
    expect(hdrOf(await ffmpeg.frameSideData(job.temporary, 0, signal))).toEqual({
      mastering: { red: [34000, 16000], green: [13250, 34500], blue: [7500, 3000], white: [15635, 16450], luminance: [10_000_000, 50] },
      light: { content: 1000, average: 400 },
    });
  });

  it('carries HLG, which has neither', async () => {
    const { result } = await proven(await make('hlg.mov', [...deep(''), ...bt2020('arib-std-b67')], 1), { videoCrf: 26 });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { hdr: { mastering: false, light: false, transfer: 'arib-std-b67' } } });
  });

  it('sees that the mastering display was lost', async () => {
    const source = await make('mastered.mov', [...deep(mastering), ...bt2020('smpte2084'), '-an'], 1);
    const job = jobFor(source, { videoCrf: 26 });
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', source, ...deep(''), '-crf', '30', ...bt2020('smpte2084'), '-f', 'mov', job.temporary]);
    expect(await prover.prove(job)).toMatchObject({ code: 'PROOF_FAILED', reason: expect.stringContaining('HDR metadata') });
  });

  it('tells what x265 is to be told, and what would be lost', () => {
    const sideData = [{ side_data_type: 'Content light level metadata', max_content: 1000, max_average: 400 }];
    expect(hdrParameters(hdrOf(sideData))).toEqual(['max-cll=1000,400']);
    expect(lostSideData(sideData)).toBeNull();
    expect(lostSideData([...sideData, { side_data_type: 'ATSC A53 Part 4 Closed Captions' }])).toContain('Captions');
    expect(hdrOf([{ side_data_type: 'Mastering display metadata', red_x: 'nonsense' }])).toEqual({ mastering: null, light: null });
  });
});

describe('VIDEO_ENCODER', () => {
  it.each([
    ['x264', 'libx264', 'avc1', 'clip.mov'],
    ['svt-av1', 'libsvtav1', 'av01', 'clip.mp4'],
  ] as const)('%s', async (videoEncoder, library, tag, name) => {
    const { result, job } = await proven(await make(name, [], 1), { videoEncoder, videoCrf: videoEncoder === 'x264' ? 30 : 45 });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { encoder: library, method: 'graft' } });
    expect((await describeMovie(job.temporary)).tracks[0]?.codec).toBe(tag);
  });

  it.each([
    ['svt-av1', 'quick.mov', 'QuickTime'],
    ['nvenc', 'device.mp4', 'hevc_nvenc'],
    ['vaapi', 'device.mp4', 'hevc_vaapi'],
    ['qsv', 'device.mp4', 'hevc_qsv'],
  ] as const)('%s: x265 where that cannot be used, and says so', async (videoEncoder, name, why) => {
    if (codings[videoEncoder].hardware && (await ffmpeg.fault(codings[videoEncoder], signal)) === null) return console.warn(`skipped: this machine has ${videoEncoder}`);
    const { result } = await proven(await make(name, [], 1), { videoEncoder, videoCrf: 30 });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { encoder: 'libx265', insteadOf: expect.stringMatching(why === 'QuickTime' ? why : `^${videoEncoder}: `) } });
  });
});

/** The parsers are fuzzed apart (libs/media); this is all of it together, on a few of the worst. */
it('makes of damaged movies a proven result, a kept original or MEDIA_CORRUPT, and nothing else', async () => {
  const bytes = await readFile(await make('whole.mov', ['-movflags', '+faststart', '-bf', '2'], 1));
  const moov = bytes.indexOf('moov');
  const damage = fc.array(fc.tuple(fc.integer({ min: moov, max: moov + 3000 }), fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_ffff)), { minLength: 1, maxLength: 2 });
  const source = path.join(folder, 'damaged.mov');
  await fc.assert(
    fc.asyncProperty(damage, async (words) => {
      const damaged = Buffer.from(bytes);
      for (const [at, value] of words) damaged.writeUInt32BE(value, at);
      await writeFile(source, damaged);
      const job = jobFor(source, { videoCrf: 35, videoPreset: 'ultrafast' });
      const before = await readdir(folder);
      const result = await encoder.encode(job).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'MEDIA_CORRUPT' });
        return null;
      });
      if (result?.outcome === 'encoded' && (await prover.prove(job)) === null) {
        expect((await ffmpeg.packets(job.temporary, 0, signal)).map(({ pts }) => pts).sort()).toEqual((await ffmpeg.packets(source, 0, signal)).map(({ pts }) => pts).sort());
      }
      await rm(job.temporary, { force: true });
      expect((await readdir(folder)).filter((file) => !before.includes(file))).toEqual([]);
      expect((await readFile(source)).equals(damaged)).toBe(true);
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);

it('estimates memory by the size of the picture, and disk by the file', async () => {
  const source = await make('estimate.mp4', [], 1);
  const small = await videoFootprint(jobFor(source));
  const slow = await videoFootprint(jobFor(source, { videoPreset: 'veryslow' }));
  expect(small?.disk).toBe((await stat(source)).size * 3);
  expect(slow?.memory).toBeGreaterThan(small?.memory ?? 0);
});

it('kills an encoder that stands still, tries once more, and keeps the original', async () => {
  class Standing extends Ffmpeg {
    encodes = 0;
    override run(args: readonly string[], watch: Parameters<Ffmpeg['run']>[1]): ReturnType<Ffmpeg['run']> {
      if (!args.includes('-video_track_timescale')) return super.run(args, watch);
      this.encodes++;
      // the picture arrives in real time, two frames an hour
      return super.run(['-re', '-f', 'lavfi', '-i', 'testsrc2=r=1/1800', '-f', 'null', '-'], watch);
    }
  }
  const standing = new Standing({ cores: 1, niceness: 10, stallMs: 1500 });
  const result = await new FfmpegVideoEncoder(standing).encode(jobFor(await make('still.mp4', [], 1), { videoCrf: 30 }));
  expect(result).toMatchObject({ outcome: 'kept', code: 'ENCODER_FAILED', reason: expect.stringContaining('no progress') });
  expect(standing.encodes).toBe(2);
});
