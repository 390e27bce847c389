import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bus } from '@media-pipeline/bus';
import { loadConfig } from '@media-pipeline/config';
import type { Outcome } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import { LocalICloud, type LocalICloudOptions } from '@media-pipeline/local-icloud';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { createLogger } from '@media-pipeline/stage';
import { sha256Of } from '@media-pipeline/testing';
import { CloudCourier } from '../adapters/cloud-courier';
import { ICloudConnection } from '../adapters/connection';
import { Deletions } from '../adapters/deletions';
import { Collector } from '../collector';
import { ICloudRegister } from '../icloud-register';
import { ICloudService } from '../icloud.service';
import { LibraryReader } from '../library-reader';
import { ZoneReader } from '../zone-reader';

/** The iCloud side of ingest as it is wired in the stage, against a local iCloud: a real broker, database and library. */
export class CloudScene {
  private readonly connections: ICloudConnection[] = [];

  private constructor(
    readonly root: string,
    readonly bus: Bus,
    readonly database: Database,
    readonly library: Library,
    readonly icloud: LocalICloud,
  ) {}

  static async open(bus: Bus, options: LocalICloudOptions = {}): Promise<CloudScene> {
    const root = await mkdtemp(path.join(tmpdir(), 'ingest-icloud-'));
    const library = Library.at(root);
    await library.prepare();
    const database = await Database.open({ kind: 'sqlite', file: path.join(root, '.media-pipeline', 'db.sqlite') });
    return new CloudScene(root, bus, database, library, await LocalICloud.start({ ...options, account: { iterations: 100, ...options.account } }));
  }

  async close(): Promise<void> {
    for (const connection of this.connections) await connection.onModuleDestroy();
    await this.icloud.close();
    await this.database.close();
    await rm(this.root, { recursive: true });
  }

  settings(overrides: Record<string, string> = {}): Record<string, string> {
    const { account, endpoints } = this.icloud;
    return {
      NAS_MOUNT: this.root,
      ENABLE_ICLOUD_DOWNLOAD: 'true',
      ENABLE_FOLDER_DOWNLOAD: 'false',
      ICLOUD_USERNAME: account.username,
      ICLOUD_PASSWORD: account.password,
      ICLOUD_AUTH_URL: endpoints.auth,
      ICLOUD_SETUP_URL: endpoints.setup,
      PIPELINE_EXECUTION_MODE: 'continuous',
      ...overrides,
    };
  }

  /** As a process that has just started. */
  service(overrides: Record<string, string> = {}, meddle: (plain: CloudCourier) => CloudCourier = (plain) => plain): ICloudService {
    const { config } = loadConfig({ env: {}, overrides: this.settings(overrides) });
    const logger = createLogger({ level: 'fatal' }, 'ingest');
    const connection = new ICloudConnection(config, logger);
    this.connections.push(connection);
    const register = new ICloudRegister(this.library, this.database, this.bus);
    const deletions = new Deletions(config, this.library, this.database, new FileMover(this.library, this.database.journal));
    const courier = meddle(new CloudCourier(this.library, this.database));
    const reader = new LibraryReader(config, new ZoneReader(register, deletions, logger), register, logger);
    return new ICloudService(config, connection, reader, new Collector(config, register, courier, deletions), deletions, register, logger);
  }

  /** Signs in with the code of the trusted devices. */
  async signIn(service = this.service()): Promise<void> {
    await service.read({}, reading());
    await service.submit({ code: this.icloud.account.latestCode ?? '' });
  }

  async read(service = this.service(), request: Parameters<ICloudService['read']>[0] = {}): Promise<Outcome> {
    return await service.read(request, reading());
  }

  async assets(): Promise<AssetWithFiles[]> {
    return await this.database.assets.list({ limit: 10_000 });
  }

  /** @throws when there are more, or none */
  async onlyAsset(): Promise<AssetWithFiles> {
    const [asset, ...others] = await this.assets();
    if (!asset || others.length > 0) throw new Error(`${others.length + (asset ? 1 : 0)} assets instead of one`);
    return asset;
  }

  /** What became of each asset. */
  async fates(): Promise<string[]> {
    return (await this.assets()).map(({ sourceKey, state, code }) => `${sourceKey}: ${state}${code === null ? '' : ` ${code}`}`).sort();
  }

  /** Everything under originals/, with its hash. */
  async originals(): Promise<Map<string, string>> {
    const folder = this.library.areas.originals;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return new Map(await Promise.all(files.map(async (file) => [path.relative(folder, file), await sha256Of(file)] as const)));
  }
}

export const reading = (signal = new AbortController().signal, attempt = 1) => ({ signal, attempt, report: () => undefined });
