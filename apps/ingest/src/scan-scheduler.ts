import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { emit, toPipelineError } from '@media-pipeline/contracts';
import { Logger, Settings } from '@media-pipeline/stage';

/**
 * Asks for a reading of the source at start and every FOLDER_SOURCE_SCAN_SECONDS, where the pipeline is to run on and on.
 * In the modes `single` and `scheduled` whoever runs the pipeline asks.
 */
@Injectable()
export class ScanScheduler implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const { enable, folderSource, execution } = this.settings;
    if (!enable.folderDownload || folderSource.path === null || execution.mode !== 'continuous') return;
    const interval = folderSource.scanIntervalMs;
    void this.ask(randomUUID());
    // Replicas come to the same slot at about the same time, and the broker takes one message of a slot.
    this.timer = setInterval(() => void this.ask(`slot-${Math.floor(Date.now() / interval)}`), interval);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async ask(occasion: string): Promise<void> {
    try {
      const lag = await this.bus.lag();
      // A reading that takes longer than the interval must not pile up others behind it.
      if (lag.some(({ stage, pending }) => stage === 'ingest' && pending > 0)) return;
      await this.bus.publish(emit('media.ingest.requested', { source: 'folder' }, occasion));
    } catch (thrown) {
      const error = toPipelineError(thrown);
      this.logger.warn({ code: error.code }, `the source folder could not be asked for: ${error.message}`);
    }
  }
}
