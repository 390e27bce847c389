import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import { temporaryPath } from '@media-pipeline/files';
import { boxHeader, contentIdentifier, describeMovie, readBoxes, readQuickTimeDates, videoType, writeBox } from '@media-pipeline/media';
import type { CompressionSettings, EncodeJob, EncodeResult } from '../../encoder.port';
import { Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags } from '.';

const run = promisify(execFile);
const corpus = path.resolve(__dirname, '../../../../../../shared/corpus');
const settings: CompressionSettings = { qualityScore: 0.9965, minSaving: 0.05, graft: { jpeg: true, heic: true, video: true }, keep: [], jpegQuality: 85, videoCrf: 28, videoEncoder: 'x265', videoPreset: 'ultrafast', resizePercentage: 100, videoResolution: null, maxMegapixels: 100 };
const exiftool = new ExifTool({ maxProcs: 1 });
const tags = new MovieTags(exiftool);
const ffmpeg = new Ffmpeg({ cores: 2, niceness: 10, stallMs: 60_000 });
const encoder = new FfmpegVideoEncoder(ffmpeg);
const prover = new FfmpegVideoProver(ffmpeg, tags);
const types = { mov: videoType('mov', 'video/quicktime', 'mov'), mp4: videoType('mp4', 'video/mp4', 'mp4') };

let folder = '';
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'video-'))));
afterAll(async () => {
  await tags.close();
  await rm(folder, { recursive: true });
});

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);
const digest = async (file: string): Promise<string> => createHash('sha256').update(await readFile(file)).digest('hex');

/** Noise over a moving picture: heavy in bits for any fast encoder, so that there is something to gain. */
async function make(name: string, ...options: string[]): Promise<string> {
  const file = path.join(folder, name);
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=d=2:s=320x240:r=30', '-f', 'lavfi', '-i', 'sine=d=2'];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '12', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', ...options, file]);
  return file;
}

const jobFor = (source: string, changes: Partial<EncodeJob> = {}): EncodeJob => ({
  source,
  temporary: temporaryPath(path.join(folder, 'result')),
  type: source.endsWith('.mov') ? types.mov : types.mp4,
  settings,
  signal: new AbortController().signal,
  onProgress: () => {},
  ...changes,
});

/** Encodes and proves; the source must be the same bytes after it, and nothing else be left behind. */
async function compress(source: string, changes: Partial<EncodeJob> = {}): Promise<{ result: EncodeResult; proof: unknown; job: EncodeJob }> {
  const job = jobFor(source, changes);
  const [before, files] = [await digest(source), await readdir(folder)];
  const result = await encoder.encode(job);
  expect(await digest(source)).toBe(before);
  const left = (await readdir(folder)).filter((file) => !files.includes(file));
  expect(left).toEqual(result.outcome === 'encoded' ? [path.basename(job.temporary)] : []);
  return { result, job, proof: result.outcome === 'encoded' ? await prover.prove(job) : null };
}

const encodedBy = (method: string): unknown => expect.objectContaining({ outcome: 'encoded', settings: expect.objectContaining({ method }) });

