import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { isTerminal } from '@media-pipeline/contracts';
import type { AssetWithFiles } from '@media-pipeline/schema';
import { createLogger, openHost, type StageHost } from '@media-pipeline/stage';
import { auditLibrary, makePicture, publishOverTcp, sha256Of, startNats, waitFor, workspaceRoot, type TestNats } from '@media-pipeline/testing';

/** `media-pipeline up` as its own process, on a broker and a library of its own; the test looks in through the same doors as an operator. */
class Pipeline {
  private constructor(
    readonly root: string,
    readonly nats: TestNats,
    readonly host: StageHost & AsyncDisposable,
    private readonly child: ChildProcess,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Pipeline> {
    const root = await mkdtemp(path.join(tmpdir(), 'media-road-'));
    const nats = await startNats();
    const env = { NAS_MOUNT: root, NATS_URL: nats.url, BRIDGE_MAX_WAIT_SECONDS: '1', LOG_LEVEL: 'fatal', ...settings };
    const { config } = loadConfig({ env });
    const host = await openHost(config, 'test', createLogger(config.log, 'test'));
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [path.join(workspaceRoot, 'dist/apps/cli/src/main.js'), 'up'], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
    return new Pipeline(root, nats, host, child);
  }

  /** A picture under originals/, as somebody would put it there by hand. */
  async put(name: string, seed: number): Promise<string> {
    const file = path.join(this.root, 'originals', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await makePicture(seed));
    return sha256Of(file);
  }

  say(subject: string, body: string): Promise<void> {
    return publishOverTcp(this.nats.port, subject, body);
  }

  /** The asset that came of an original, once it has ended. */
  async ended(sourceKey: string): Promise<AssetWithFiles> {
    const look = async (): Promise<AssetWithFiles | undefined> =>
      (await this.host.database.assets.list({ limit: 1000 })).find((asset) => asset.files.some(({ filename }) => filename === sourceKey) && isTerminal(asset.state));
    return waitFor(look, { describe: () => `${sourceKey} to end` });
  }

  async history(assetId: string): Promise<string[]> {
    return (await this.host.database.log.list({ assetId, limit: 100 })).map(({ step, message }) => `${step}: ${message}`).reverse();
  }

  async close(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
    await this.host[Symbol.asyncDispose]();
    await this.nats.destroy();
    await rm(this.root, { recursive: true, force: true });
  }
}

describe('a file that an operator names in a message', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await Pipeline.start();
  });
  afterAll(() => pipeline.close());

  it('goes the whole road, driven by one line of a plain TCP client', async () => {
    const hash = await pipeline.put('x.jpg', 1);
    await pipeline.say('media.discovered', '{"path":"originals/x.jpg"}');
    const asset = await pipeline.ended('x.jpg');
    expect(asset).toMatchObject({ state: 'sorted', captureDate: expect.stringMatching(/^2021-05-03T12:00:00/) });
    expect(asset.files[0]?.archivedPath).toBe('sorted/2021/05/03/x.jpg');
    expect(await sha256Of(path.join(pipeline.root, 'sorted/2021/05/03/x.jpg'))).toBe(hash);
    expect(asset.renditions).toHaveLength(1);
    const history = await pipeline.history(asset.id);
    for (const step of ['dedupe', 'compressor', 'bridge', 'icloud-uploader', 'pixel-sync', 'verifier', 'sorter']) {
      expect(history.some((line) => line.startsWith(`${step}:`))).toBe(true);
    }
    expect(await auditLibrary({ root: pipeline.root, database: pipeline.host.database, archived: new Set([hash]) })).toEqual([]);
  });

  it('ends as a duplicate of what is already there, and waits in cleanup/', async () => {
    const hash = await pipeline.put('first.jpg', 2);
    await pipeline.say('media.discovered', '{"path":"originals/first.jpg"}');
    const first = await pipeline.ended('first.jpg');
    await pipeline.put('again/second.jpg', 2);
    await pipeline.say('media.discovered', '{"path":"originals/again/second.jpg"}');
    const second = await pipeline.ended('second.jpg');
    expect(second).toMatchObject({ state: 'duplicate', duplicateOf: first.id });
    expect(await waitFor(async () => (await pipeline.host.database.assets.find(second.id))?.files[0]?.path.startsWith('cleanup/'))).toBe(true);
    const place = (await pipeline.host.database.assets.find(second.id))?.files[0]?.path ?? '';
    expect(await sha256Of(path.join(pipeline.root, place))).toBe(hash);
  });

  it('changes nothing when it is said again', async () => {
    const asset = await pipeline.ended('x.jpg');
    await pipeline.say('media.unique', JSON.stringify({ assetId: asset.id }));
    await pipeline.say('media.compressed', JSON.stringify({ assetId: asset.id }));
    await pipeline.say('media.verified', JSON.stringify({ assetId: asset.id }));
    await waitFor(async () => (await pipeline.host.bus.lag()).every(({ pending, underWay }) => pending + underWay === 0));
    expect(await pipeline.host.database.assets.find(asset.id)).toEqual(asset);
  });

  it.each([
    ['INVALID_MESSAGE', 'media.discovered', 'not json'],
    ['INVALID_MESSAGE', 'media.discovered', '{"path":"/etc/passwd"}'],
    ['INVALID_MESSAGE', 'media.discovered', '{"path":"originals/../../../etc/passwd"}'],
    ['INVALID_MESSAGE', 'media.unique', '{}'],
    ['FILE_MISSING', 'media.discovered', '{"path":"originals/nowhere.jpg"}'],
    ['UNKNOWN_ASSET', 'media.discovered', '{"path":"sorted/2021/nowhere.jpg"}'],
    ['UNKNOWN_ASSET', 'media.verified', '{"assetId":"018f3f5e-7b1a-7c3d-8e4f-0123456789ab"}'],
  ])('comes back as a readable dead letter %s: %s %s', async (code, subject, body) => {
    await pipeline.say(subject, body);
    const letter = await waitFor(async () => (await pipeline.host.bus.deadLetters.list()).find((candidate) => Buffer.from(candidate.body).toString() === body), { describe: () => 'the dead letter' });
    expect(letter).toMatchObject({ code, subject });
    expect(letter.reason.length).toBeGreaterThan(10);
  });
});

