import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Bus } from '@media-pipeline/bus';
import { loadConfig } from '@media-pipeline/config';
import type { Emit, Outcome } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { createLogger } from '@media-pipeline/stage';
import type { Reading } from '../../reading';
import { Courier } from '../adapters/courier';
import { DiskDoctor } from '../adapters/disk-doctor';
import { FolderSource } from '../adapters/folder-source';
import { MediaInspector } from '../adapters/media-inspector';
import { AssetFinder } from '../asset-finder';
import { FolderIntake } from '../folder-intake';
import { FolderRegister } from '../folder-register';
import { FolderService } from '../folder.service';

export const run = promisify(execFile);
export const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
/** Enough of a PNG to be taken for one. */
export const png = (seed: string | Buffer): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.from(seed), randomBytes(64)]);
export const reading = (signal = new AbortController().signal, attempt = 1): Reading => ({ signal, attempt, report: () => undefined });

/** Ingest as it is wired in the stage: a real broker, database, library and source folder. */
export class Scene {
  library: Library;

  private constructor(
    readonly root: string,
    readonly bus: Bus,
    readonly database: Database,
    public source: string,
    readonly libraryRoot: string,
  ) {
    this.library = Library.at(libraryRoot);
  }

  static async open(bus: Bus): Promise<Scene> {
    const root = await mkdtemp(path.join(tmpdir(), 'ingest-'));
    const [source, libraryRoot] = [path.join(root, 'source'), path.join(root, 'library')];
    await mkdir(source);
    await Library.at(libraryRoot).prepare();
    const database = await Database.open({ kind: 'sqlite', file: path.join(libraryRoot, '.media-pipeline', 'db.sqlite') });
    return new Scene(root, bus, database, source, libraryRoot);
  }

  /** A folder source of a library that is there: whoever opened that closes it, and `source` lies in its root. */
  static async of({ bus, database, root }: Pick<Scene, 'bus' | 'database' | 'root'>): Promise<Scene> {
    const source = path.join(root, 'a folder source');
    await mkdir(source);
    return new Scene(root, bus, database, source, root);
  }

  async close(): Promise<void> {
    await this.database.close();
    await rm(this.root, { recursive: true });
  }

  /** @param meddle puts something else in the place of the courier */
  service(overrides: Record<string, string> = {}, meddle: (plain: Courier) => Courier = (plain) => plain): FolderService {
    const { config } = loadConfig({
      env: {},
      overrides: { NAS_MOUNT: this.libraryRoot, FOLDER_SOURCE_PATH: this.source, FOLDER_SOURCE_STABLE_SECONDS: '0', PIPELINE_EXECUTION_MODE: 'single', ...overrides },
    });
    const disks = new DiskDoctor(config, this.library);
    const courier = meddle(new Courier(config, this.library, this.database, disks));
    const register = new FolderRegister(this.library, this.database, this.bus);
    const intake = new FolderIntake(new AssetFinder(new MediaInspector(), disks), courier, register);
    return new FolderService(config, new FolderSource(config, this.library), intake, register, createLogger({ level: 'fatal' }, 'ingest'));
  }

  /** Reads the source. @returns the assets that were announced */
  async scan(service = this.service(), attempt = 1): Promise<string[]> {
    return (await emitsOf(await service.read({}, reading(undefined, attempt)))).map(({ payload }) => ('assetId' in payload ? (payload.assetId ?? '') : ''));
  }

  async assets(): Promise<AssetWithFiles[]> {
    return await this.database.assets.list({ limit: 1_000 });
  }

  /** What became of each file. */
  async fates(): Promise<string[]> {
    return (await this.assets()).map(({ sourceKey, state, code }) => `${sourceKey}: ${state}${code === null ? '' : ` ${code}`}`).sort();
  }

  /** The files under originals/. */
  async originals(): Promise<string[]> {
    const entries = await readdir(this.library.areas.originals, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.library.areas.originals, path.join(entry.parentPath, entry.name)))
      .sort();
  }

  /** A file of the source, old enough to be settled. */
  async put(name: string | Buffer, data: Buffer = png(randomBytes(4))): Promise<Buffer> {
    const place = typeof name === 'string' ? path.join(this.source, name) : Buffer.concat([Buffer.from(`${this.source}/`), name]);
    if (typeof place === 'string') await mkdir(path.dirname(place), { recursive: true });
    await writeFile(place, data);
    await utimes(place, 1_000_000, 1_000_000);
    return data;
  }

  /** The source, as anybody would see it: names, kinds, sizes, times, modes, links. */
  async picture(): Promise<string> {
    return (await run('find', [this.source, '-printf', '%p %y %s %T@ %C@ %m %n %i\\n'])).stdout;
  }
}

async function emitsOf(outcome: Outcome): Promise<Emit[]> {
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  const emits: Emit[] = [];
  for await (const said of outcome.emits) emits.push(said);
  return emits;
}

/** A courier that does `before` first, each time. */
export const beforeBringing =
  (before: (...given: Parameters<Courier['bring']>) => Promise<void> | void) =>
  (plain: Courier): Courier =>
    Object.assign(Object.create(plain) as Courier, {
      bring: async (...given: Parameters<Courier['bring']>) => {
        await before(...given);
        return await plain.bring(...given);
      },
    });
