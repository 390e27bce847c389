import { PipelineError } from '@media-pipeline/contracts';
import { cloudAsset, isRefusal } from './asset';
import { countAssets } from './count';
import { lookupRecords, noMasterNamed, withMasters } from './lookup';
import { Pairing, type Pair } from './pairing';
import type { PhotosCalls } from './photos-calls';
import { indexingQuery, listQuery, type Shelf } from './queries';
import { RankWalk, type WalkedPage } from './rank-walk';
import { SeenNames } from './seen-names';
import type { Album, CloudAsset, Refusal, Zone } from './types';
import { IndexingAnswer, RecordsAnswer, sortRecords } from './wire';

export interface ListOptions {
  readonly signal?: AbortSignal;
  readonly album?: Album;
  /** What is shown, unless told otherwise. */
  readonly shelf?: Shelf;
  /** The last ranks first when the server ranks the oldest photo first. Needs the server's count; without one the order stays the server's. */
  readonly newestFirst?: boolean;
}

export interface ListedPage {
  readonly assets: CloudAsset[];
  readonly refused: Refusal[];
  /** Of the first answer of this listing: what changes during the listing is among the changes since it. */
  readonly syncToken: string;
}

/**
 * A zone or an album, page by page, every asset once; memory grows by 24 bytes an asset.
 * @param pageSize records per answer, at most 200
 */
export class Listing {
  readonly #pairing: Pairing;
  readonly #seen = new SeenNames();
  #count: number | null | undefined;
  #refused = 0;

  constructor(
    private readonly calls: PhotosCalls,
    private readonly zone: Zone,
    private readonly pageSize: number,
    private readonly options: ListOptions,
  ) {
    this.#pairing = new Pairing(2 * pageSize);
  }

