import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { Library } from '@media-pipeline/files';
import { LikenessPass, lookVersion } from '@media-pipeline/likeness';
import { Database } from '@media-pipeline/schema';
import { isIdle, Logger, Settings } from '@media-pipeline/stage';

const everyMs = 30_000;
/** How long an answer to "is anything else to be done?" is believed. */
const idleForMs = 2_000;

/**
 * Looks for similar pictures while nothing else is to be done; gives way as soon as there is. Not in a single run, which somebody waits
 * for: there, `media-pipeline similar find` does it.
 */
@Injectable()
export class LikenessWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private pass: Promise<void> | undefined;
  private asked = 0;
  private idle = false;
  /** Pairs are compared after all have been looked at: a pass that a forerunner was killed in may have got that far. */
  private unfinished = true;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly library: Library,
    @Inject(Bus) private readonly bus: Pick<Bus, 'lag'>,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.enable.similarity || this.settings.execution.mode === 'single') return;
    this.timer = setInterval(() => void this.look(), everyMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.pass;
  }

  /** One pass, if there is anything to do and nothing else to be done; that one which is under way, if there is. */
  look(): Promise<void> {
    return (this.pass ??= this.run().finally(() => (this.pass = undefined)));
  }

  private async run(): Promise<void> {
    try {
      if (!(await this.nothingElse())) return;
      if (!this.unfinished && (await this.database.likeness.countMissing(lookVersion)) === 0) return;
      this.unfinished = true;
      const result = await new LikenessPass(this.database, this.library).run({
        maxMegapixels: this.settings.compression.maxMegapixels,
        signal: this.stopped.signal,
        mayGoOn: () => this.nothingElse(),
      });
      this.unfinished = !result.finished;
      if (result.looked + result.compared > 0) this.logger.info(result, 'looked for similar pictures');
    } catch (error) {
      if (!this.stopped.signal.aborted) this.logger.warn({ err: error }, 'the search for similar pictures ended early; it goes on later');
    }
  }

  private async nothingElse(): Promise<boolean> {
    if (Date.now() - this.asked > idleForMs) {
      this.idle = await isIdle(this.bus);
      this.asked = Date.now();
    }
    return this.idle;
  }
}
