import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LibraryPath } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { startNats, type TestNats } from '@media-pipeline/testing';
import { type } from '../e2e/type';
import { buildProgram } from '../program';

let directory: string;
let library: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'cli-'));
  library = path.join(directory, 'library');
});
afterEach(() => rm(directory, { recursive: true }));

const lines = (text: string): unknown[] => text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line) as unknown);

/** A library with three photos: one waiting for dedupe, one set aside, one failed. */
async function aLibrary(): Promise<AssetWithFiles[]> {
  await type('nas', 'init', library);
  const database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
  try {
    const assets = await database.assets.reserve(
      ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => ({
        source: 'folder' as const,
        sourceKey: name,
        kind: 'photo' as const,
        files: [{ role: 'primary' as const, filename: name, path: LibraryPath.parse(`originals/${name}`), bytes: 5, sourcePath: `/photos/${name}`, fingerprint: '5:1:1', modifiedAt: new Date(0) }],
      })),
    );
    for (const asset of assets) {
      const file = asset.files[0];
      if (file) await database.assets.arrived(asset.id, [{ fileId: file.id, sha256: 'a'.repeat(64), bytes: 5 }], { step: 'ingest', status: 'success', message: 'arrived', assetId: asset.id });
    }
    const [, second, third] = assets;
    if (!second || !third) throw new Error('three assets were asked for');
    await database.assets.stop(second.id, 'set_aside', { code: 'MEDIA_CORRUPT', reason: 'It ends in the middle.' }, { step: 'dedupe', status: 'warning', message: 'It ends in the middle.', assetId: second.id });
    await database.assets.stop(third.id, 'failed', { code: 'IO_ERROR', reason: 'The disk is broken.' }, { step: 'dedupe', status: 'error', code: 'IO_ERROR', message: 'The disk is broken.', assetId: third.id });
    return assets;
  } finally {
    await database.close();
  }
}