describe('graft', () => {
  it('makes an H.264 MP4 smaller and changes nothing but the coding of its video', async () => {
    const source = await make('plain.mp4');
    const fractions: number[] = [];
    const { result, proof, job } = await compress(source, { onProgress: (fraction) => fractions.push(fraction) });
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
    expect((await stat(job.temporary)).size).toBeLessThan((await stat(source)).size);
    expect(fractions.length).toBeGreaterThan(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBeGreaterThan(0.99);
  });

  it('keeps dates, place, content identifier and rotation of a portrait QuickTime movie with moov at its end', async () => {
    const source = await make('portrait.mov');
    await turnUpright(source);
    await exiftool.write(source, {}, { writeArgs: ['-overwrite_original', '-api', 'QuickTimeUTC=0', '-Keys:CreationDate=2021:05:03 14:03:01+02:00', '-Keys:GPSCoordinates=48.2, 16.37, 170', '-Keys:ContentIdentifier=5E1B2C3D-0000-4000-8000-0123456789AB', '-QuickTime:CreateDate=2021:05:03 12:03:01', '-TrackCreateDate=2021:05:03 12:03:01'] });
    const { result, proof, job } = await compress(source);
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
    expect(await readQuickTimeDates(job.temporary)).toEqual({ creationDate: '2021-05-03T14:03:01+02:00', movieCreated: '2021-05-03T12:03:01Z', location: { latitude: 48.2, longitude: 16.37, altitude: 170 } });
    expect(await contentIdentifier(job.temporary)).toBe('5E1B2C3D-0000-4000-8000-0123456789AB');
    expect((await describeMovie(job.temporary)).tracks[0]).toMatchObject({ rotation: 90, codec: 'hvc1' });
  });

  it('treats HEVC with B-frames, colour tags and full range', async () => {
    const colours = ['-color_primaries', 'smpte170m', '-color_trc', 'smpte170m', '-colorspace', 'smpte170m', '-color_range', 'pc'];
    const source = await make('colours.mov', '-c:v', 'libx265', '-x265-params', 'log-level=error:bframes=4', '-crf', '8', '-tag:v', 'hvc1', ...colours);
    const { result, proof } = await compress(source, { settings: { ...settings, videoPreset: 'fast' } });
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
  });

  it('keeps the time of every frame where the rate varies', async () => {
    // frames 0..29 at 1/30 s, then at 1/240 s: a slow-motion ramp
    const source = await make('slow.mov', '-vf', "settb=1/2400,setpts='if(lt(N,30),N*80,2400+(N-30)*10)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:2400', '-video_track_timescale', '2400', '-an', '-t', '10');
    const { result, proof } = await compress(source);
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
  });

  it('carries 10 bit', async () => {
    const source = await make('deep.mp4', '-c:v', 'libx265', '-x265-params', 'log-level=error', '-crf', '8', '-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1');
    const { result, proof } = await compress(source, { settings: { ...settings, videoPreset: 'fast' } });
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
  });

  it('keeps a timed metadata track (Live Photo) byte for byte', async () => {
    const source = path.join(folder, 'live.mov');
    await withTimedMetadata(await make('before-live.mov', '-movflags', '+faststart'), source);
    expect(await describeMovie(source)).toMatchObject({ timedMetadata: true, stillImageTime: true });
    const { result, proof, job } = await compress(source);
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
    expect(await describeMovie(job.temporary)).toMatchObject({ timedMetadata: true, stillImageTime: true });
  });

  it.each(['with-gps.mov', 'with-gps.mp4'])('treats the real %s', async (name) => {
    const real = path.join(corpus, name);
    if (!(await exists(real))) return console.warn(`skipped: ${real} is not here`);
    const source = path.join(folder, name);
    await copyFile(real, source);
    const { result, proof } = await compress(source, { settings: { ...settings, videoPreset: 'medium' } });
    expect(result).toEqual(encodedBy('graft'));
    expect(proof).toBeNull();
  });
});

describe('remux', () => {
  it('makes the picture smaller when asked to, with rotation and dates', async () => {
    const source = await make('large.mov');
    await turnUpright(source);
    await exiftool.write(source, {}, { writeArgs: ['-overwrite_original', '-Keys:CreationDate=2021:05:03 14:03:01+02:00', '-Keys:GPSCoordinates=48.2, 16.37, 170', '-QuickTime:CreateDate=2021:05:03 12:03:01'] });
    const smaller = { settings: { ...settings, videoResolution: 120 } };
    const { result, proof, job } = await compress(source, smaller);
    expect(result).toEqual(encodedBy('remux'));
    expect(proof).toBeNull();
    expect(await readQuickTimeDates(job.temporary)).toMatchObject({ creationDate: '2021-05-03T14:03:01+02:00', movieCreated: '2021-05-03T12:03:01Z' });
    expect((await describeMovie(job.temporary)).tracks.find(({ handler }) => handler === 'vide')).toMatchObject({ rotation: 90, width: 160, height: 120, matrix: [0, 65536, 0, -65536, 0, 0, 120 * 65536, 0, 0x40000000] });
  });

  it('never makes it larger', async () => {
    const { result } = await compress(await make('small.mp4'), { settings: { ...settings, videoResolution: 1080 } });
    expect(result).toEqual(encodedBy('graft'));
  });

  it('treats a fragmented MP4', async () => {
    const source = await make('fragments.mp4', '-movflags', 'frag_keyframe+empty_moov', '-g', '15');
    const { result, proof } = await compress(source);
    expect(result).toEqual(encodedBy('remux'));
    expect(proof).toBeNull();
  });
});

describe('kept as it is', () => {
  it.each([
    ['HDR', 'hlg.mov', ['-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc']],
    ['UNSUPPORTED_VARIANT', 'sound.mp4', ['-vn']],
    ['UNSUPPORTED_VARIANT', 'prores.mov', ['-c:v', 'prores_ks', '-pix_fmt', 'yuv422p10le', '-frames:v', '5']],
    ['NOT_SMALLER', 'tight.mp4', ['-c:v', 'libx265', '-x265-params', 'log-level=error', '-preset', 'medium', '-crf', '40', '-tag:v', 'hvc1']],
  ])('%s: %s', async (code, name, options) => {
    const { result } = await compress(await make(name, ...options));
    expect(result).toMatchObject({ outcome: 'kept', code });
  });

  it('a Dolby Vision movie', async () => {
    const source = path.join(folder, 'dolby.mov');
    await withSampleEntryBox(await make('before-dolby.mov', '-movflags', '+faststart'), source, writeBox('dvvC', Buffer.alloc(24, 1)));
    expect((await compress(source)).result).toMatchObject({ outcome: 'kept', code: 'DOLBY_VISION' });
  });

  it('a spatial movie', async () => {
    const source = path.join(folder, 'spatial.mov');
    await withSampleEntryBox(await make('before-spatial.mov', '-movflags', '+faststart'), source, writeBox('vexu', Buffer.alloc(8)));
    expect((await compress(source)).result).toMatchObject({ outcome: 'kept', code: 'SPATIAL' });
  });

  it('a Live Photo movie that would have to be made smaller', async () => {
    const { result } = await compress(path.join(folder, 'live.mov'), { settings: { ...settings, videoResolution: 120 } });
    expect(result).toMatchObject({ outcome: 'kept', code: 'TIMED_METADATA' });
  });

  it('a long video whose samples promise nothing, without encoding it', async () => {
    const source = await make('long.mp4', '-c:v', 'libx265', '-x265-params', 'log-level=error', '-preset', 'fast', '-crf', '38', '-tag:v', 'hvc1', '-an');
    const long = path.join(folder, 'longer.mp4');
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-stream_loop', '19', '-i', source, '-c', 'copy', '-tag:v', 'hvc1', long]);
    const { result } = await compress(long);
    expect(result).toMatchObject({ outcome: 'kept', code: 'NOT_SMALLER', reason: expect.stringContaining('samples') });
  });
});

describe('bad input', () => {
  const rejected = (source: string): Promise<unknown> => expect(compress(source)).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });

  it('a movie that is cut off', async () => {
    const source = await make('cut.mp4', '-movflags', '+faststart');
    await truncate(source, Math.round((await stat(source)).size / 2));
    await rejected(source);
  });

  it('a movie without its moov', async () => {
    const source = await make('unfinished.mov');
    await truncate(source, Math.round((await stat(source)).size / 2));
    await rejected(source);
  });

  it('a movie with flipped bits in its video', async () => {
    const source = await make('flipped.mp4', '-movflags', '+faststart', '-x264-params', 'cabac=1');
    const bytes = await readFile(source);
    for (let at = Math.round(bytes.length / 2); at < bytes.length * 0.75; at += 97) bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
    await writeFile(source, bytes);
    await rejected(source);
  });

  it('an empty file and one of noise', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('no movie at all, only words')]) {
      const source = path.join(folder, 'noise.mp4');
      await writeFile(source, bytes);
      await rejected(source);
    }
  });
});

