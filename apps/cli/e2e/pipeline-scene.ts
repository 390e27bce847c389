import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bus } from '@media-pipeline/bus';
import { stageNames, terminalStates, type StageName } from '@media-pipeline/contracts';
import { endpointsFor, ICloudAccount } from '@media-pipeline/icloud';
import type { LocalICloud } from '@media-pipeline/local-icloud';
import { Database, type Delivery } from '@media-pipeline/schema';
import { StageProcess, startNats, waitFor, workspaceRoot } from '@media-pipeline/testing';

/** A folder for all that a test makes, with an empty library in it, and what is to be closed before it goes. */
export interface Place {
  readonly folder: string;
  readonly library: string;
  readonly closing: AsyncDisposableStack;
}

/** The whole pipeline as compose runs it: each stage a process of its own, on a broker, a library and a database that nobody else has. */
export class PipelineScene {
  private constructor(
    private readonly place: Place,
    readonly bus: Bus,
    readonly database: Database,
    readonly stages: readonly StageProcess[],
  ) {}

  /** @param prepare makes what the stages find when they start; returns their settings, beside those of library and broker */
  static async open(name: string, prepare: (place: Place) => Promise<Readonly<Record<string, string>>>): Promise<PipelineScene> {
    await access(path.join(workspaceRoot, 'dist/apps/icloud-uploader/src/main.js')).catch(() => {
      throw new Error('the stages are not built: npm run build');
    });
    await using closing = new AsyncDisposableStack();
    const folder = await mkdtemp(path.join(tmpdir(), `media-${name}-`));
    closing.defer(async () => { if (process.env['MEDIA_PIPELINE_KEEP'] === undefined) await rm(folder, { recursive: true, force: true }); });
    const library = path.join(folder, 'library');
    await mkdir(path.join(library, '.media-pipeline'), { recursive: true });
    const settings = await prepare({ folder, library, closing });
    const nats = await startNats();
    closing.defer(async () => { await nats.destroy(); });
    const bus = await Bus.connect({ url: nats.url, name: `${name}-test`, tuning: { ackWaitMs: 3_000 } });
    closing.defer(async () => { await bus.close(); });
    const database = await Database.open({ kind: 'sqlite', file: path.join(library, '.media-pipeline', 'media-pipeline.sqlite') });
    closing.defer(async () => { await database.close(); });
    const environment = { NAS_MOUNT: library, BRIDGE_MAX_WAIT_SECONDS: '2', MESSAGE_TIMEOUT_SECONDS: '3', LOG_LEVEL: 'info', NATS_URL: nats.url, ...settings };
    const stages = stageNames.map((stage) => new StageProcess(stage, environment, path.join(folder, `${stage}.log`)));
    closing.defer(async () => { await Promise.all(stages.map((stage) => stage.stop())); });
    for (const stage of stages) stage.start();
    return new PipelineScene({ folder, library, closing: closing.move() }, bus, database, stages);
  }

  get folder(): string {
    return this.place.folder;
  }

  get library(): string {
    return this.place.library;
  }

  stage(wanted: StageName): StageProcess {
    const found = this.stages.find(({ name }) => name === wanted);
    if (!found) throw new Error(`no ${wanted}`);
    return found;
  }

  async assetCount(): Promise<number> {
    return Object.values(await this.database.assets.countByState()).reduce((sum, count) => sum + count, 0);
  }

  async deliveries(): Promise<Delivery[]> {
    const batches = await this.database.batches.list({ limit: 1_000 });
    return (await Promise.all(batches.map(async ({ id }) => await this.database.batches.deliveries(id)))).flat();
  }

  /** Waits until there are so many assets and each has come to its end. @param meanwhile done at each look */
  async allEnded(count: number, timeoutMs: number, meanwhile: () => Promise<void> = async () => await Promise.resolve()): Promise<void> {
    await waitFor(
      async () => {
        const states = await this.database.assets.countByState();
        const ended = terminalStates.reduce((sum, state) => sum + states[state], 0);
        if (ended === count && (await this.assetCount()) === count) return true;
        await meanwhile();
        return false;
      },
      { timeoutMs, everyMs: 250, describe: () => `${count} photos to end` },
    );
  }

  /** Stops the stages. @returns their exit codes; null for one that was killed so late that it could not drain */
  async stop(): Promise<(number | null)[]> {
    const codes: (number | null)[] = [];
    for (const stage of this.stages) codes.push(await stage.stop());
    return codes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place.closing.disposeAsync();
  }
}

/** What stages have to know of a local iCloud, whose page they may use. */
export const cloudSettings = ({ account: { username, password }, endpoints, pageUrl }: LocalICloud): Record<string, string> => ({
  ICLOUD_USERNAME: username,
  ICLOUD_PASSWORD: password,
  ICLOUD_AUTH_URL: endpoints.auth,
  ICLOUD_SETUP_URL: endpoints.setup,
  ICLOUD_PHOTOS_URL: pageUrl,
});

/** As a person does with `media-pipeline icloud login`: the password, and the code that the phone shows. */
export async function signInOnce({ account: person, endpoints }: LocalICloud, { library }: Place, secretsKey: string | null = null): Promise<void> {
  const sessionFile = path.join(library, '.media-pipeline', 'icloud-session.json');
  const account = await ICloudAccount.open({ username: person.username, password: person.password, sessionFile, secretsKey, endpoints: endpointsFor('global', endpoints) });
  try {
    expect((await account.signIn({ by: 'person' })).kind).toBe('code_needed');
    expect((await account.submitCode(person.latestCode ?? '')).kind).toBe('signed_in');
  } finally {
    await account.close();
  }
}