describe('every command', () => {
  it.each([['run'], ['up'], ['status'], ['asset', 'list'], ['asset', 'show'], ['compress', 'again'], ['publish'], ['dlq', 'list'], ['dlq', 'retry'], ['reconcile'], ['duplicates', 'sweep'], ['duplicates', 'list'], ['duplicates', 'undo'], ['similar', 'find'], ['similar', 'list'], ['similar', 'show'], ['similar', 'dismiss'], ['config', 'check'], ['config', 'docs'], ['nas', 'init'], ['doctor'], ['icloud', 'login'], ['icloud', 'code'], ['icloud', 'status'], ['icloud', 'sync'], ['icloud', 'logout']])('%s %s has help with examples', async (...words) => {
    const { out, code } = await type(...words, '--help');
    expect(out).toMatch(/Examples?:\n {2}media-pipeline/);
    expect(code).toBe(0);
  });

  it('is shown by --help, and loaded when it is typed', async () => {
    const { out } = await type('--help');
    const names = (await buildProgram([])).commands.map((command) => command.name());
    for (const name of names) {
      expect(out).toContain(`\n  ${name} `);
      const loaded = (await buildProgram([name])).commands.find((command) => command.name() === name);
      expect([loaded?.name(), (loaded?.options.length ?? 0) + (loaded?.commands.length ?? 0) > 0]).toEqual([name, true]);
      expect((await type('help', name)).out).toBe((await type(name, '--help')).out);
    }
  });

  it('that is mistyped is answered with the nearest one', async () => {
    expect(await type('statsu')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean status?') as string });
    expect(await type('asset', 'list', '--staet', 'sorted')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean --state?') as string });
  });

  it('says what to do where there is no library', async () => {
    for (const words of [['status'], ['asset', 'list'], ['dlq', 'list'], ['reconcile']]) {
      const { err, code } = await type(...words, '--library', library);
      expect([err.split(':')[0], code]).toEqual(['error NOT_A_LIBRARY', 2]);
      expect(err).toContain('nas init');
    }
    await expect(stat(library)).rejects.toThrow(); // looking made nothing
  });

  it('lists every wrong setting', async () => {
    const file = path.join(directory, 'settings.env');
    await writeFile(file, 'JPEG_QUALITY=0\nVIDEO_CRF=99\nDATABASE_URL=mysql://anna:geheim@db/x\nVIDEO_CFR=20\n');
    const { err, code } = await type('config', 'check', '--config', file);
    expect(code).toBe(2);
    for (const part of ['error SETTINGS_INVALID: 3 settings are wrong', 'JPEG_QUALITY="0" is less than 1', 'VIDEO_CRF="99" is more than 63', 'DATABASE_URL']) expect(err).toContain(part);
    expect(err).not.toContain('geheim');
  });
});

describe('compress again', () => {
  it('wants to know from which age on', async () => {
    await aLibrary();
    expect(await type('compress', 'again', '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('COMPRESSION_INTERVAL_YEARS is 0') as string });
    expect(await type('compress', 'again', '--older-than', '0', '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('from 1 to 99') as string });
  });
});

describe('nas init', () => {
  it('makes the tree and a README, and leaves both alone the second time', async () => {
    expect((await type('nas', 'init', library)).code).toBe(0);
    await expect(readFile(path.join(library, 'README.md'), 'utf8')).resolves.toMatch(/## Permissions[^]*## Quotas/);
    await writeFile(path.join(library, 'README.md'), 'mine');
    expect((await type('nas', 'init', '--library', library)).code).toBe(0);
    await expect(readFile(path.join(library, 'README.md'), 'utf8')).resolves.toBe('mine');
    expect((await stat(path.join(library, 'bridge/icloud'))).mode & 0o777).toBe(0o775);
    expect((await stat(path.join(library, '.media-pipeline'))).mode & 0o777).toBe(0o700);
  });
});

describe('a library at rest', () => {
  it('shows its photos by state, with the last errors', async () => {
    await aLibrary();
    const { out } = await type('status', '--library', library, '--json');
    expect(lines(out)).toEqual([expect.objectContaining({ library, running: false, stages: null, assets: expect.objectContaining({ discovered: 1, set_aside: 1, failed: 1 }) as object })]);
    const { out: text } = await type('status', '--library', library);
    expect(text).toContain('no pipeline is running');
    expect(text).toContain('The disk is broken.');
  });

  it('lists and shows assets', async () => {
    const [first, second] = await aLibrary();
    const listed = await type('asset', 'list', '--library', library, '--json');
    expect(lines(listed.out)).toHaveLength(3);
    const aside = await type('asset', 'list', '--library', library, '--json', '--state', 'set_aside');
    expect(lines(aside.out)).toEqual([expect.objectContaining({ id: second?.id, state: 'set_aside', reason: 'MEDIA_CORRUPT: It ends in the middle.', original: { path: 'originals/b.jpg', sha256: 'a'.repeat(64), bytes: 5 }, rendition: null, archived: [], duplicateOf: null })]);
    expect(lines((await type('asset', 'list', '--library', library, '--json', '--code', 'IO_ERROR')).out)).toHaveLength(1);
    expect(lines((await type('asset', 'list', '--library', library, '--json', '--after', first?.id ?? '')).out)).toHaveLength(2);
    expect((await type('asset', 'list', '--library', library, '--limit', '1')).out).toContain(`next page: --after ${first?.id ?? ''}`);
    expect((await type('asset', 'show', 'originals/b.jpg', '--library', library)).out).toMatch(/what to do[^]*look for another copy/);
    expect(lines((await type('asset', 'show', first?.id ?? '', '--library', library, '--json')).out)).toEqual([expect.objectContaining({ state: 'discovered' })]);
    expect(await type('asset', 'show', '../b.jpg', '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('error UNKNOWN_ASSET') as string });
  });

  it('takes messages for the next run, and refuses those that no stage could read', async () => {
    const [first] = await aLibrary();
    const message = JSON.stringify({ assetId: first?.id });
    const { out, err } = await type('publish', 'media.discovered', message, '--library', library, '--json');
    expect(lines(out)).toEqual([expect.objectContaining({ stream: 'MEDIA', sequence: 1 })]);
    expect(err).toContain('the next run takes the message');
    expect(await type('publish', 'media.discoverd', message, '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('did you mean media.discovered?') as string });
    expect(await type('publish', 'media.discovered', '{"path":"/etc/passwd"}', '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('must be relative to the library') as string });
    expect(await type('publish', 'media.discovered', 'path', '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('not JSON') as string });
    await expect(stat(path.join(library, '.media-pipeline/lock.json'))).rejects.toThrow();
  });

  it('tries stopped photos again, by id and all', async () => {
    const [first, second, third] = await aLibrary();
    const { out } = await type('dlq', 'list', '--library', library, '--json');
    expect(lines(out)).toEqual(expect.arrayContaining([expect.objectContaining({ sequence: null, assetId: second?.id, code: 'MEDIA_CORRUPT' }), expect.objectContaining({ assetId: third?.id, code: 'IO_ERROR' })]));
    expect((await type('dlq', 'show', second?.id ?? '', '--library', library)).out).toContain('MEDIA_CORRUPT: It ends in the middle.');
    expect(await type('dlq', 'retry', first?.id ?? '', '--library', library)).toMatchObject({ code: 2, err: expect.stringContaining('there is nothing to try again') as string });
    expect((await type('dlq', 'retry', second?.id ?? '', '--library', library)).out).toContain('1 on the way again');
    expect((await type('dlq', 'retry', 'all', '--library', library)).out).toContain('1 on the way again');
    expect((await type('dlq', 'list', '--library', library)).out).toContain('Nothing went wrong.');
    expect(lines((await type('status', '--library', library, '--json')).out)).toEqual([expect.objectContaining({ assets: expect.objectContaining({ discovered: 3 }) as object })]);
  });

  it('is searched by code, and says which codes there are; a photo is found where it was before', async () => {
    const [first] = await aLibrary();
    expect((await type('asset', 'list', '--code', 'media_corrupt', '--library', library)).out).toContain('b.jpg');
    expect(await type('asset', 'list', '--code', 'MEDIA_CORUPT', '--library', library)).toMatchObject({ code: 0, out: 'No photos.\n', err: 'Codes that photos here have: IO_ERROR (1), MEDIA_CORRUPT (1)\n' });
    const database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    const [from, to] = [LibraryPath.parse('originals/a.jpg'), LibraryPath.parse('cleanup/archived/a.jpg')];
    const { id } = await database.journal.plan({ operation: 'move', assetId: first?.id ?? null, fileId: first?.files[0]?.id ?? null, from, to, sha256: 'a'.repeat(64), bytes: 5, reason: 'archived' });
    await database.journal.finish(id);
    await database.close();
    for (const place of [from, to]) expect(lines((await type('asset', 'show', place, '--library', library, '--json')).out)).toEqual([expect.objectContaining({ id: first?.id })]);
    expect((await type('similar', 'show', 'x', '--library', library)).err).toContain('`similar list` shows their ids');
  });

  it('is reconciled: what stands still is said again, half-written files go', async () => {
    await aLibrary();
    await writeFile(temporaryPath(path.join(library, 'originals/a.jpg')), 'half');
    const { out } = await type('reconcile', '--library', library, '--json');
    expect(lines(out)).toEqual([{ said: { 'media.discovered': 1 }, busy: [], moves: 0, swept: 1 }]);
    // what was said waits now; nothing is said twice
    expect(lines((await type('reconcile', '--library', library, '--json')).out)).toEqual([{ said: {}, busy: ['dedupe'], moves: 0, swept: 0 }]);
  });
});

describe('a library whose broker is elsewhere', () => {
  let nats: TestNats;
  beforeEach(async () => {
    nats = await startNats();
  });
  afterEach(() => nats.destroy());

  it('has its backlog and dead letters there', async () => {
    await aLibrary();
    const settings = path.join(directory, 'settings.env');
    await writeFile(settings, `NATS_URL=${nats.url}\nNAS_MOUNT=${library}\n`);
    expect((await type('reconcile', '--config', settings)).code).toBe(0);
    const { out } = await type('status', '--config', settings, '--json');
    expect(lines(out)).toEqual([expect.objectContaining({ running: false, broker: nats.url, deadLetters: 0, stages: expect.arrayContaining([expect.objectContaining({ durable: 'dedupe', pending: 1 })]) as unknown[] })]);
    expect((await type('dlq', 'show', '7', '--config', settings)).err).toContain('error UNKNOWN_ASSET: There is no dead letter 7');
    expect((await type('dlq', 'drop', 'all', '--config', settings)).out).toContain('0 thrown away');
  });

  it('is still shown when the broker does not answer', async () => {
    await aLibrary();
    const settings = path.join(directory, 'settings.env');
    await writeFile(settings, `NATS_URL=nats://127.0.0.1:1\nNAS_MOUNT=${library}\n`);
    const { out, err, code } = await type('status', '--config', settings, '--json');
    expect([lines(out).length, code]).toEqual([1, 0]);
    expect(err).toContain('warning:');
    expect(await type('dlq', 'list', '--config', settings)).toMatchObject({ code: 1, err: expect.stringContaining('error BROKER_UNAVAILABLE') as string });
  });
});

describe('doctor', () => {
  it('finds all well in a new library, and says what a missing source needs', async () => {
    await type('nas', 'init', library);
    const well = await type('doctor', '--library', library, '--json');
    expect(well.code).toBe(0);
    expect(lines(well.out).length).toBeGreaterThan(10);
    const settings = path.join(directory, 'settings.env');
    await mkdir(path.join(directory, 'source'));
    await writeFile(settings, `FOLDER_SOURCE_PATH=missing\nDEDUPLICATION_DIRECTORIES=/not/here\nNAS_MOUNT=${library}\n`);
    const ill = await type('doctor', '--config', settings);
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(/fail {2}source .*missing is not there\n.*→ Mount it, or correct FOLDER_SOURCE_PATH/);
    expect(ill.out).toMatch(/warn {2}duplicates .*\/not\/here cannot be read\n.*→ Mount it before the pipeline starts/);
  });
});
