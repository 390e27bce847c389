import { systemClock, type Clock } from '../clock';
import type { ServiceClient } from '../service';
import { listAlbums } from './albums';
import { zoneChanges, type ChangesPage } from './changes';
import { countAssets } from './count';
import { Listing, type ListedPage, type ListOptions } from './listing';
import { lookupAssets, type Wanted } from './lookup';
import { PhotosCalls } from './photos-calls';
import type { Album, CloudAsset, Refusal, Zone } from './types';
import { changedZones, listZones } from './zones';

export interface PhotoLibraryOptions {
  /** Records per answer, 2 to 200. */
  readonly pageSize?: number;
  readonly clock?: Pick<Clock, 'sleep'>;
}

/**
 * The photo libraries of a signed-in account. All methods throw what keeps the account from being signed in (ServiceClient), and
 * ICLOUD_WEB_ACCESS_OFF, ICLOUD_PHOTOS_OFF, ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE, ICLOUD_ANSWER_UNKNOWN.
 */
export class PhotoLibrary {
  readonly #calls: PhotosCalls;
  readonly #pageSize: number;

  constructor(service: ServiceClient, options: PhotoLibraryOptions = {}) {
    this.#calls = new PhotosCalls(service, options.clock ?? systemClock);
    this.#pageSize = Math.min(200, Math.max(2, options.pageSize ?? 200));
  }

  /** The own library and shared ones. @throws ICLOUD_PHOTOS_OFF when there is none */
  async zones(signal?: AbortSignal): Promise<Zone[]> {
    return await listZones(this.#calls, signal);
  }

  /** How many assets the server says are in a zone (hidden and deleted ones left out); null when it does not say. */
  async count(zone: Zone, signal?: AbortSignal): Promise<number | null> {
    return await countAssets(this.#calls, zone, undefined, signal);
  }

  async albums(zone: Zone, signal?: AbortSignal): Promise<Album[]> {
    return await listAlbums(this.#calls, zone, signal);
  }

  /** Everything in a zone, or in one of its albums, that is neither hidden nor deleted (or, on another shelf, that is); every asset once. @throws ICLOUD_INDEXING */
  list(zone: Zone, options: ListOptions = {}): AsyncGenerator<ListedPage> {
    return new Listing(this.#calls, zone, this.#pageSize, options).pages();
  }

  /** What changed since a token that `list` or `changes` gave; the last page has the token for the next time. @throws ICLOUD_SYNC_TOKEN_INVALID */
  changes(zone: Zone, syncToken: string, signal?: AbortSignal): AsyncGenerator<ChangesPage> {
    return zoneChanges(this.#calls, zone, syncToken, this.#pageSize, signal);
  }

  /** Which zones have changes since the token of an earlier call (null: all zones): two requests. @throws ICLOUD_SYNC_TOKEN_INVALID */
  async changedZones(databaseToken: string | null, signal?: AbortSignal): Promise<{ zones: Zone[]; token: string }> {
    return await changedZones(this.#calls, databaseToken, signal);
  }

  /** Assets as they are now, with fresh addresses, also hidden and deleted ones. Given assets instead of names it needs one round less. */
  async lookup(zone: Zone, wanted: readonly Wanted[], signal?: AbortSignal): Promise<{ assets: Map<string, CloudAsset>; refused: Refusal[] }> {
    return await lookupAssets(this.#calls, zone, wanted, signal);
  }
}
