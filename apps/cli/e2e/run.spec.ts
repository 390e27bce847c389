import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makePictureFolder, waitFor, workspaceRoot, type PictureFolder } from '@media-pipeline/testing';

const command = path.join(workspaceRoot, 'dist/apps/cli/src/main.js');
const summaryKeys = ['assets', 'files', 'unique', 'duplicates', 'compressed', 'keptOriginal', 'setAside', 'failed', 'sorted', 'bytesIn', 'bytesOut', 'seconds', 'library'];

interface Typed {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly lines: readonly Record<string, unknown>[]; readonly err: string }>;
  out(): string;
}

/** Types a command at the built command line; its stdout is JSON lines. */
function type(...words: string[]): Typed {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [command, ...words], { env: { PATH, HOME, FOLDER_SOURCE_STABLE_SECONDS: '0' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString('utf8')));
  child.stderr.on('data', (data: Buffer) => (err += data.toString('utf8')));
  const parse = (text: string) => text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, lines: parse(out), err }));
  return { child, ended, out: () => out };
}

describe('media-pipeline run', () => {
  let place: string;
  let library: string;
  let source: PictureFolder;
  const run = (...words: string[]): Typed => type('run', '--source', source.directory, '--library', library, '--json', ...words);

  beforeAll(() =>
    access(command).catch(() => {
      throw new Error('the command line is not built: npm run build');
    }),
  );
  beforeEach(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'media-run-'));
    library = path.join(place, 'library');
    source = await makePictureFolder(path.join(place, 'source'), 60, 1);
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  const expected = { assets: 60, files: 60, duplicates: 3, setAside: 1, failed: 0, sorted: 56, unique: 56 };

  it('works a folder through, says so in JSON lines, and changes nothing the second time', async () => {
    const first = await run('--once').ended;
    expect(first.code).toBe(0);
    const summary = first.lines.at(-1) ?? {};
    expect(Object.keys(summary)).toEqual(summaryKeys);
    expect(summary).toMatchObject({ ...expected, library });
    expect(first.lines.filter(({ event }) => event === 'setAside')).toEqual([expect.objectContaining({ code: 'MEDIA_CORRUPT' })]);
    const again = await run('--once').ended;
    expect({ ...again.lines.at(-1), seconds: 0 }).toEqual({ ...summary, seconds: 0 });
    expect(again.lines.filter(({ event }) => event === 'setAside')).toEqual([]);
    const left = await readdir(path.join(library, '.media-pipeline'));
    expect(left).not.toContain('lock.json');
    expect(left).not.toContain('broker.json');
  }, 120_000);

  it('ends in good order on Ctrl-C, and goes on where it was', async () => {
    const cut = run('--once');
    await waitFor(() => Promise.resolve(cut.out().includes('"event":"progress"')), { timeoutMs: 30_000, describe: () => 'the run to be on its way' });
    cut.child.kill('SIGINT');
    const ended = await cut.ended;
    expect([0, 130]).toContain(ended.code);
    expect(Object.keys(ended.lines.at(-1) ?? {})).toEqual(summaryKeys);
    const rest = await run('--once').ended;
    expect(rest).toMatchObject({ code: 0 });
    expect(rest.lines.at(-1)).toMatchObject(expected);
  }, 120_000);

  it('goes on after it was killed, with the broker it left behind', async () => {
    const cut = run('--once');
    await waitFor(() => Promise.resolve(cut.out().includes('"event":"progress"')), { timeoutMs: 30_000, describe: () => 'the run to be on its way' });
    cut.child.kill('SIGKILL');
    await cut.ended;
    const rest = await run('--once').ended;
    expect(rest).toMatchObject({ code: 0 });
    expect(rest.lines.at(-1)).toMatchObject(expected);
  }, 180_000);

  it('has a library to itself, and other commands join its broker', async () => {
    const watching = run();
    const brokerFile = path.join(library, '.media-pipeline', 'broker.json');
    await waitFor(() => access(brokerFile).then(() => true, () => false), { timeoutMs: 30_000, describe: () => 'the broker to be announced' });
    const second = await run('--once').ended;
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('error LIBRARY_IN_USE') as string });
    const status = await type('status', '--library', library, '--json').ended;
    expect(status.lines).toEqual([expect.objectContaining({ running: true, broker: (JSON.parse(await readFile(brokerFile, 'utf8')) as { url: string }).url })]);
    await waitFor(async () => ((await type('status', '--library', library, '--json').ended).lines[0]?.['assets'] as Record<string, number>)['set_aside'] === 1, { timeoutMs: 60_000, everyMs: 500, describe: () => 'the broken picture to be set aside' });
    expect((await type('dlq', 'list', '--library', library, '--json').ended).lines).toEqual([expect.objectContaining({ code: 'MEDIA_CORRUPT', state: 'set_aside', sequence: 1 })]);
    watching.child.kill('SIGINT');
    expect((await watching.ended).code).toBe(0);
  }, 120_000);

  it('goes stage by stage where it is asked to', async () => {
    const byHand = await run('--manual', '--yes').ended;
    expect(byHand.code).toBe(0);
    expect(byHand.lines.at(-1)).toMatchObject(expected);
    expect(byHand.err).toMatch(/ingest: [^]*dedupe: [^]*compressor: [^]*bridge: [^]*verifier: [^]*sorter: /);
    await mkdir(path.join(place, 'other'));
    expect((await type('run', '--manual', '--library', path.join(place, 'other')).ended).err).toContain('error USAGE');
  }, 120_000);
});
