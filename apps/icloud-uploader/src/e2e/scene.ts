import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bus } from '@media-pipeline/bus';
import { loadConfig, type Config } from '@media-pipeline/config';
import type { Outcome, TaskOptions, UploadedFile, UploadResult } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import { contentHash, endpointsFor, ICloudAccount } from '@media-pipeline/icloud';
import { LocalICloud, type LocalICloudOptions } from '@media-pipeline/local-icloud';
import { Database, type Batch, type Delivery } from '@media-pipeline/schema';
import { createLogger } from '@media-pipeline/stage';
import { BridgeShelf } from '../adapters/bridge-shelf';
import { browserRoute } from '../adapters/browser/browser-options';
import { Cloud } from '../adapters/cloud';
import { Converter } from '../adapters/convert/converter';
import { HttpRoute } from '../adapters/http-route';
import { BatchUpload } from '../batch-upload';
import { HandOvers } from '../by-hand/hand-overs';
import { UploadFolder } from '../by-hand/upload-folder.task';
import { IcloudUploaderService } from '../icloud-uploader.service';
import { Routes } from '../routes';
import { Uploader } from '../uploader';

const impatient = { readyMs: 6_000, beginMs: 4_000, settleMs: 1_500, signInMs: 15_000, idleMs: 60_000 };

