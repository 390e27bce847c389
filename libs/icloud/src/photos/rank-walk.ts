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

/**
 * Which rank to ask for next, so that a listing by rank misses nothing while the library changes under it. Pages overlap by a few assets: a page
 * without anything familiar means that photos before it were deleted meanwhile and others moved into the places already read, so it goes back
 * for them, farther each time. A page without anything new is not the end (as icloudpd-rs found): the same place is asked again, then places behind it, until the
 * server's own count is reached or the tries run out.
 */
export class RankWalk {
  readonly #overlap: number;
  #ask = 0;
  #frontier = 0;
  #anchored = false;
  #barren = 0;
  #wentBack = 0;
  #seen = 0;

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
    const end = this.#ask + page.covered;
    if (this.#anchored && page.familiar === 0 && this.#ask > 0 && this.#wentBack < timesBack) {
      this.#frontier = Math.max(this.#frontier, end);
      this.#go(Math.max(0, this.#ask - this.step * 2 ** this.#wentBack), true);
      this.#wentBack += 1;
      return true;
    }
    if (this.#isBarren(page)) return this.#probe(count);
    this.#barren = 0;
    if (page.familiar > 0 && end > this.#frontier) this.#wentBack = 0;
    this.#frontier = Math.max(this.#frontier, end);
    const overlap = Math.max(0, Math.min(this.#overlap, page.covered - 1));
    this.#go(end - overlap, overlap > 0);
    return true;
  }

  #isBarren({ covered, fresh, freshMasters }: WalkedPage): boolean {
    return fresh + freshMasters === 0 && (covered === 0 || this.#ask + covered >= this.#frontier);
  }

  #probe(count: number | null): boolean {
    this.#barren += 1;
    if (count !== null && this.#seen >= count) return false;
    const ahead = this.#barren - sameRankTries;
    if (ahead > (count === null ? 2 : forwardProbes)) return false;
    const rank = this.#frontier + Math.max(0, ahead) * this.step;
    if (ahead > 0 && count !== null && rank >= count) return false;
    this.#go(rank, false);
    return true;
  }

  #go(rank: number, anchored: boolean): void {
    this.#ask = rank;
    this.#anchored = anchored;
  }
}
