import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { emit, toPipelineError } from '@media-pipeline/contracts';
import { Database, type Batch } from '@media-pipeline/schema';
import { Logger, Settings } from '@media-pipeline/stage';
import { BatchFolder } from './adapters/batch-folder';
import { cargoFor } from './cargo';
import { reasonToSeal } from './sealing';

const TICK_MS = 500;
/** What feeds the bridge: while any of these has work, more may come. */
const upstream = new Set(['ingest', 'dedupe', 'compressor', 'bridge']);

/**
 * Closes batches and announces them. Sealing is open → created (no one can join any more), then the folder is completed and its
 * manifest written, then the assets move on and the batch is announced. Every step can be done again: a bridge that was killed
 * in between finishes on its next start.
 */
@Injectable()
export class SealingService implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private quietSince: number | null = null;
  private announcing: Promise<void> | undefined;
  /** Sealed, and not announced yet: one whose folder could not be completed is tried again at each tick. */
  private readonly unannounced = new Map<string, Batch>();

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly folder: BatchFolder,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.attempt(() => this.startAfresh());
    this.timer = setTimeout(() => {
      this.running = this.running.then(() => this.attempt(() => this.sealWhatIsDue())).then(() => void this.timer?.refresh());
    }, TICK_MS);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((thrown: unknown) => {
      const error = toPipelineError(thrown);
      this.logger.error({ code: error.code, err: error }, 'batches could not be sealed; the next tick tries again');
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
  }

  /** Seals batches that have reached their limits. */
  async sealWhatIsFull(): Promise<void> {
    await this.sealIf({ now: new Date(0), quietMs: null, singleRun: false });
  }

  /** Seals batches that are full, have waited long enough, or can get nothing more. */
  async sealWhatIsDue(): Promise<void> {
    await this.announce();
    const open = await this.database.batches.open();
    if (open.length === 0) {
      this.quietSince = null;
      return;
    }
    const singleRun = this.settings.execution.mode === 'single';
    const busy = (await this.bus.lag()).some(({ stage, pending, underWay }) => upstream.has(stage) && pending + underWay > 0);
    this.quietSince = busy ? null : (this.quietSince ?? performance.now());
    await this.sealIf({ now: new Date(), quietMs: this.quietSince === null ? null : performance.now() - this.quietSince, singleRun });
  }

  private async sealIf(facts: Parameters<typeof reasonToSeal>[2]): Promise<void> {
    for (const batch of await this.database.batches.open()) {
      const reason = reasonToSeal(batch, this.settings.bridge, facts);
      if (reason === null || !(await this.database.batches.move(batch.id, 'open', 'created'))) continue;
      this.logger.info({ batch: batch.path, reason, files: batch.fileCount, bytes: batch.totalBytes }, 'batch sealed');
      this.unannounced.set(batch.id, batch);
    }
    await this.announce();
  }

  /** One at a time: whoever asks meanwhile waits for the same work. */
  private announce(): Promise<void> {
    this.announcing ??= this.announceAll().finally(() => {
      this.announcing = undefined;
    });
    return this.announcing;
  }

  private async announceAll(): Promise<void> {
    for (const batch of this.unannounced.values()) {
      await this.complete(batch);
      this.unannounced.delete(batch.id);
    }
  }

  /** After a start: clears the bridge where that is wanted, and finishes batches that were sealed but perhaps not announced. */
  private async startAfresh(): Promise<void> {
    if (this.settings.bridge.clearBefore) {
      const moved = await this.folder.clearStrangers();
      if (moved > 0) this.logger.warn({ files: moved }, 'files that belong to no batch were moved from the bridge to cleanup/');
    }
    for (const batch of await this.database.batches.list({ status: 'created', limit: 1000 })) {
      const deliveries = await this.database.batches.deliveries(batch.id);
      if (deliveries.some(({ state }) => state === 'staged')) this.unannounced.set(batch.id, batch);
    }
    await this.announce();
  }

  /** Places what is missing, writes the manifest, moves the assets on, announces the batch. */
  private async complete(batch: Batch): Promise<void> {
    const deliveries = await this.database.batches.deliveries(batch.id);
    const assets = await this.database.assets.findMany([...new Set(deliveries.map(({ assetId }) => assetId))]);
    const missing = await this.folder.missing(batch, deliveries);
    for (const asset of missing.length === 0 ? [] : assets) {
      const mine = missing.filter(({ assetId }) => assetId === asset.id);
      if (mine.length > 0) await this.folder.place(batch, mine, cargoFor(batch.destination, asset));
    }
    await this.folder.writeManifest(batch, deliveries, assets);
    await Promise.all(
      assets.map((asset) =>
        this.database.assets.move(asset.id, 'compressed', 'bridged', { step: 'bridge', status: 'success', assetId: asset.id, message: `staged in ${batch.path}` }),
      ),
    );
    await this.bus.publish(emit(`media.bridged.${batch.destination}`, { batchId: batch.id }, batch.id));
  }
}
