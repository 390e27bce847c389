import type { AlbumRow, AssetRow, InfoRow, MasterRow, RelationRow, Row, Tombstone } from './rows';

export type Database = 'private' | 'shared';

export interface ZoneId {
  readonly zoneName: string;
  readonly ownerRecordName: string;
  readonly zoneType: 'REGULAR_CUSTOM_ZONE';
}

/** One zone: its records by name, its assets by date, and the log of every change, from which sync tokens are positions. */
export class Zone {
  readonly id: ZoneId;
  readonly rows = new Map<string, Row>();
  /** Newest first. */
  readonly assets: AssetRow[] = [];
  private readonly albumRows: AlbumRow[] = [];
  readonly info: InfoRow;
  /** Position in the database's own log. */
  databaseSeq = 0;
  /** Raised when old tokens shall not be understood any more. */
  generation = 0;
  private readonly log: (Row | Tombstone)[] = [];
  private readonly tombstones = new Map<string, Tombstone>();

  constructor(
    name: string,
    owner: string,
    readonly database: Database,
    private readonly now: () => number,
    private readonly changed: (zone: Zone) => void,
  ) {
    this.id = { zoneName: name, ownerRecordName: owner, zoneType: 'REGULAR_CUSTOM_ZONE' };
    const at = now();
    this.info = { kind: 'CPLLibraryInfo', name: `${name}-0000-LI`, seq: 0, created: at, modified: at };
    this.rows.set(this.info.name, this.info);
    this.touch([]);
  }

  /** A photo library: it answers queries. Share links (CMM-…) and other apps' zones do not. */
  get holdsPhotos(): boolean {
    return /^(PrimarySync$|SharedSync-)/.test(this.id.zoneName);
  }

  /** The newest position in the log; it also numbers the zone's versions. */
  get seq(): number {
    return this.log.length;
  }

  get tokenScope(): string {
    return `${this.id.ownerRecordName}/${this.id.zoneName}/${String(this.generation)}`;
  }

  /** Adds rows and logs them in the order given. Assets are kept sorted; many at once are sorted once. */
  add(rows: readonly Row[]): void {
    const assets = rows.filter((row) => row.kind === 'CPLAsset');
    if (assets.length > 1000) {
      for (const asset of assets) this.assets.push(asset);
      this.assets.sort(newestFirst);
    } else {
      for (const asset of assets) this.assets.splice(placeOf(this.assets, asset), 0, asset);
    }
    for (const row of rows) {
      this.rows.set(row.name, row);
      if (row.kind === 'CPLAlbum') this.albumRows.push(row);
      const buried = this.tombstones.get(row.name);
      if (buried !== undefined) {
        buried.seq = 0;
        this.tombstones.delete(row.name);
      }
    }
    this.touch(rows);
  }

  /** Logs that these rows, and with them the library's counters, have changed. */
  touch(rows: readonly Row[]): void {
    const at = this.now();
    for (const row of rows) {
      row.modified = at;
      this.append(row);
    }
    this.info.modified = at;
    this.append(this.info);
    this.changed(this);
  }

  /** Moves an asset to its place by date. */
  reorder(asset: AssetRow, assetDate: number): void {
    this.assets.splice(this.assets.indexOf(asset), 1);
    asset.assetDate = assetDate;
    this.assets.splice(placeOf(this.assets, asset), 0, asset);
  }

  /** Removes the records for good: only their names stay, in the log. */
  bury(rows: readonly Row[]): void {
    for (const row of rows) {
      this.rows.delete(row.name);
      if (row.kind === 'CPLAsset') this.assets.splice(this.assets.indexOf(row), 1);
      if (row.kind === 'CPLAlbum') this.albumRows.splice(this.albumRows.indexOf(row), 1);
      row.seq = 0;
      const tombstone: Tombstone = { kind: null, name: row.name, seq: 0, created: row.created, modified: this.now() };
      this.tombstones.set(row.name, tombstone);
      this.append(tombstone);
    }
    this.touch([]);
  }

  /**
   * What changed behind position `seq`: every record once, at its latest change. At most `limit` log entries are walked, and superseded
   * ones give nothing, so that a page can be short or empty with more behind it, as it is with the real log's compacted segments.
   */
  changesSince(seq: number, limit: number): { rows: (Row | Tombstone)[]; seq: number; more: boolean } {
    const end = Math.min(this.log.length, seq + limit);
    const rows = this.log.slice(seq, end).filter((row, offset) => row.seq === seq + offset + 1);
    return { rows, seq: end, more: end < this.log.length };
  }

  master(name: string): MasterRow | undefined {
    const row = this.rows.get(name);
    return row?.kind === 'CPLMaster' ? row : undefined;
  }

  album(name: string): AlbumRow | undefined {
    const row = this.rows.get(name);
    return row?.kind === 'CPLAlbum' ? row : undefined;
  }

  albums(): AlbumRow[] {
    return this.albumRows.toSorted((a, b) => a.position - b.position);
  }

  relationsOf(asset: AssetRow): RelationRow[] {
    return this.albums().flatMap((album) => album.members.get(asset) ?? []);
  }

  private append(row: Row | Tombstone): void {
    this.log.push(row);
    row.seq = this.log.length;
  }
}

function newestFirst(a: AssetRow, b: AssetRow): number {
  return b.assetDate - a.assetDate || (a.name < b.name ? -1 : 1);
}

function placeOf(sorted: readonly AssetRow[], asset: AssetRow): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = sorted[middle];
    if (there !== undefined && newestFirst(there, asset) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