describe('a stage that is switched off', () => {
  it.each([
    ['ENABLE_DEDUPLICATION', 'dedupe', 'sorted'],
    ['ENABLE_COMPRESSION', 'compressor', 'sorted'],
    ['ENABLE_IMAGE_COMPRESSION', 'compressor', 'sorted'],
    ['ENABLE_FILE_PREPARATION', 'bridge', 'sorted'],
    ['ENABLE_VERIFICATION', 'verifier', 'sorted'],
    ['ENABLE_SORTING', 'sorter', 'completed'],
  ])('%s: passes the asset on untouched, and its history says so', async (toggle, step, end) => {
    const pipeline = await Pipeline.start({ [toggle]: 'false' });
    try {
      const hash = await pipeline.put('y.jpg', 3);
      await pipeline.say('media.discovered', '{"path":"originals/y.jpg"}');
      const asset = await pipeline.ended('y.jpg');
      expect(asset.state).toBe(end);
      expect((await pipeline.history(asset.id)).filter((line) => line.startsWith(`${step}:`)).join()).toMatch(/off|ENABLE_/);
      const [file] = asset.files;
      expect(await sha256Of(path.join(pipeline.root, file?.path ?? ''))).toBe(hash);
    } finally {
      await pipeline.close();
    }
  });

  it('goes to one destination when the other is switched off', async () => {
    const pipeline = await Pipeline.start({ ENABLE_ICLOUD_UPLOAD: 'false' });
    try {
      await pipeline.put('z.jpg', 4);
      await pipeline.say('media.discovered', '{"path":"originals/z.jpg"}');
      const asset = await pipeline.ended('z.jpg');
      const deliveries = await pipeline.host.database.batches.deliveriesOf(asset.id);
      expect(deliveries).toMatchObject([{ destination: 'pixel', state: 'off' }]);
      expect((await stat(path.join(pipeline.root, 'bridge/icloud'))).isDirectory()).toBe(true);
      const [batch] = await pipeline.host.database.batches.list({ limit: 1 });
      const manifest = JSON.parse(await readFile(path.join(pipeline.root, `${batch?.path ?? ''}.manifest.json`), 'utf8')) as { files: unknown[] };
      expect(manifest.files).toMatchObject([{ name: 'z.jpg', sha256: asset.files[0]?.sha256 }]);
    } finally {
      await pipeline.close();
    }
  });
});

describe('ARCHIVE_WAITS_FOR', () => {
  it.each(['none', 'icloud', 'all'])('%s: the original ends in the archive', async (waitsFor) => {
    const pipeline = await Pipeline.start({ ARCHIVE_WAITS_FOR: waitsFor });
    try {
      const hash = await pipeline.put('w.jpg', 5);
      await pipeline.say('media.discovered', '{"path":"originals/w.jpg"}');
      expect(await pipeline.ended('w.jpg')).toMatchObject({ state: 'sorted' });
      expect(await auditLibrary({ root: pipeline.root, database: pipeline.host.database, archived: new Set([hash]) })).toEqual([]);
    } finally {
      await pipeline.close();
    }
  });
});