describe('the prover', () => {
  it('refuses a result whose date or frames are not those of the source', async () => {
    const source = await make('truth.mov');
    const { job } = await compress(source);
    await exiftool.write(job.temporary, {}, { writeArgs: ['-overwrite_original', '-QuickTime:CreateDate=1999:01:01 00:00:00'] });
    expect(await prover.prove(job)).toMatchObject({ code: 'PROOF_FAILED' });
    const shorter = jobFor(source);
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', source, '-t', '1', '-c:v', 'libx265', '-x265-params', 'log-level=error', '-tag:v', 'hvc1', '-c:a', 'copy', '-f', 'mov', shorter.temporary]);
    expect(await prover.prove(shorter)).toMatchObject({ code: 'PROOF_FAILED' });
  });

  it('refuses a result with damage in its video', async () => {
    const { job } = await compress(await make('good.mp4'));
    const { size } = await stat(job.temporary);
    await using handle = await open(job.temporary, 'r+');
    await handle.write(Buffer.alloc(4000, 0xa5), 0, 4000, Math.round(size * 0.55));
    expect(await prover.prove(job)).toMatchObject({ code: 'PROOF_FAILED' });
  });
});

it('calls a result that cannot be read a failed proof, never a bad source', async () => {
  const job = jobFor(await make('fine.mp4'));
  await writeFile(job.temporary, 'no movie');
  expect(await prover.prove(job)).toMatchObject({ code: 'PROOF_FAILED' });
});

it('stops when it is told to, and leaves nothing', async () => {
  const source = await make('aborted.mp4');
  const abort = new AbortController();
  const slow = { ...settings, videoPreset: 'veryslow' };
  const reason = new Error('the stage drains');
  const stopping = { signal: abort.signal, settings: slow, onProgress: (fraction: number) => fraction > 0.1 && abort.abort(reason) };
  const before = await readdir(folder);
  await expect(encoder.encode(jobFor(source, stopping))).rejects.toBe(reason);
  expect(await readdir(folder)).toEqual(before);
});

