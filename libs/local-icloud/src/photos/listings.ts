import type { AlbumRow, AssetRow } from './rows';
import type { Zone } from './zone';

/** What a query's records are made of: CPLMaster + CPLAsset, CPLAsset alone, or CPLContainerRelation + CPLMaster + CPLAsset. */
export type Shape = 'pairs' | 'assets' | 'members';

export const recordsPerRow: Readonly<Record<Shape, number>> = { assets: 1, pairs: 2, members: 3 };

/** The assets that an index lists, in rank order: rank 0 is the newest (recorded with direction ASCENDING). */
export interface Listing {
  readonly shape: Shape;
  readonly rows: readonly AssetRow[];
  readonly has: (row: AssetRow) => boolean;
  readonly album: AlbumRow | null;
}

const smartAlbums = ['FAVORITE', 'VIDEO', 'LIVE', 'SCREENSHOT', 'PANORAMA', 'SLOMO', 'TIMELAPSE'] as const;

const isLive = (row: AssetRow) => !row.hidden && row.trashedAt === null;
const byNewest = (value: (row: AssetRow) => number) => (a: AssetRow, b: AssetRow) => value(b) - value(a) || (a.name < b.name ? -1 : 1);

interface Index {
  readonly filter: (row: AssetRow) => boolean;
  /** When it is not the asset date. */
  readonly order?: (a: AssetRow, b: AssetRow) => number;
}

const indexes: Readonly<Record<string, Index>> = {
  ByAssetDateWithoutHiddenOrDeleted: { filter: isLive },
  ByAddedDate: { filter: isLive, order: byNewest((row) => row.addedDate) },
  HiddenByAssetDate: { filter: (row) => row.hidden && row.trashedAt === null },
  DeletedByExpungedDate: { filter: (row) => row.trashedAt !== null, order: byNewest((row) => row.trashedAt ?? 0) },
};

/** Resolves what a `recordType` (with its filters) or an `indexCountID` names. Filtered lists are kept until the zone changes. */
export class Listings {
  private readonly kept = new WeakMap<Zone, { seq: number; lists: Map<string, readonly AssetRow[]> }>();

  /** @param filter the value of the `smartAlbum` or `parentId` filter @returns null when there is no such index */
  ofQuery(zone: Zone, recordType: string, filter: string | null): Listing | null {
    if (/^CPLContainerRelationLiveBy(AssetDate|Position)$/.test(recordType)) {
      const album = filter === null ? undefined : zone.album(filter);
      return album === undefined ? null : this.members(zone, album, recordType.endsWith('Position'));
    }
    if (recordType === 'CPLBurstStackAssetAndMasterByAssetDate') return this.plain(zone, 'bursts', 'pairs', { filter: () => false });
    const [, pair, rest = ''] = /^CPLAsset(AndMaster)?(.+)$/.exec(recordType) ?? [];
    const shape = pair === undefined ? 'assets' : 'pairs';
    if (rest === 'InSmartAlbumByAssetDate') return this.smart(zone, shape, filter);
    const index = Object.hasOwn(indexes, rest) ? indexes[rest] : undefined;
    return index === undefined ? null : this.plain(zone, rest, shape, index);
  }

  /** @param id for example CPLAssetByAssetDateWithoutHiddenOrDeleted, CPLAssetInSmartAlbumByAssetDate:Favorite, CPLContainerRelationNotDeletedByAssetDate:<album> */
  ofCount(zone: Zone, id: string): Listing | null {
    const [name = '', argument = null] = id.split(':', 2);
    if (name === 'CPLContainerRelationNotDeletedByAssetDate') return this.ofQuery(zone, 'CPLContainerRelationLiveByAssetDate', argument);
    if (name === 'CPLAssetBurstStackAssetByAssetDate') return this.ofQuery(zone, 'CPLBurstStackAssetAndMasterByAssetDate', null);
    return this.ofQuery(zone, name, argument?.toUpperCase() ?? null);
  }

  private smart(zone: Zone, shape: Shape, name: string | null): Listing | null {
    const album = smartAlbums.find((each) => each === name);
    if (album === undefined) return null;
    return this.plain(zone, `smart ${album}`, shape, { filter: (row) => isLive(row) && (album === 'FAVORITE' ? row.favourite : row.smart === album) });
  }

  private plain(zone: Zone, key: string, shape: Shape, { filter, order }: Index): Listing {
    const rows = this.keep(zone, key, () => {
      const listed = zone.assets.filter(filter);
      return order === undefined ? listed : listed.sort(order);
    });
    return { shape, rows, has: filter, album: null };
  }

  private members(zone: Zone, album: AlbumRow, byPosition: boolean): Listing {
    const has = (row: AssetRow) => isLive(row) && album.members.has(row);
    const rows = this.keep(zone, `${album.name} ${String(byPosition)}`, () => {
      const listed = zone.assets.filter(has);
      return byPosition ? listed.sort((a, b) => (album.members.get(a)?.position ?? 0) - (album.members.get(b)?.position ?? 0)) : listed;
    });
    return { shape: 'members', rows, has, album };
  }

  private keep(zone: Zone, key: string, make: () => readonly AssetRow[]): readonly AssetRow[] {
    let kept = this.kept.get(zone);
    if (kept?.seq !== zone.seq) {
      kept = { seq: zone.seq, lists: new Map() };
      this.kept.set(zone, kept);
    }
    let rows = kept.lists.get(key);
    if (rows === undefined) {
      rows = make();
      kept.lists.set(key, rows);
    }
    return rows;
  }
}
