import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makePicture, workspaceRoot } from '@media-pipeline/testing';

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

const settings = { FOLDER_SOURCE_STABLE_SECONDS: '0', ARCHIVE_VARIANT: 'both', JPEG_QUALITY: '80', COMPRESSION_INTERVAL_YEARS: '2', SUBSEQUENT_RESIZE_PERCENTAGE: '50' };
/** Types a command at the built command line; its stdout is JSON lines. */
async function type(...words: string[]): Promise<Record<string, unknown>[]> {
  const { PATH, HOME } = process.env;
  const { stdout } = await run(process.execPath, [command, ...words, '--library', library, '--json'], { env: { PATH, HOME, ...settings } });
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
});
