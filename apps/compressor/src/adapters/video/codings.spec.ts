import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { codings } from './codings';
import { measureSimilarity } from './similarity';
import { Ffmpeg, defaultFfmpegOptions } from '.';

const run = promisify(execFile);
const ffmpeg = new Ffmpeg(defaultFfmpegOptions);
const { signal } = new AbortController();
const told = (preset: string, crf = 28, cores = 1): string[] => ['-c:v', codings.x265.library, ...codings.x265.options({ crf, preset, cores }, null)];

let folder = '';
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'codings-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('x265', () => {
  it('is smaller and no worse than the plain preset that people would type', async () => {
    const source = path.join(folder, 'source.mp4');
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', 'testsrc2=d=2:s=320x240:r=30,noise=alls=2:allf=t', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '10', '-pix_fmt', 'yuv420p', source]);
    const made = async (name: string, options: readonly string[]): Promise<{ readonly bytes: number; readonly score: number }> => {
      const result = path.join(folder, name);
      await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', source, ...options, result]);
      const { luma } = await measureSimilarity(ffmpeg, { source: { path: source, stream: 0 }, result: { path: result, stream: 0 }, wholeMedia: false, size: null, pixelFormat: 'yuv420p' }, signal);
      return { bytes: (await ffmpeg.packets(result, 0, signal)).reduce((sum, { bytes }) => sum + bytes, 0), score: luma.mean };
    };
    const plain = await made('plain.mp4', ['-c:v', 'libx265', '-crf', '28', '-x265-params', 'log-level=error']);
    const ours = await made('ours.mp4', told('medium'));
    expect(ours.bytes).toBeLessThan(0.98 * plain.bytes);
    expect(ours.score).toBeGreaterThanOrEqual(plain.score);
  });

  it.each(['ultrafast', 'medium', 'slow', 'slower', 'veryslow'])('understands all that it is told with the preset "%s"', async (preset) => {
    // what it does not understand it only warns of
    const { stderr } = await run('ffmpeg', ['-v', 'warning', '-nostdin', '-f', 'lavfi', '-i', 'color=s=128x128:d=0.2', ...told(preset, 28.25), '-f', 'null', '-']);
    expect(stderr).not.toMatch(/unknown|invalid|error|not recogni/i);
  });

  it('leaves presets alone that were chosen for their speed', () => {
    for (const preset of ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast']) expect(told(preset, 26, 2).at(-1)).toBe('log-level=error:pools=2:frame-threads=2:open-gop=0');
  });
});