  /** @throws ICLOUD_INDEXING, ICLOUD_PHOTOS_OFF, ICLOUD_WEB_ACCESS_OFF, ICLOUD_RATE_LIMITED, ICLOUD_ANSWER_UNKNOWN */
  async *pages(): AsyncGenerator<ListedPage> {
    await this.#checkIndexing();
    // Three records for each asset of an album (the third says that it is in it), else two.
    const step = Math.max(1, Math.floor(this.pageSize / (this.options.album ? 3 : 2)));
    const first = await this.#ask(0);
    const syncToken = first.syncToken;
    if (!syncToken) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'the listing came without a sync token');
    const backwards = this.options.newestFirst === true && oldestFirst(first) && (await this.#countOnce()) !== null;
    const answers = backwards ? this.#backwards(step) : this.#forwards(step, first);
    for await (const { assets, refused } of answers) yield { assets, refused, syncToken };
    const { overdue, lone } = this.#pairing.finish();
    const last = await withMasters(this.calls, this.zone, overdue, this.options.signal);
    // A refused asset leaves its master alone: that is counted already.
    last.refused.push(...lone.slice(this.#refused).map(({ recordName }) => loneMaster(recordName)));
    if (last.assets.length + last.refused.length > 0) yield { ...last, syncToken };
  }

  async *#forwards(step: number, first: RecordsAnswer): AsyncGenerator<Taken> {
    const walk = new RankWalk(step);
    for (let answer = first; ; answer = await this.#ask(walk.rank)) {
      const taken = await this.#take(answer);
      yield taken;
      if (!walk.answered(taken.page, walk.wantsCount(taken.page) ? await this.#countOnce() : null)) return;
    }
  }

  /** From the last rank to the first. What is added meanwhile is at the end, which has been read: the changes since the token have it. */
  async *#backwards(step: number): AsyncGenerator<Taken> {
    const overlap = Math.min(4, Math.floor(step / 4));
    for (let rank = Math.max(0, ((await this.#countOnce()) ?? 0) - step); ; rank = Math.max(0, rank - step + overlap)) {
      yield await this.#take(await this.#ask(rank));
      if (rank === 0) return;
    }
  }

  async #checkIndexing(): Promise<void> {
    const answer = await this.calls.ask({ database: this.zone.database, path: '/records/query', body: indexingQuery(this.zone), answer: IndexingAnswer, signal: this.options.signal });
    const state = answer.records[0]?.fields.state.value;
    if (state !== 'FINISHED') throw new PipelineError('ICLOUD_INDEXING', `iCloud is still indexing ${this.zone.name} (${state ?? 'no state'})`);
  }

  async #ask(rank: number): Promise<RecordsAnswer> {
    const { album, shelf, signal } = this.options;
    return await this.calls.ask({
      database: this.zone.database,
      path: '/records/query',
      body: listQuery(this.zone, { rank, limit: this.pageSize, album, shelf }),
      answer: RecordsAnswer,
      signal,
    });
  }

  async #countOnce(): Promise<number | null> {
    if (this.#count === undefined) this.#count = await countAssets(this.calls, this.zone, this.options.album, this.options.signal, this.options.shelf);
    return this.#count;
  }

  async #take(answer: RecordsAnswer): Promise<Taken> {
    const { signal } = this.options;
    const sorted = sortRecords(answer.records);
    // A record with an error in its place is asked for once more by name before it counts as refused.
    const again = sorted.failed.length > 0 ? await lookupRecords(this.calls, this.zone, sorted.failed.map(({ recordName }) => recordName), signal) : null;
    const assets = [...sorted.assets, ...(again?.assets.values() ?? [])];
    const masters = [...sorted.masters, ...(again?.masters.values() ?? [])];
    const freshMasters = masters.filter(({ recordName }) => !this.#pairing.knows(recordName)).length;
    const distinct = new Set(assets.map(({ recordName }) => recordName)).size;
    const fresh = assets.filter(({ recordName }) => this.#seen.add(recordName));

    const refused: Refusal[] = [...sorted.unreadable];
    refused.push(...fresh.flatMap(({ recordName, masterName }) => (masterName === null ? [noMasterNamed(recordName)] : [])));
    const { pairs, overdue, lone } = this.#pairing.feed(fresh, masters);
    for (const refusal of again?.refused.values() ?? []) refused.push(...this.#refusalsFor(refusal));
    refused.push(...lone.map(({ recordName }) => loneMaster(recordName)));
    const late = overdue.length > 0 ? await withMasters(this.calls, this.zone, overdue, signal) : { assets: [], refused: [] };
    const made = assetsOf(pairs, this.zone);
    return {
      assets: [...made.assets, ...late.assets],
      refused: [...refused, ...made.refused, ...late.refused],
      page: { covered: distinct, fresh: fresh.length, freshMasters, familiar: distinct - fresh.length },
    };
  }

  /** A refused master is the refusal of each asset that waits for it; anything refused counts once. */
  #refusalsFor(refusal: Refusal): Refusal[] {
    const waiting = this.#pairing.takeAwaiting(refusal.recordName);
    if (waiting.length > 0) return waiting.map(({ recordName }) => ({ recordName, code: refusal.code, reason: `its master ${refusal.recordName}: ${refusal.reason}` }));
    if (!this.#seen.add(refusal.recordName)) return [];
    this.#refused += 1;
    return [refusal];
  }
}

interface Taken {
  readonly assets: CloudAsset[];
  readonly refused: Refusal[];
  readonly page: WalkedPage;
}

export function assetsOf(pairs: readonly Pair[], zone: Zone): { assets: CloudAsset[]; refused: Refusal[] } {
  const assets: CloudAsset[] = [];
  const refused: Refusal[] = [];
  for (const { master, asset } of pairs) {
    const result = cloudAsset(master, asset, zone);
    if (isRefusal(result)) refused.push(result);
    else assets.push(result);
  }
  return { assets, refused };
}

const loneMaster = (recordName: string): Refusal => ({ recordName, code: 'MASTER_WITHOUT_ASSET', reason: 'no asset of the listing names this master' });

/** How the server ranks: by its first page. */
function oldestFirst({ records }: RecordsAnswer): boolean {
  const dates = sortRecords(records).assets.flatMap(({ known }) => known.assetDate ?? []);
  const [first] = dates;
  const last = dates.at(-1);
  return first !== undefined && last !== undefined && first < last;
}
