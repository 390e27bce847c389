import { isTerminal, stageNames, type AssetState, type Progress, type StageName } from '@media-pipeline/contracts';
import type { Backlog } from './idle';

export interface StageView {
  readonly stage: StageName;
  readonly waiting: number;
  readonly underWay: number;
  /** The file that it has worked on longest, as a person would recognise it. */
  readonly current: string | null;
  readonly fraction: number | null;
  /** Until that file is done, by how it got on so far; null while nothing can be said. */
  readonly etaSeconds: number | null;
}

export interface ProgressView {
  readonly assets: number;
  readonly ended: number;
  /** How far all of it is, 0..1: an asset that is compressed has most of its way behind it. */
  readonly fraction: number;
  /** Assets a second over the last half minute, those on their way counted in part. */
  readonly rate: number;
  /** Null while nothing can be said. */
  readonly etaSeconds: number | null;
  /** Only those with something to do. */
  readonly stages: readonly StageView[];
}

/** The share of its way that an asset in this state has behind it. Compression takes the time. */
const wayBehind: Readonly<Record<AssetState, number>> = { arriving: 0, discovered: 0.1, unique: 0.15, compressed: 0.85, bridged: 0.9, verified: 0.95, sorted: 1, completed: 1, duplicate: 1, set_aside: 1, failed: 1 };

const windowMs = 30_000;
/** A stage that was killed never says "ended". */
const forgottenAfterMs = 60_000;

interface Activity {
  readonly label: string;
  readonly fraction: number | null;
  readonly since: number;
  readonly seen: number;
  /** When a fraction was first told, and which. */
  readonly first: { readonly at: number; readonly fraction: number } | null;
}

/** Before that a rate says nothing. */
const etaAfterMs = 3_000;

/** Seconds until a file is done, if it goes on as it went. */
function etaOf({ first, fraction }: Activity, now: number): number | null {
  if (!first || fraction === null || now - first.at < etaAfterMs || fraction <= first.fraction) return null;
  return Math.round(((now - first.at) / 1000) * ((1 - fraction) / (fraction - first.fraction)));
}

/** Makes a picture of the whole run out of counts, backlogs and reports. Times are milliseconds of one clock, given by the caller. */
export class ProgressBoard {
  private readonly activities = new Map<StageName, Map<string, Activity>>();
  private samples: { at: number; work: number }[] = [];
  private assets = 0;
  private ended = 0;
  private backlog: readonly Backlog[] = [];

  report({ stage, assetId, label, phase, fraction }: Progress, now: number): void {
    const ofStage = this.activities.get(stage) ?? new Map<string, Activity>();
    this.activities.set(stage, ofStage);
    if (phase === 'ended') ofStage.delete(assetId);
    else {
      const known = ofStage.get(assetId);
      // an asset's next file begins anew
      const first = known?.label === label && known.first ? known.first : fraction === undefined ? null : { at: now, fraction };
      ofStage.set(assetId, { label, fraction: fraction ?? null, since: known?.since ?? now, seen: now, first });
    }
  }

  update(counts: Readonly<Record<AssetState, number>>, backlog: readonly Backlog[], now: number): void {
    const entries = Object.entries(counts) as [AssetState, number][];
    this.ended = entries.reduce((sum, [state, count]) => sum + (isTerminal(state) ? count : 0), 0);
    this.assets = entries.reduce((sum, [, count]) => sum + count, 0);
    this.backlog = backlog;
    this.samples.push({ at: now, work: entries.reduce((sum, [state, count]) => sum + wayBehind[state] * count, 0) });
    while (this.samples.length > 2 && now - (this.samples[1]?.at ?? now) > windowMs) this.samples.shift();
  }

  view(now: number): ProgressView {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const work = last?.work ?? 0;
    const elapsed = first && last ? (last.at - first.at) / 1000 : 0;
    const rate = first && elapsed > 0 ? Math.max(0, (work - first.work) / elapsed) : 0;
    const left = this.assets - work;
    return {
      assets: this.assets,
      ended: this.ended,
      fraction: this.assets === 0 ? 0 : Math.round((work / this.assets) * 1000) / 1000,
      rate: Math.round(rate * 10) / 10,
      etaSeconds: this.ended === this.assets ? 0 : rate > 0 ? Math.round(left / rate) : null,
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
      etaSeconds: oldest ? etaOf(oldest, now) : null,
    };
  }
}
