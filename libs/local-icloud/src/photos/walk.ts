import { recordsPerRow } from './listings';
import type { Listing } from './listings';
import type { AssetRow, MasterRow, RelationRow } from './rows';

/** One page of a listing: its records, where it ends and whether something follows. */
export interface Page {
  readonly records: readonly (MasterRow | AssetRow | RelationRow)[];
  /** Place behind its last row. */
  readonly end: number;
  readonly more: boolean;
}

/**
 * What the server remembers of the paging through one query: the gaps and the split pairs that faults have put into it. Rank 0 begins anew.
 *
 * A gap is an empty page in the middle. It suits both ways out that public clients take: asking for the same rank again finds the rows
 * there, going on to a later rank finds that they have moved there.
 *
 * A split pair has one half of a page's last row, master or asset, on the page that begins behind it. Such a page leaves a half of its own
 * last row to the next in turn: so it has as many masters and assets as rows, whichever of them a client steps by.
 */
export class Walk {
  private gaps: { readonly at: number; readonly size: number }[] = [];
  private pending: number | null = null;
  private readonly split = new Set<AssetRow>();
  private half: 'master' | 'asset' = 'master';

  /** Where in the listing the rows of this rank (counted in walking direction) are now. */
  position(ordinal: number): number {
    if (ordinal === 0) this.begin();
    if (this.pending !== null && ordinal > this.pending) this.gaps.push({ at: this.pending, size: ordinal - this.pending });
    this.pending = null;
    return ordinal - this.gaps.reduce((sum, gap) => sum + (ordinal >= gap.at + gap.size ? gap.size : 0), 0);
  }

  /** The page that was to be answered at this rank is empty instead. */
  leaveGap(ordinal: number): void {
    this.pending = ordinal;
  }

  /** @param splitting whether the last row shall come in two halves on two pages */
  page(listing: Listing, rows: readonly AssetRow[], position: number, limit: number, splitting: boolean): Page {
    const perRow = recordsPerRow[listing.shape];
    const window = rows.slice(position, position + Math.max(1, Math.floor(limit / perRow)));
    const end = position + window.length;
    const more = end < rows.length;
    if (listing.shape === 'assets') return { records: window, end, more };
    const before = rows[position - 1];
    const last = window.at(-1);
    const left = before !== undefined && this.split.has(before) ? before : null;
    const whole = this.records(listing, window, left, null);
    if (last !== undefined && ((more && ((splitting && window.length > 1) || left !== null)) || (whole.length > limit && left !== null))) this.split.add(last);
    const withheld = last !== undefined && this.split.has(last) && (more || whole.length > limit) ? last : null;
    const records = withheld === null ? whole : this.records(listing, window, left, withheld);
    // a limit below one row's records cuts even that
    return { records: limit < perRow ? records.slice(0, limit) : records, end, more: more || withheld !== null };
  }

  private begin(): void {
    this.gaps = [];
    this.split.clear();
    this.half = this.half === 'asset' ? 'master' : 'asset';
  }

  private records(listing: Listing, window: readonly AssetRow[], left: AssetRow | null, withheld: AssetRow | null): (MasterRow | AssetRow | RelationRow)[] {
    // a master is on a page once, however many of its assets are; recorded pages have all masters before all assets
    const masters = new Set(window.filter((row) => row !== withheld || this.half === 'asset').map((row) => row.master));
    const assets = new Set(window.filter((row) => row !== withheld || this.half === 'master'));
    if (left !== null && this.half === 'master') masters.add(left.master);
    if (left !== null && this.half === 'asset') assets.add(left);
    const relations = window.flatMap((row) => listing.album?.members.get(row) ?? []);
    return [...relations, ...masters, ...assets];
  }
}
