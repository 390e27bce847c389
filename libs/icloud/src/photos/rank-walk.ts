/** What an answered page was like, in assets (ranks). */
export interface WalkedPage {
  /** Its assets: as many ranks. */
  readonly covered: number;
  /** Assets that had not been seen before. */
  readonly fresh: number;
  /** Masters that came for the first time and without their asset. */
  readonly freshMasters: number;
  /** Assets that had been seen before. */
  readonly familiar: number;
}

const sameRankTries = 3;
const forwardProbes = 5;
const timesBack = 4;
/** Pages in a row without anything new, beyond all that were read before: a server that does not heed the rank. */
const mostStale = 40;

/**
 * Which rank to ask for next, so that a listing by rank misses nothing while the library changes under it. Pages overlap by a few assets: a page
 * without anything familiar means that photos before it were deleted meanwhile and others moved into the places already read, so it goes back
 * for them, farther each time. A page without anything new is not the end (as icloudpd-rs found): the same place is asked again, then places
 * behind it, until the server's own count is reached or the tries run out.
 */
export class RankWalk {
  readonly #overlap: number;
  #ask = 0;
  /** Where the last page that brought the walk on ended. */
  #frontier = 0;
  #anchored = false;
  #barren = 0;
  #wentBack = 0;
  #emptyBefore = false;
  #seen = 0;
  #stale = 0;

  /** @param step ranks that a full page covers */
  constructor(private readonly step: number) {
    this.#overlap = Math.min(4, Math.floor(step / 2));
  }

  /** The rank to ask for. */
  get rank(): number {
    return this.#ask;
  }

  /** Whether an end can be told only with the count at hand. */
  wantsCount(page: WalkedPage): boolean {
    return this.#isBarren(page);
  }

  /** @returns false when the walk is over */
  answered(page: WalkedPage, count: number | null): boolean {
    this.#seen += page.fresh;
    this.#stale = page.fresh > 0 ? 0 : this.#stale + 1;
    const end = this.#ask + page.covered;
    if (page.covered === 0 && !this.#emptyBefore && this.#ask > 0) {
      this.#emptyBefore = true; // once may be an accident
      return true;
    }
    this.#emptyBefore = false;
    if (this.#anchored && page.familiar === 0 && this.#ask > 0 && this.#wentBack < timesBack) {
      this.#frontier = 0; // what was counted is shifted
      this.#go(Math.max(0, this.#ask - this.step * 2 ** this.#wentBack), true);
      this.#wentBack += 1;
      return true;
    }
    if (this.#isBarren(page)) return this.#probe(count);
    this.#barren = 0;
    if (page.familiar > 0 && page.fresh > 0) this.#wentBack = 0;
    this.#frontier = end;
    const overlap = Math.max(0, Math.min(this.#overlap, page.covered - 1));
    this.#go(end - overlap, overlap > 0);
    return true;
  }

  #isBarren({ covered, fresh, freshMasters }: WalkedPage): boolean {
    if (fresh + freshMasters > 0) return false;
    return covered === 0 || this.#ask + covered <= this.#frontier || this.#stale > mostStale + (2 * this.#seen) / this.step;
  }

  #probe(count: number | null): boolean {
    this.#barren += 1;
    if (count !== null && this.#seen >= count) return false;
    const ahead = this.#barren - sameRankTries;
    if (ahead > (count === null ? 2 : forwardProbes)) return false;
    if (ahead <= 0) {
      // With the last of what is known, so that a shift shows here too.
      this.#go(Math.max(0, this.#frontier - 1), this.#frontier > 0);
      return true;
    }
    const rank = this.#frontier + ahead * this.step;
    if (count !== null && rank >= count) return false;
    this.#go(rank, false);
    return true;
  }

  #go(rank: number, anchored: boolean): void {
    this.#ask = rank;
    this.#anchored = anchored;
  }
}
