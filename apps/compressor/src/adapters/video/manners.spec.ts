import { execFile } from 'node:child_process';
import { constants, type FileHandle, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import { temporaryPath } from '@media-pipeline/files';
import { describeMovie, videoType } from '@media-pipeline/media';
import type { CompressionSettings, EncodeJob, EncodeResult } from '../../encoder.port';
import { checkSource, decodeFully } from './decode-check';
import { inPipeline } from './ffmpeg';
import { videoFootprint } from './video-footprint';
import { Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags, type FfmpegOptions } from '.';

const run = promisify(execFile);
const settings: CompressionSettings = {
  ...{ qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: [], jpegQuality: null, videoCrf: 30, videoEncoder: 'x265', videoPreset: 'medium' },
  ...{ resizePercentage: 100, videoResolution: null, maxMegapixels: 100 },
};
const options: FfmpegOptions = { cores: 1, niceness: 10, stallMs: 60_000 };
const ffmpeg = new Ffmpeg(options);
const tags = new MovieTags(new ExifTool({ maxProcs: 1 }));
const { signal } = new AbortController();

let folder = '';
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'video-manners-'))));
afterAll(async () => {
  await tags.close();
  await rm(folder, { recursive: true });
});

async function make(name: string, coding: readonly string[] = ['-crf', '10'], seconds = 4): Promise<string> {
  const file = path.join(folder, name);
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', `testsrc2=d=${seconds}:s=192x144:r=30,noise=alls=2:allf=t`, '-c:v', 'libx264', '-preset', 'veryfast', '-g', '30', '-pix_fmt', 'yuv420p', ...coding, file]);
  return file;
}

const jobFor = (source: string, changes: Partial<CompressionSettings> = {}): EncodeJob => ({
  ...{ source, temporary: temporaryPath(path.join(folder, 'result')), type: videoType('mp4', 'video/mp4', 'mp4') },
  ...{ settings: { ...settings, ...changes }, signal, onProgress: () => {} },
});

/** Running encodes of a whole video into this folder, by their command line. */
async function encodesUnderWay(): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => lines[index]?.startsWith('ffmpeg\0') && lines[index].includes('-video_track_timescale') && lines[index].includes(folder));
}

/** Whether a promise is settled by now, and the promise, which is to be awaited later. */
function watched<T>(promise: Promise<T>): readonly [over: () => boolean, promise: Promise<T>] {
  let settled = false;
  const done = promise.finally(() => (settled = true));
  done.catch(() => {});
  return [() => settled, done];
}

/** Sends a signal to the first `times` encodes once they have begun, then lets the job end. */
async function disturbed(encoding: Promise<EncodeResult>, how: NodeJS.Signals, times: number): Promise<EncodeResult> {
  const [over, done] = watched(encoding);
  const hit = new Set<number>();
  while (!over() && hit.size < times) {
    for (const pid of (await encodesUnderWay()).filter((found) => !hit.has(found)).slice(0, times - hit.size)) {
      process.kill(pid, how);
      hit.add(pid);
    }
    await pause(10);
  }
  return done;
}

describe('an ffmpeg that stands still in the middle of an encode', () => {
  const impatient = new FfmpegVideoEncoder(new Ffmpeg({ ...options, stallMs: 1_500 }));

  it('is killed though it is stopped, and the second attempt is as good as the first', async () => {
    const job = jobFor(await make('stopped.mp4'));
    expect(await disturbed(impatient.encode(job), 'SIGSTOP', 1)).toMatchObject({ outcome: 'encoded' });
    expect(await new FfmpegVideoProver(ffmpeg, tags).prove(job)).toBeNull();
    expect(await encodesUnderWay()).toEqual([]);
  });

  it('costs the file its rendition when it happens twice, and nothing is left', async () => {
    const source = await make('stopped-twice.mp4');
    const before = await readdir(folder);
    expect(await disturbed(impatient.encode(jobFor(source)), 'SIGSTOP', 2)).toMatchObject({ outcome: 'kept', code: 'ENCODER_FAILED', reason: expect.stringContaining('no progress') });
    expect(await readdir(folder)).toEqual(before);
    expect(await encodesUnderWay()).toEqual([]);
  }, 30_000);
});

it('tries again later when ffmpeg was killed by the machine, and leaves nothing', async () => {
  const source = await make('killed.mp4');
  const before = await readdir(folder);
  await expect(disturbed(new FfmpegVideoEncoder(ffmpeg).encode(jobFor(source)), 'SIGKILL', 1)).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
  expect(await readdir(folder)).toEqual(before);
});

