import { isTerminal, stageNames, type AssetState, type Progress, type StageName } from '@media-pipeline/contracts';
import type { Backlog } from './idle';

export interface StageView {
  readonly stage: StageName;
  readonly waiting: number;
  readonly underWay: number;
  /** The file that it has worked on longest, as a person would recognise it. */
  readonly current: string | null;
  readonly fraction: number | null;
}

export interface ProgressView {
  readonly assets: number;
  readonly ended: number;
  /** Assets ended a second, over the last half minute. */
  readonly rate: number;
  /** Null while nothing can be said. */
  readonly etaSeconds: number | null;
  /** Only those with something to do. */
  readonly stages: readonly StageView[];
}

const windowMs = 30_000;
/** A stage that was killed never says "ended". */
const forgottenAfterMs = 60_000;

interface Activity {
  readonly label: string;
  readonly fraction: number | null;
  readonly since: number;
  readonly seen: number;
}

/** Makes a picture of the whole run out of counts, backlogs and reports. Times are milliseconds of one clock, given by the caller. */
export class ProgressBoard {
  private readonly activities = new Map<StageName, Map<string, Activity>>();
  private samples: { at: number; ended: number }[] = [];
  private assets = 0;
  private backlog: readonly Backlog[] = [];

  report({ stage, assetId, label, phase, fraction }: Progress, now: number): void {
    const ofStage = this.activities.get(stage) ?? new Map<string, Activity>();
    this.activities.set(stage, ofStage);
    if (phase === 'ended') ofStage.delete(assetId);
    else ofStage.set(assetId, { label, fraction: fraction ?? null, since: ofStage.get(assetId)?.since ?? now, seen: now });
  }

  update(counts: Readonly<Record<AssetState, number>>, backlog: readonly Backlog[], now: number): void {
    const entries = Object.entries(counts) as [AssetState, number][];
    const ended = entries.reduce((sum, [state, count]) => sum + (isTerminal(state) ? count : 0), 0);
    this.assets = entries.reduce((sum, [, count]) => sum + count, 0);
    this.backlog = backlog;
    this.samples.push({ at: now, ended });
    while (this.samples.length > 2 && now - (this.samples[1]?.at ?? now) > windowMs) this.samples.shift();
  }

  view(now: number): ProgressView {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const ended = last?.ended ?? 0;
    const elapsed = first && last ? (last.at - first.at) / 1000 : 0;
    const rate = first && elapsed > 0 ? Math.max(0, (ended - first.ended) / elapsed) : 0;
    const left = this.assets - ended;
    return {
      assets: this.assets,
      ended,
      rate: Math.round(rate * 10) / 10,
      etaSeconds: left === 0 ? 0 : rate > 0 ? Math.round(left / rate) : null,
      stages: stageNames.map((stage) => this.stage(stage, now)).filter((view) => view.waiting + view.underWay > 0 || view.current !== null),
    };
  }

  private stage(stage: StageName, now: number): StageView {
    const own = this.backlog.filter((entry) => entry.stage === stage);
    const activities = [...(this.activities.get(stage) ?? new Map<string, Activity>()).entries()];
    for (const [id, { seen }] of activities) if (now - seen > forgottenAfterMs) this.activities.get(stage)?.delete(id);
    const oldest = activities.map(([, activity]) => activity).sort((a, b) => a.since - b.since)[0];
    return {
      stage,
      waiting: own.reduce((sum, { pending }) => sum + pending, 0),
      underWay: own.reduce((sum, { underWay }) => sum + underWay, 0),
      current: oldest?.label ?? null,
      fraction: oldest?.fraction ?? null,
    };
  }
}
