import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { isIdle, Logger, Settings } from '@media-pipeline/stage';
import { AgainPass } from './again-pass';
import { Exchange } from './exchange';

const lookEveryMs = 60_000;
const dayMs = 24 * 3_600_000;
/** After a pass that something was in the way of. */
const hourMs = 3_600_000;

/**
 * At start: finishes exchanges that a crash cut short. In a service, once a day and only while no consumer has anything to do: one pass;
 * it gives way before the next file as soon as there is work, and goes on when there is none. A single run, which somebody waits for, has none.
 */
@Injectable()
export class AgainWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private pass: Promise<void> | undefined;
  private dueAt = 0;

  constructor(
    private readonly settings: Settings,
    private readonly bus: Bus,
    private readonly logger: Logger,
    private readonly exchange: Exchange,
    private readonly again: AgainPass,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.exchange.resume();
    if (this.settings.compression.intervalYears === 0 || this.settings.execution.mode === 'single') return;
    this.timer = setInterval(() => void (this.pass ??= this.look().finally(() => (this.pass = undefined))), lookEveryMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort(new Error('the stage ends'));
    await this.pass;
  }

  private async look(): Promise<void> {
    if (Date.now() < this.dueAt) return;
    try {
      if (!(await isIdle(this.bus))) return;
      const result = await this.again.run({ years: this.settings.compression.intervalYears, dryRun: false, alone: false }, { signal: this.stopped.signal, mayGoOn: () => isIdle(this.bus) });
      if (result.replaced + result.kept + result.postponed > 0) this.logger.info(result, 'compressed old photos again');
      const limited = this.settings.compression.maxFiles !== null && result.replaced >= this.settings.compression.maxFiles;
      if (result.finished || limited) this.dueAt = Date.now() + dayMs;
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      this.dueAt = Date.now() + hourMs;
      this.logger.warn({ err: error }, 'compressing old photos again ended early; it goes on in an hour');
    }
  }
}