it('ends the encode when the job is aborted, and ffmpeg is gone by then', async () => {
  const abort = new AbortController();
  const reason = new Error('the stage drains');
  const job = { ...jobFor(await make('drained.mp4')), signal: abort.signal };
  const encoding = new FfmpegVideoEncoder(ffmpeg).encode(job);
  encoding.catch(() => {});
  while ((await encodesUnderWay()).length === 0) await pause(10);
  abort.abort(reason);
  await expect(encoding).rejects.toBe(reason);
  expect(await encodesUnderWay()).toEqual([]);
});

describe('the decode check', () => {
  it('gives up a file that never gives its bytes (a dead network mount), as the machine’s fault', async () => {
    const pipe = path.join(folder, 'never.mp4');
    const probe = await ffmpeg.probe(await make('short.mp4', ['-crf', '20'], 1), signal);
    await run('mkfifo', [pipe]);
    // both ends open, so that ffmpeg waits for bytes and not for a writer
    const held: FileHandle = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const stuck = decodeFully(new Ffmpeg({ ...options, stallMs: 1_000 }), { path: pipe, probe, wholeMedia: true }, signal, () => {});
      await expect(stuck).rejects.toMatchObject({ code: 'PROGRAM_FAILED', message: expect.stringContaining('no progress') });
    } finally {
      await held.close();
    }
  });

  it('counts frames, since ffmpeg ends with code 0 on a recording that stops early', async () => {
    const source = await make('whole.mp4', ['-crf', '20', '-bf', '0'], 3);
    const [movie, probe] = [await describeMovie(source), await ffmpeg.probe(source, signal)];
    expect(await checkSource(ffmpeg, { path: source, movie, probe }, signal, () => {})).toEqual({ frames: 90, promised: 90 });
    const early = path.join(folder, 'early.mp4');
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', source, '-frames:v', '40', '-c', 'copy', early]);
    await expect(checkSource(ffmpeg, { path: early, movie, probe }, signal, () => {})).rejects.toMatchObject({ code: 'MEDIA_CORRUPT', message: 'only 40 of 90 frames can be decoded' });
  });
});

describe('a full disk', () => {
  it.each(['matroska', 'mov'])('is told from a bad file, also where ffmpeg ends with code 0 (%s)', async (format) => {
    const writing = ffmpeg.run(['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=s=320x240:d=1', '-c:v', 'libx265', '-x265-params', 'log-level=error', '-f', format, '/dev/full'], { signal });
    expect(inPipeline(await writing.catch((error: unknown) => error))).toMatchObject({ code: 'DISK_FULL' });
  });

  it('is not made by a job: what it writes at any time fits into its estimate', async () => {
    const source = await make('room.mp4', ['-crf', '18']);
    for (const changes of [{ videoCrf: null }, { videoCrf: 30 }]) {
      const job = jobFor(source, changes);
      const before = new Set(await readdir(folder));
      let most = 0;
      const [over, encoding] = watched(new FfmpegVideoEncoder(ffmpeg).encode(job));
      while (!over()) {
        const fresh = (await readdir(folder)).filter((name) => !before.has(name));
        const sizes = await Promise.all(fresh.map((name) => stat(path.join(folder, name)).then(({ size }) => size, () => 0)));
        most = Math.max(most, sizes.reduce((sum, size) => sum + size, 0));
        await pause(5);
      }
      await encoding;
      expect(most).toBeGreaterThan(0);
      // beyond it an encode can go for half a second (`-stats_period`), which is what the reserve of the volume is for
      expect(most).toBeLessThanOrEqual((await videoFootprint(job))?.disk ?? 0);
    }
  });

  it('is not filled by an encode that outgrows its source: it ends when it has', async () => {
    const source = await make('efficient.mp4', ['-crf', '35'], 20);
    const fractions: number[] = [];
    const job = { ...jobFor(source, { videoCrf: 1, videoPreset: 'ultrafast' }), onProgress: (fraction: number) => fractions.push(fraction) };
    const before = await readdir(folder);
    expect(await new FfmpegVideoEncoder(ffmpeg).encode(job)).toMatchObject({ outcome: 'kept', code: 'NOT_SMALLER', reason: expect.stringContaining('more than 90 %') });
    expect(Math.max(...fractions)).toBeLessThan(0.7);
    expect(await readdir(folder)).toEqual(before);
  });
});
