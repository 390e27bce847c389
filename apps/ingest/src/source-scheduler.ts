import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { emit, skip, toPipelineError, type Outcome } from '@media-pipeline/contracts';
import { Logger, Settings } from '@media-pipeline/stage';

/** A source that is to be read again and again. */
interface Turn {
  readonly source: 'folder' | 'icloud';
  /** The consumer that reads it. */
  readonly durable: string;
  readonly intervalMs: number;
}

/** The sources that the settings want read by the clock. In the modes `single` and `scheduled` whoever runs the pipeline asks. */
export function turnsOf({ enable, folderSource, icloud, execution }: Pick<Settings, 'enable' | 'folderSource' | 'icloud' | 'execution'>): readonly Turn[] {
  if (execution.mode !== 'continuous') return [];
  return [
    ...(enable.folderDownload && folderSource.path !== null ? [{ source: 'folder', durable: 'ingest', intervalMs: folderSource.scanIntervalMs } as const] : []),
    ...(enable.icloudDownload && icloud.username !== null ? [{ source: 'icloud', durable: 'ingest-icloud', intervalMs: icloud.syncIntervalMs } as const] : []),
  ];
}

/** Asks for a reading of each source at start and at its interval (FOLDER_SOURCE_SCAN_SECONDS, ICLOUD_SYNC_MINUTES), where the pipeline is to run on and on. */
@Injectable()
export class SourceScheduler implements OnApplicationBootstrap, OnModuleDestroy {
  private timers: readonly NodeJS.Timeout[] = [];
  private readonly sooner = new Map<Turn['source'], NodeJS.Timeout>();

  constructor(
    private readonly settings: Settings,
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timers = turnsOf(this.settings).map((turn) => {
      void this.ask(turn, randomUUID());
      // Replicas come to the same slot at about the same time, and the broker takes one message of a slot.
      return setInterval(() => void this.ask(turn, `${turn.source}-slot-${Math.floor(Date.now() / turn.intervalMs)}`), turn.intervalMs);
    });
  }

  onModuleDestroy(): void {
    for (const timer of [...this.timers, ...this.sooner.values()]) clearTimeout(timer);
  }

  /**
   * Puts a reading that is to be tried again on the clock instead of on the broker: there a request that waits, perhaps for an hour, holds
   * up everybody who asks meanwhile (`icloud sync`, a code that came). A start asks anyway, so nothing is lost with the process.
   * Where the run is to end, the outcome stays what it is.
   */
  byClock(source: Turn['source'], outcome: Outcome): Outcome {
    const turn = turnsOf(this.settings).find((one) => one.source === source);
    if (outcome.kind !== 'retry' || turn === undefined) return outcome;
    clearTimeout(this.sooner.get(source));
    const occasion = `${source}-again-${randomUUID()}`;
    this.sooner.set(source, setTimeout(() => void this.ask(turn, occasion), outcome.afterMs));
    return skip(`${outcome.reason}; it is tried again in ${Math.round(outcome.afterMs / 1000)} s`);
  }

  private async ask({ source, durable }: Turn, occasion: string): Promise<void> {
    try {
      const lag = await this.bus.lag();
      // A reading that takes longer than the interval must not pile up others behind it.
      if (lag.some((consumer) => consumer.durable === durable && consumer.pending > 0)) return;
      await this.bus.publish(emit('media.ingest.requested', { source }, occasion));
    } catch (thrown) {
      const error = toPipelineError(thrown);
      this.logger.warn({ code: error.code, source }, `the source could not be asked for: ${error.message}`);
    }
  }
}