export const working = (signal = new AbortController().signal) => ({ signal, report: () => undefined });
export const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** The stage as it is wired, against a local iCloud: a real broker, database and library. */
export class UploadScene {
  /** How long the stage keeps a browser that has nothing to do. */
  idleMs = impatient.idleMs;
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly root: string,
    readonly bus: Bus,
    readonly database: Database,
    readonly library: Library,
    readonly icloud: LocalICloud,
  ) {}

  static async open(bus: Bus, options: LocalICloudOptions = {}): Promise<UploadScene> {
    const root = await mkdtemp(path.join(tmpdir(), 'icloud-uploader-'));
    const library = Library.at(root);
    await library.prepare();
    const database = await Database.open({ kind: 'sqlite', file: path.join(root, '.media-pipeline', 'db.sqlite') });
    const icloud = await LocalICloud.start({ ...options, account: { iterations: 100, ...options.account } });
    icloud.uploads.indexingMs = { least: 50, most: 300 };
    return new UploadScene(root, bus, database, library, icloud);
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close();
    await this.icloud.close();
    await this.database.close();
    await rm(this.root, { recursive: true });
  }

  settings(overrides: Record<string, string> = {}): Config {
    const { account, endpoints } = this.icloud;
    const given = {
      NAS_MOUNT: this.root,
      ICLOUD_USERNAME: account.username,
      ICLOUD_PASSWORD: account.password,
      ICLOUD_AUTH_URL: endpoints.auth,
      ICLOUD_SETUP_URL: endpoints.setup,
      ICLOUD_UPLOAD_ROUTE: 'http',
      ICLOUD_REFUSED_TYPES: 'keep',
      ICLOUD_PHOTOS_URL: this.icloud.pageUrl,
      ICLOUD_APPEAR_TIMEOUT: '3',
      ICLOUD_BATCH_SIZE: '3',
      PIPELINE_EXECUTION_MODE: 'continuous',
    };
    return loadConfig({ env: {}, overrides: { ...given, ...overrides } }).config;
  }

  /** As a person does with `media-pipeline icloud login`. */
  async signIn(): Promise<void> {
    await this.asAnother(async (client) => {
      await client.signIn({ by: 'person' });
      await client.submitCode(this.icloud.account.latestCode ?? '');
    });
  }

  /** The account in the hands of another process. */
  async asAnother<T>(work: (client: ICloudAccount) => Promise<T>): Promise<T> {
    const { account, endpoints } = this.icloud;
    const client = await ICloudAccount.open({ username: account.username, password: account.password, sessionFile: this.settings().icloud.sessionFile, secretsKey: null, endpoints: endpointsFor('global', endpoints) });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  /** As a process that has just started. @param said takes its log */
  service(overrides: Record<string, string> = {}, said?: string[]): IcloudUploaderService {
    const settings = this.settings(overrides);
    const logger = createLogger({ level: said ? 'trace' : 'fatal' }, 'icloud-uploader', said && { write: (line) => void said.push(line) });
    const cloud = new Cloud(settings, this.database, logger);
    const routes = new Routes(settings, browserRoute(settings, cloud, this.library, logger, { ...impatient, idleMs: this.idleMs }), new HttpRoute(cloud));
    this.closing.push(async () => { await cloud.onModuleDestroy(); }, async () => { await routes.onModuleDestroy(); });
    const shelf = new BridgeShelf(this.library, new FileMover(this.library, this.database.journal));
    const converter = new Converter(this.library);
    this.closing.push(async () => { await converter.onModuleDestroy(); });
    const upload = new BatchUpload(this.database, shelf, new Uploader(settings, cloud, routes, converter, logger), converter);
    return new IcloudUploaderService(settings, this.database, this.bus, upload, logger);
  }

  /** A folder by hand, as a process that has just started. */
  async upload(directory: string, options: Partial<TaskOptions<'icloud-upload'>> = {}, overrides: Record<string, string> = {}, signal = new AbortController().signal, onStep: (step: string) => void = () => undefined): Promise<{ readonly result: UploadResult; readonly files: UploadedFile[] }> {
    const settings = this.settings(overrides);
    const logger = createLogger({ level: 'fatal' }, 'icloud upload');
    const cloud = new Cloud(settings, this.database, logger);
    const browser = browserRoute(settings, cloud, this.library, logger, impatient);
    const converter = new Converter(this.library);
    const task = new UploadFolder(new Uploader(settings, cloud, new Routes(settings, browser, new HttpRoute(cloud)), converter, logger), browser, new HandOvers(this.database), converter);
    const files: UploadedFile[] = [];
    try {
      const result = await task.run({ directory, dryRun: false, interactive: false, retries: 2, retryDelayMs: 10, ...options }, { signal, onEvent: (event) => { if ('file' in event) files.push(event); else onStep(event.step); } });
      return { result, files };
    } finally {
      await browser.close();
      await converter.onModuleDestroy();
      await cloud.onModuleDestroy();
    }
  }

  async deliver(batch: Batch, service = this.service()): Promise<Outcome> {
    return await service.deliver({ batchId: batch.id }, working());
  }

  /** A sealed batch with these files, each a photo of its own. */
  async batch(files: Readonly<Record<string, Buffer>>): Promise<Batch> {
    let last: Batch | undefined;
    for (const [name, data] of Object.entries(files)) {
      const hash = sha256(data);
      const original = this.library.path('originals', `${hash.slice(0, 8)}-${name}`);
      await writeFile(this.library.absolute(original), data);
      const [asset] = await this.database.assets.reserve([{ source: 'folder', sourceKey: `${hash}/${name}`, kind: 'photo', files: [{ role: 'primary', filename: name, path: original, bytes: data.length, sourcePath: `/source/${hash}/${name}`, fingerprint: hash, modifiedAt: new Date('2021-05-03T12:00:00Z') }] }]);
      const file = asset?.files[0];
      if (!asset || !file) throw new Error('nothing was reserved');
      await this.database.assets.arrived(asset.id, [{ fileId: file.id, sha256: hash, bytes: data.length }], { step: 'ingest', status: 'success', message: 'arrived' });
      const { batch, deliveries } = await this.database.batches.assign('icloud', asset.id, [{ fileId: file.id, name, sha256: hash, bytes: data.length }], { maxFiles: 1_000, maxBytes: 1e12 }, true);
      const folder = this.library.absolute(batch.path);
      await mkdir(folder, { recursive: true });
      for (const delivery of deliveries) await link(this.library.absolute(file.path), path.join(folder, delivery.name));
      last = batch;
    }
    if (!last) throw new Error('an empty batch');
    await writeFile(this.library.absolute(this.library.path('bridge/icloud', `${path.basename(last.path)}.manifest.json`)), '{}\n');
    await this.database.batches.move(last.id, 'open', 'created');
    return last;
  }

  async deliveries(batch: Batch): Promise<Delivery[]> {
    return await this.database.batches.deliveries(batch.id);
  }

  /** All files below an area, by path. */
  async under(area: 'bridge/icloud' | 'uploaded/icloud' | 'compressed' | 'logs'): Promise<string[]> {
    const entries = await readdir(this.library.areas[area], { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(this.library.areas[area], path.join(entry.parentPath, entry.name))).sort();
  }

  /** Which of these files count as uploaded from here, by name. */
  async ownUploads(files: Readonly<Record<string, Buffer>>): Promise<string[]> {
    const contents = await Promise.all(Object.entries(files).map(async ([name, data]) => {
      const hash = contentHash();
      hash.update(data);
      const { checksum } = hash.digest();
      const found = await this.database.ownUploads.find([checksum]);
      return found.some(({ bytes, sha256: content }) => bytes === data.length && content === sha256(data)) ? [name] : [];
    }));
    return contents.flat();
  }

  /** How often iCloud has each content, by SHA-256. */
  copies(): Map<string, number> {
    return this.icloud.uploads.copies();
  }
}
