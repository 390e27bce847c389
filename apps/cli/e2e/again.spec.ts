import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makePicture, waitFor, workspaceRoot } from '@media-pipeline/testing';

const run = promisify(execFile);
const command = path.join(workspaceRoot, 'dist/apps/cli/src/main.js');

let place: string;
let library: string;
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'media-again-'));
  library = path.join(place, 'library');
  await mkdir(path.join(place, 'source'));
  for (const seed of [1, 2, 3]) await writeFile(path.join(place, 'source', `IMG_${seed}.JPG`), await makePicture(seed, { width: 640, height: 480, ...(seed === 3 && { date: `${new Date().getFullYear()}:01:02 12:00:00` }) }));
});
afterEach(() => rm(place, { recursive: true, force: true }));

const settings = { FOLDER_SOURCE_STABLE_SECONDS: '0', ARCHIVE_VARIANT: 'both', JPEG_QUALITY: '80', COMPRESSION_INTERVAL_YEARS: '2', SUBSEQUENT_RESIZE_PERCENTAGE: '50', SUBSEQUENT_VIDEO_RESOLUTION: '360', VIDEO_CRF: '28', VIDEO_PRESET: 'fast' };
const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings });
/** Types a command at the built command line; its stdout is JSON lines. */
async function type(...words: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(process.execPath, [command, ...words, '--library', library, '--json'], { env: environment() });
  return stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}
const hashes = async (area: string): Promise<Map<string, string>> => {
  const files = (await readdir(path.join(library, area), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [path.relative(library, file), createHash('sha256').update(await readFile(file)).digest('hex')] as const)));
};

describe('media-pipeline compress again', () => {
  it('makes old renditions again, in compressed/ and in the archive, and nothing else; once', async () => {
    await type('run', '--once', '--source', path.join(place, 'source'));
    const [compressed, sorted] = [await hashes('compressed'), await hashes('sorted')];
    const { stderr } = await run(process.execPath, [command, 'compress', 'again', '--dry-run', '--library', library], { env: { ...environment(), SUBSEQUENT_RESIZE_PERCENTAGE: '100', SUBSEQUENT_VIDEO_RESOLUTION: '' } });
    expect(stderr).toContain('ask for nothing smaller');
    const plan = await type('compress', 'again', '--dry-run');
    expect(plan.map(({ outcome }) => outcome)).toEqual(['would be tried', 'would be tried', undefined]);
    expect([await hashes('compressed'), await hashes('sorted')]).toEqual([compressed, sorted]);

    const done = await type('compress', 'again');
    expect(done.at(-1)).toMatchObject({ due: 2, replaced: 2, finished: true });
    expect(Number(done.at(-1)?.['bytesAfter'])).toBeLessThan(Number(done.at(-1)?.['bytesBefore']) * 0.6);
    const [after, archive] = [await hashes('compressed'), await hashes('sorted')];
    expect([...after.keys()].sort()).toEqual([...compressed.keys()].sort());
    for (const [file, sha256] of sorted) expect([file, archive.get(file) === sha256]).toEqual([file, !file.endsWith('-compressed.JPG') || file.includes('IMG_3')]);
    const earlier = [...(await hashes('cleanup/renditions')).values()];
    for (const name of ['IMG_1.JPG', 'IMG_2.JPG']) expect(earlier.filter((sha256) => sha256 === compressed.get(`compressed/${name}`))).toHaveLength(2);

    expect(await type('compress', 'again')).toEqual([expect.objectContaining({ due: 0, finished: true })]);
    const [asset] = await type('asset', 'show', 'compressed/IMG_1.JPG');
    expect(asset).toMatchObject({ state: 'sorted', files: [{ rendition: { sha256: after.get('compressed/IMG_1.JPG'), proof: { madeAgain: { from: 'archived original', earlier: { sha256: compressed.get('compressed/IMG_1.JPG') } } } } }] });
  });

  it('makes a video smaller from its original, and loses nothing when it is killed in the middle', async () => {
    const source = path.join(place, 'source');
    for (const name of await readdir(source)) await rm(path.join(source, name));
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=d=4:s=1280x720:r=30,noise=alls=4:allf=t:all_seed=1', '-f', 'lavfi', '-i', 'sine=d=4', '-pix_fmt', 'yuv420p', '-shortest'];
    await run('ffmpeg', ['-v', 'error', '-nostdin', ...picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '8', '-c:a', 'aac', '-metadata', 'creation_time=2019-07-01T10:00:00Z', path.join(source, 'clip.mov')]);
    await type('run', '--once', '--source', source);
    const [compressed, sorted] = [await hashes('compressed'), await hashes('sorted')];
    expect([...compressed.keys()]).toEqual(['compressed/clip.mov']);

    const child = spawn(process.execPath, [command, 'compress', 'again', '--library', library, '--json'], { env: environment(), stdio: 'ignore' });
    const encoding = async (): Promise<string[]> => (await run('ps', ['-eo', 'args'])).stdout.split('\n').filter((line) => line.startsWith('ffmpeg') && line.includes(library) && line.includes('libx265') && line.includes('.part'));
    await waitFor(async () => (await encoding()).length > 0, { timeoutMs: 60_000, everyMs: 20, describe: () => 'the encoder to be at work' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await waitFor(async () => (await encoding()).length === 0, { describe: () => 'the encoder to end with the process that started it' });
    expect([await hashes('compressed').then((found) => found.get('compressed/clip.mov')), await hashes('sorted')]).toEqual([compressed.get('compressed/clip.mov'), sorted]);

    const done = await type('compress', 'again');
    expect(done.at(-1)).toMatchObject({ due: 1, replaced: 1, finished: true });
    const after = await hashes('compressed');
    // nothing of the first attempt is left
    expect([...after.keys()]).toEqual(['compressed/clip.mov']);
    const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_entries', 'stream=codec_name,width,height,nb_frames', path.join(library, 'compressed/clip.mov')]);
    expect(JSON.parse(stdout)).toMatchObject({ streams: [{ codec_name: 'hevc', width: 640, height: 360, nb_frames: '120' }, { codec_name: 'aac' }] });
    for (const [file, sha256] of sorted) if (!file.includes('-compressed')) expect((await hashes('sorted')).get(file)).toBe(sha256);
    expect([...(await hashes('cleanup/renditions')).values()]).toContain(compressed.get('compressed/clip.mov'));
    const [asset] = await type('asset', 'show', 'compressed/clip.mov');
    expect(asset).toMatchObject({ state: 'sorted', files: [{ rendition: { proof: { madeAgain: { earlier: { sha256: compressed.get('compressed/clip.mov') } }, dimensions: { width: 640, height: 360 }, decoded: true } } }] });
  }, 300_000);
});
