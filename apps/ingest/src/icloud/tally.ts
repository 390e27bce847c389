import type { SkipReason } from '@media-pipeline/icloud';
import type { Verdict } from './decide';

export type LeftOut = SkipReason | 'not_recent' | 'own_upload';

/** What a listing of a zone came to. `listed` = `taken` + `here` + all of `skipped` + `refused`. */
export interface ZoneCount {
  readonly listed: number;
  readonly taken: number;
  readonly here: number;
  readonly skipped: Readonly<Partial<Record<LeftOut, number>>>;
  readonly refused: number;
}

/** Counts the assets of one listing. */
export class Tally {
  private readonly skipped: Partial<Record<LeftOut, number>> = {};
  private refusedNames = new Set<string>();
  private taken = 0;
  private here = 0;

  verdict(verdict: Verdict): void {
    if (verdict.kind === 'skip') this.skip(verdict.why);
    else if (verdict.kind === 'take') this.taken += 1;
    else this.here += 1;
  }

  skip(why: LeftOut, count = 1): void {
    if (count > 0) this.skipped[why] = (this.skipped[why] ?? 0) + count;
  }

  refuse(recordNames: Iterable<string>): void {
    this.refusedNames = new Set(recordNames);
  }

  get refused(): readonly string[] {
    return [...this.refusedNames];
  }

  /** What an earlier listing in the same reading took counts as taken, not as found. */
  following({ taken }: ZoneCount): void {
    const moved = Math.min(taken, this.here);
    this.here -= moved;
    this.taken += moved;
  }

  count(): ZoneCount {
    const { taken, here, skipped } = this;
    const refused = this.refusedNames.size;
    const left = Object.values(skipped).reduce((sum, count) => sum + count, 0);
    return { listed: taken + here + left + refused, taken, here, skipped: { ...skipped }, refused };
  }
}

/** iCloud's own count of a zone, before and after it was listed; null where it gives none. */
export interface ServerCount {
  readonly before: number | null;
  readonly after: number | null;
}

/**
 * By how many photos a listing and iCloud's count differ, 0 when they agree. While a library is being listed photos come and go: anything
 * between the two counts agrees. Something refused may be counted or not.
 */
export function differenceOf({ listed, refused }: Pick<ZoneCount, 'listed' | 'refused'>, { before, after }: ServerCount): number {
  if (before === null || after === null) return 0;
  const [least, most] = [Math.min(before, after), Math.max(before, after)];
  if (listed < least) return listed - least;
  if (listed - refused > most) return listed - refused - most;
  return 0;
}

const words: Readonly<Record<LeftOut, string>> = {
  before_since: 'taken before ICLOUD_SINCE',
  after_until: 'taken after ICLOUD_UNTIL',
  kind: 'not of ICLOUD_MEDIA_TYPES',
  shared: 'of a shared library',
  hidden: 'hidden',
  trashed: 'deleted',
  not_recent: 'older than the ICLOUD_RECENT newest',
  own_upload: 'our own uploads',
};

/** `500 listed = 480 new + 15 here already + 5 left out (3 hidden, 2 taken before ICLOUD_SINCE)`. */
export function describeCount({ listed, taken, here, skipped, refused }: ZoneCount): string {
  const entries = (Object.entries(skipped) as [LeftOut, number][]).filter(([, count]) => count > 0);
  const left = entries.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${listed} listed = ${taken} new`,
    `${here} here already`,
    ...(left > 0 ? [`${left} left out (${entries.map(([why, count]) => `${count} ${words[why]}`).join(', ')})`] : []),
    ...(refused > 0 ? [`${refused} refused by iCloud`] : []),
  ].join(' + ');
}

/** `; iCloud counts 500`, and what follows from it. */
export function describeServerCount(difference: number, { before, after }: ServerCount): string {
  if (before === null || after === null) return '';
  const counts = before === after ? `${after}` : `${before} before and ${after} after`;
  if (difference === 0) return `; iCloud counts ${counts}`;
  return `; iCloud counts ${counts}: ${Math.abs(difference)} ${difference < 0 ? 'were not listed' : 'more were listed'}`;
}
