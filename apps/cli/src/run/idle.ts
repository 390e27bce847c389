import { assetStates, isTerminal, type AssetState, type StageName } from '@media-pipeline/contracts';

/** What one consumer of a stage has before it. */
export interface Backlog {
  readonly stage: StageName;
  readonly pending: number;
  readonly underWay: number;
}

export interface Reading {
  readonly counts: Readonly<Record<AssetState, number>>;
  readonly backlog: readonly Backlog[];
}

/** What a look at the pipeline means for a run that is to end: see {@link EndOfWork.judge}. */
export type Judgement = 'working' | 'settling' | 'stranded' | 'finished' | 'stuck';

/** Work outside of messages (sealing a batch, writing its manifest) may go on for so long while every consumer is idle. */
const settleMs = 15_000;
/** So often in a row the messages are said again without any asset moving on. */
const mostReconciliations = 3;

/**
 * Decides when a run is done: every consumer idle and every asset at an end, seen twice in a row. When all is idle and assets are
 * left, they are `stranded` after a while (their messages are to be said again), and in the end `stuck`.
 */
export class EndOfWork {
  private idleSeen = 0;
  private quietSince: number | null = null;
  private picture = '';
  private reconciliations = 0;

  judge({ counts, backlog }: Reading, now: number): Judgement {
    const picture = JSON.stringify(counts);
    if (picture !== this.picture) {
      this.picture = picture;
      this.reconciliations = 0;
      this.quietSince = null;
    }
    if (backlog.some(({ pending, underWay }) => pending + underWay > 0)) {
      this.idleSeen = 0;
      this.quietSince = null;
      return 'working';
    }
    this.idleSeen += 1;
    if (!hasOpen(counts)) return this.idleSeen >= 2 ? 'finished' : 'settling';
    this.quietSince ??= now;
    if (now - this.quietSince < settleMs) return 'settling';
    this.quietSince = null;
    this.idleSeen = 0;
    this.reconciliations += 1;
    return this.reconciliations > mostReconciliations ? 'stuck' : 'stranded';
  }
}

/** Whether any asset has not ended. */
export const hasOpen = (counts: Reading['counts']): boolean => assetStates.some((state) => counts[state] > 0 && !isTerminal(state));
