import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { makeDng, seededRandom, sha256Of, waitFor, workspaceRoot } from '@media-pipeline/testing';

const run = promisify(execFile);
const command = path.join(workspaceRoot, 'dist/apps/cli/src/main.js');

interface Group {
  readonly kind: string;
  readonly members: readonly { readonly path: string }[];
}

/** A picture with shapes in it, taken in 2021. */
function scene(width: number): sharp.Sharp {
  const random = seededRandom(1);
  const shade = (): string => `rgb(${[0, 1, 2].map(() => Math.round(random() * 255)).join()})`;
  const shapes = Array.from({ length: 9 }, () => `<ellipse cx="${random() * 800}" cy="${random() * 600}" rx="${40 + random() * 120}" ry="${40 + random() * 90}" fill="${shade()}"/>`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="${shade()}"/>${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).flatten().resize(width).withExif({ IFD2: { DateTimeOriginal: '2021:05:03 12:00:00', OffsetTimeOriginal: '+02:00' } });
}

describe('a service that has nothing else to do', () => {
  let place: string;
  let source: string;
  let library: string;
  let env: NodeJS.ProcessEnv;
  let service: ChildProcess | undefined;

  beforeEach(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'media-rest-'));
    [source, library] = [path.join(place, 'source'), path.join(place, 'library')];
    await mkdir(source);
    // what a container has: no ExifTool but the pipeline's own
    const bin = path.join(place, 'bin');
    await mkdir(bin);
    for (const program of ['nats-server', 'ffmpeg', 'ffprobe', 'perl', 'env', 'sh', 'nice', 'ionice', 'setpriv', 'true']) {
      const { stdout } = await run('sh', ['-c', 'command -v "$1" || true', 'sh', program]);
      if (stdout.startsWith('/')) await symlink(stdout.trim(), path.join(bin, program));
    }
    const settings = { FOLDER_SOURCE_STABLE_SECONDS: '0', FOLDER_SOURCE_SCAN_SECONDS: '5', BRIDGE_MAX_WAIT_SECONDS: '1', JPEG_QUALITY: '80', COMPRESSION_INTERVAL_YEARS: '2', SUBSEQUENT_RESIZE_PERCENTAGE: '50' };
    env = { PATH: bin, HOME: process.env['HOME'], ...settings };
  });
  afterEach(async () => {
    service?.kill('SIGKILL');
    await rm(place, { recursive: true, force: true });
  });

  async function ask<T>(...words: string[]): Promise<T[]> {
    const { stdout } = await run(process.execPath, [command, ...words, '--library', library, '--json'], { env });
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as T);
  }
  const copies = async (): Promise<string[]> => (await ask<Group>('similar', 'list')).filter(({ kind }) => kind === 'copy').flatMap(({ members }) => members.map((member) => path.basename(member.path))).sort();

  it('finds similar pictures and compresses old ones again, by itself; then what comes later; and ends in good order', async () => {
    await writeFile(path.join(source, 'IMG_1.JPG'), await scene(800).jpeg({ quality: 96 }).toBuffer());
    await writeFile(path.join(source, 'small.jpg'), await scene(400).jpeg({ quality: 90 }).toBuffer());
    await writeFile(path.join(source, 'raw.dng'), makeDng(await sharp(await scene(800).png().toBuffer()).jpeg().toBuffer(), { width: 800, height: 600, orientation: 1 }));
    const originals = new Map(await Promise.all((await readdir(source)).map(async (name) => [name, await sha256Of(path.join(source, name))] as const)));

    service = spawn(process.execPath, [command, 'up', '--source', source, '--library', library], { env, stdio: 'ignore' });
    await waitFor(() => copies().then((found) => found.length === 3, () => false), { timeoutMs: 120_000, everyMs: 3_000, describe: () => 'three copies to be proposed' });
    expect(await copies()).toEqual(['IMG_1.JPG', 'raw.dng', 'small.jpg']);

    await writeFile(path.join(source, 'later.jpg'), await scene(300).jpeg({ quality: 90 }).toBuffer());
    await waitFor(async () => (await copies()).includes('later.jpg'), { timeoutMs: 120_000, everyMs: 3_000, describe: () => 'the picture that came later to be proposed' });

    interface Shown { readonly files: readonly { readonly rendition: { readonly proof: { readonly madeAgain?: unknown } } | null }[] }
    const again = async (): Promise<boolean> => (await ask<Shown>('asset', 'show', 'compressed/IMG_1.JPG')).some(({ files }) => files[0]?.rendition?.proof.madeAgain !== undefined);
    await waitFor(() => again().catch(() => false), { timeoutMs: 120_000, everyMs: 3_000, describe: () => 'the photo of 2021 to be compressed again' });

    // proposals are all that came of it
    interface Listed { readonly state: string; readonly original: { readonly path: string; readonly sha256: string }; readonly archived: readonly string[] }
    for (const { state, original, archived } of await ask<Listed>('asset', 'list')) {
      expect([original.path, state, await sha256Of(path.join(library, archived[0] ?? ''))]).toEqual([original.path, 'sorted', original.sha256]);
    }
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    for (const [name, sha256] of originals) expect([name, await sha256Of(path.join(source, name))]).toEqual([name, sha256]);
    const files = await readdir(library, { recursive: true });
    expect(files.filter((name) => name.endsWith('.part') || path.basename(name).startsWith('.mp-'))).toEqual([]);
  }, 400_000);
});
