import { reconcile, type StageHost } from '@media-pipeline/stage';
import { EndOfWork, hasOpen, type Reading } from './idle';
import { GivenUp } from './given-up';
import type { Interrupt } from './interrupt';
import { ProgressBoard } from './progress-board';
import type { Reporter } from './reporters';
import { StoppedAssets } from './stopped-assets';

const lookEveryMs = 400;

export type EndOfWatch = 'finished' | 'stuck' | 'interrupted';

/** Looks at a pipeline again and again, shows it, and says when it is done. */
export class Watch implements Disposable {
  private readonly board = new ProgressBoard();
  private readonly stoppedAssets: StoppedAssets;
  private readonly givenUp: GivenUp;
  private readonly unwatch: () => void;

  constructor(
    private readonly host: StageHost,
    private readonly reporter: Reporter,
    private readonly interrupt: Interrupt,
  ) {
    this.stoppedAssets = new StoppedAssets(host.database);
    this.givenUp = new GivenUp(host.bus);
    this.unwatch = host.bus.watchProgress((progress) => this.board.report(progress, performance.now()));
  }

  /** What is stopped already is no news. Call it before any stage starts. */
  async begin(): Promise<void> {
    const counts = await this.host.database.assets.countByState();
    await this.stoppedAssets.fresh(counts.set_aside, counts.failed);
    await this.givenUp.begin();
  }

  /** Until all is done (or nothing moves any more, with the messages said again some times); interrupted, it returns at once. */
  async untilDone(): Promise<EndOfWatch> {
    const end = new EndOfWork();
    for (;;) {
      const reading = await this.look();
      const judgement = end.judge(reading, performance.now());
      if (judgement === 'finished' || judgement === 'stuck') return judgement;
      if (judgement !== 'working' && this.givenUp.byTheMachine) return 'stuck';
      if (judgement === 'stranded') {
        const { said } = await reconcile(this.host);
        this.host.logger.warn({ said }, 'nothing was under way although assets had not ended: their messages were said again');
      }
      await this.interrupt.pause(judgement === 'settling' ? lookEveryMs / 4 : lookEveryMs);
      if (this.interrupt.asked) return 'interrupted';
    }
  }

  /** Until `done` says so; interrupted, it returns false. */
  async until(done: (reading: Reading) => boolean): Promise<boolean> {
    for (;;) {
      if (done(await this.look())) return true;
      await this.interrupt.pause(lookEveryMs);
      if (this.interrupt.asked) return false;
    }
  }

  /** Until something is to be done again. */
  async untilBusy(giveUpAt = Infinity): Promise<'busy' | 'quiet' | 'interrupted'> {
    const busy = await this.until(({ counts, backlog }) => performance.now() > giveUpAt || backlog.some(({ pending, underWay }) => pending + underWay > 0) || hasOpen(counts));
    if (!busy) return 'interrupted';
    return performance.now() > giveUpAt ? 'quiet' : 'busy';
  }

  async look(): Promise<Reading> {
    const backlog = await this.host.bus.lag();
    const counts = await this.host.database.assets.countByState();
    for (const { as, asset } of await this.stoppedAssets.fresh(counts.set_aside, counts.failed)) this.reporter.stopped(asset, as);
    for (const letter of await this.givenUp.fresh()) this.reporter.givenUp(letter);
    this.board.update(counts, backlog, performance.now());
    this.reporter.progress(this.board.view(performance.now()));
    return { counts, backlog };
  }

  [Symbol.dispose](): void {
    this.unwatch();
  }
}