it('copes with names that look like options or patterns', async () => {
  const odd = path.join(folder, '-i %03d \'é😀"');
  await mkdir(odd);
  const source = path.join(odd, "-y [0] '%d:.mp4");
  await copyFile(await make('odd.mp4'), source);
  const job = jobFor(source, { temporary: temporaryPath(source) });
  expect(await encoder.encode(job)).toEqual(encodedBy('graft'));
  expect(await prover.prove(job)).toBeNull();
});

/** Sets the matrix of the first track as a phone does that was held upright: turned by 90° and moved back into view. */
async function turnUpright(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.indexOf('tkhd') + 4 + 40;
  [0, 0x10000, 0, -0x10000, 0, 0, 240 * 0x10000, 0, 0x40000000].forEach((value, i) => bytes.writeInt32BE(value, at + 4 * i));
  await writeFile(file, bytes);
}

/** The movie (`moov` first) with a fourth kind of track: boxed metadata that names the still's time, as an iPhone writes it. */
async function withTimedMetadata(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  const sample = Buffer.from('0000000900000001ff', 'hex');
  const head = (version: number, ...values: number[]): Buffer => Buffer.concat([Buffer.from([version, 0, 0, 0]), ...values.map(word)]);
  const identity = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
  const key = writeBox('\0\0\0\x01', writeBox('keyd', Buffer.from('mdtacom.apple.quicktime.still-image-time')), writeBox('dtyp', word(0), word(65)));
  const stsd = writeBox('stsd', head(0, 1), writeBox('mebx', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), writeBox('keys', key)));
  const build = (offset: number): Buffer => {
    const stbl = writeBox('stbl', stsd, writeBox('stts', head(0, 1, 1, 600)), writeBox('stsc', head(0, 1, 1, 1, 1)), writeBox('stsz', head(0, sample.length, 1)), writeBox('stco', head(0, 1, offset)));
    const dinf = writeBox('dinf', writeBox('dref', head(0, 1), writeBox('url ', Buffer.from([0, 0, 0, 1]))));
    const handler = writeBox('hdlr', head(0), Buffer.from('mhlrmeta'), Buffer.alloc(13));
    const mdia = writeBox('mdia', writeBox('mdhd', head(0, 0, 0, 600, 600, 0)), handler, writeBox('minf', writeBox('nmhd', head(0)), dinf, stbl));
    return writeBox('trak', writeBox('tkhd', head(0, 0, 0, 9, 0, 600, 0, 0, 0, 0, ...identity, 0, 0)), mdia);
  };
  await insertInMoov(bytes, to, (grown) => build(bytes.length + grown + 8), build(0).length, Buffer.concat([boxHeader('mdat', sample.length), sample]));
}

const word = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value | 0);
  return buffer;
};

/** Puts a track at the end of `moov` and moves all chunk offsets by its length. */
async function insertInMoov(bytes: Buffer, to: string, track: (grown: number) => Buffer, length: number, after: Buffer): Promise<void> {
  const boxes = readBoxes(bytes);
  const moov = boxes.find(({ type }) => type === 'moov');
  if (!moov) throw new Error('no moov');
  const content = Buffer.from(bytes.subarray(moov.data, moov.end));
  shiftChunks(content, length);
  await writeFile(to, Buffer.concat([bytes.subarray(0, moov.start), writeBox('moov', content, track(length)), bytes.subarray(moov.end), after]));
}

function shiftChunks(content: Buffer, by: number): void {
  for (let at = content.indexOf('stco'); at >= 0; at = content.indexOf('stco', at + 4)) {
    const count = content.readUInt32BE(at + 8);
    for (let i = 0; i < count; i++) content.writeUInt32BE(content.readUInt32BE(at + 12 + 4 * i) + by, at + 12 + 4 * i);
  }
}

/** The movie (`moov` first) with one more box in its video's sample entry. */
async function withSampleEntryBox(from: string, to: string, extra: Buffer): Promise<void> {
  const bytes = await readFile(from);
  const entry = bytes.indexOf('avc1', bytes.indexOf('stsd')) - 4;
  const end = entry + bytes.readUInt32BE(entry);
  const grow = (type: string): void => {
    // each of these holds the first video track, which comes first
    const at = bytes.indexOf(type) - 4;
    bytes.writeUInt32BE(bytes.readUInt32BE(at) + extra.length, at);
  };
  for (const type of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']) grow(type);
  bytes.writeUInt32BE(bytes.readUInt32BE(entry) + extra.length, entry);
  const tail = Buffer.from(bytes.subarray(end));
  const head = Buffer.from(bytes.subarray(0, end));
  shiftChunks(tail, extra.length);
  await writeFile(to, Buffer.concat([head, extra, tail]));
}
