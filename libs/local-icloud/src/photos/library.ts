import { hash } from 'node:crypto';
import { SystemClock } from '../clock';
import type { Clock } from '../clock';
import { seededRandom } from '../faults';
import { Albums } from './albums';
import { Arrivals } from './arrivals';
import type { ArrivingAsset, RecordNames } from './arrivals';
import { assetRow, masterRow, view } from './assets';
import type { Edit, LibraryAsset, NewAsset } from './assets';
import { makeUp, takeIn } from './content';
import type { Content, ContentInput } from './content';
import { readFolder } from './folder';
import type { AssetRow, MasterRow, Resource } from './rows';
import { UrlSigner } from './signed-urls';
import { planSynthetic } from './synthetic-library';
import type { SyntheticOptions } from './synthetic-library';
import { Zone } from './zone';
import type { Database } from './zone';

export const primaryZone = 'PrimarySync';

/**
 * Somebody's iCloud photos: zones, assets, albums. Every change goes into the zone's mutation log, and sync tokens are positions in it.
 * Contents are files on disk or made up from a seed; no bytes are held.
 */
export class LocalLibrary {
  /** The account's record name, as zones and records carry it. */
  readonly owner: string;
  readonly urls: UrlSigner;
  readonly albums: Albums;
  /** Whether a `resultsLimit` over 200 is refused or, as some clients saw it, served with 200. */
  overLimit: 'refuse' | 'cap' = 'refuse';
  /** Whether a download without any cookie gets the 17 bytes that one client reports; signed URLs otherwise need none. */
  contentNeedsCookies = false;
  private readonly byZone = new Map<string, Zone>();
  private readonly databaseSeqs: Record<Database, number> = { private: 0, shared: 0 };
  private readonly contents = new Map<string, Content>();
  private readonly awaited = new Set<string>();
  private readonly arrivals = new Arrivals();
  private readonly clock: Clock;
  private readonly seed: number;
  private made = 0;

  constructor(options: { readonly clock?: Clock; readonly seed?: number } = {}) {
    this.clock = options.clock ?? new SystemClock();
    this.seed = options.seed ?? 1;
    this.owner = `_${this.digest('owner').subarray(0, 16).toString('hex')}`;
    this.urls = new UrlSigner(this.digest('urls').toString('hex'), this.clock);
    this.albums = new Albums(this);
    this.addZone(primaryZone);
  }

  // ---- zones

  get zones(): readonly Zone[] {
    this.takeInArrivals();
    return [...this.byZone.values()];
  }

  /** @throws Error when there is none of that name */
  zone(name: string): Zone {
    this.takeInArrivals();
    const zone = this.byZone.get(name);
    if (zone === undefined) throw new Error(`there is no zone ${name}`);
    return zone;
  }

  /** @param database where its owner's account shows it: a library shared by somebody else is under `shared` */
  addZone(name: string, database: Database = 'private', owner = this.owner): Zone {
    const zone = new Zone(name, owner, database, () => this.clock.now(), (changed) => {
      changed.databaseSeq = ++this.databaseSeqs[database];
    });
    this.byZone.set(name, zone);
    return zone;
  }

  /** Adds an iCloud Shared Photo Library. @returns the zone's name, `SharedSync-<UUID>` */
  addSharedLibrary(database: Database = 'private'): string {
    const name = `SharedSync-${this.newName('shared library')}`;
    this.addZone(name, database, database === 'private' ? this.owner : `_${this.digest(name).subarray(0, 16).toString('hex')}`);
    return name;
  }

  /** Adds the zones that are no photo libraries: a share link's and another app's. */
  addOtherZones(): void {
    this.addZone(`CMM-${this.newName('share link')}`);
    this.addZone(`AppLibrarySync-com.apple.GenerativePlayground-${this.newName('app')}`);
  }

  databaseSeq(database: Database): number {
    this.takeInArrivals();
    return this.databaseSeqs[database];
  }

  /** Makes every sync token given out so far for these zones one that is not understood any more. */
  expireTokens(...zones: readonly string[]): void {
    for (const name of zones.length > 0 ? zones : this.byZone.keys()) this.zone(name).generation += 1;
  }

  // ---- what is in it

  /** @param zone all zones without it */
  assets(zone?: string): LibraryAsset[] {
    const zones = zone === undefined ? this.zones : [this.zone(zone)];
    return zones.flatMap((each) => each.assets.map((row) => view(row, each)));
  }

  get(recordName: string): LibraryAsset {
    const { row, zone } = this.find(recordName);
    return view(row, zone);
  }

  content(checksum: string): Content | undefined {
    return this.contents.get(checksum);
  }

  /** @throws Error when no zone has such an asset */
  find(recordName: string): { row: AssetRow; zone: Zone } {
    for (const zone of this.zones) {
      const row = zone.rows.get(recordName);
      if (row?.kind === 'CPLAsset') return { row, zone };
    }
    throw new Error(`there is no asset ${recordName}`);
  }

  // ---- filling it

  /** Takes one asset in. Content that the zone already has becomes one more asset of the master that is there, as iCloud keeps it. */
  async add(asset: NewAsset): Promise<LibraryAsset> {
    const original = await this.takeContent(asset.original);
    const resources: Resource[] = [{ key: 'resOriginal', content: original, width: asset.width ?? 0, height: asset.height ?? 0 }];
    if (asset.alternative !== undefined) resources.push({ key: 'resOriginalAlt', content: await this.takeContent(asset.alternative), width: 0, height: 0 });
    if (asset.liveVideo !== undefined) resources.push({ key: 'resOriginalVidCompl', content: await this.takeContent(asset.liveVideo), width: 0, height: 0 });
    // looked for only now: another addition may have come in between
    const zone = this.zone(asset.zone ?? primaryZone);
    const known = zone.master(original.checksum);
    const master = known ?? masterRow(resources, asset, this.clock.now());
    const row = this.newAsset(master, asset);
    zone.add(known === undefined ? [master, row] : [row]);
    return view(row, zone);
  }

  /** Takes every picture and video of a folder in (its subfolders too), with IMG_1.HEIC and IMG_1.MOV as one Live Photo and RAW and JPEG of one stem as one asset. */
  async addFromFolder(directory: string, options: { readonly zone?: string } = {}): Promise<LibraryAsset[]> {
    const added: LibraryAsset[] = [];
    for (const asset of await readFolder(directory)) added.push(await this.add({ ...asset, ...options }));
    return added;
  }

  /** Makes up `count` assets; 100,000 take a second or two. @returns their record names, oldest first */
  addSynthetic(count: number, options: SyntheticOptions = {}): string[] {
    const zone = this.zone(options.zone ?? primaryZone);
    const first = this.made;
    this.made += count;
    const random = seededRandom(`${String(this.seed)}:${zone.id.zoneName}:${String(first)}`);
    const names: string[] = [];
    const rows: (MasterRow | AssetRow)[] = [];
    let group: { masters: MasterRow[]; assets: AssetRow[] } = { masters: [], assets: [] };
    for (const plan of planSynthetic(first, count, options, random, this.clock.now())) {
      const resources = plan.resources.map(({ key, content }) => ({ key, content: this.keep(makeUp(content)), width: 16, height: 16 }));
      const master = masterRow(resources.filter(({ key }) => key !== 'resJPEGFull'), plan, this.clock.now());
      for (let copy = 0; copy < plan.assets; copy++) {
        const asset = this.newAsset(master, { ...plan, takenAt: plan.takenAt + copy });
        asset.edits = copy === 0 ? resources.filter(({ key }) => key === 'resJPEGFull') : [];
        names.push(asset.name);
        group.assets.push(asset);
      }
      group.masters.push(master);
      // in a real library's history long runs of assets come before their masters
      if (group.assets.length >= 120) {
        rows.push(...group.assets, ...group.masters);
        group = { masters: [], assets: [] };
      }
    }
    zone.add([...rows, ...group.assets, ...group.masters]);
    return names;
  }

  // ---- what is uploaded

  /** Where the zone has an original of this checksum, not counting Recently Deleted. @param announced also what is uploaded and not to be seen yet */
  copyOf(zoneName: string, checksum: string, announced: boolean): RecordNames | null {
    const there = this.zone(zoneName).master(checksum)?.assets.find(({ trashedAt }) => trashedAt === null);
    if (there !== undefined) return { master: checksum, asset: there.name };
    return announced ? this.arrivals.find(zoneName, checksum) : null;
  }

  /** The names that an upload's records will have. */
  namesFor(content: Content): RecordNames {
    return { master: content.checksum, asset: this.newName('uploaded asset') };
  }

  /** Takes an uploaded asset in: its records are nowhere to be seen before `at` (milliseconds since the epoch), then in listings and changes. */
  receive(asset: ArrivingAsset, at: number): void {
    this.arrivals.expect(asset, at);
  }

  private takeInArrivals(): void {
    for (const { zone: zoneName, names, content, filename, takenAt, timeZoneOffset } of this.arrivals.due(this.now())) {
      const zone = this.zone(zoneName);
      const known = zone.master(names.master);
      const master = known ?? masterRow([{ key: 'resOriginal', content: this.keep(content), width: 0, height: 0 }], { filename }, this.now());
      const row = assetRow(names.asset, master, { takenAt, timeZoneOffset }, this.now());
      const revived = known?.trashed === true;
      if (revived) known.trashed = false;
      zone.add(known === undefined ? [master, row] : revived ? [known, row] : [row]);
    }
  }

  // ---- what people do with their photos

  /** Only the asset's record changes, unless the edit is kept on the master. An earlier edit is replaced. */
  async edit(recordName: string, edit: Edit): Promise<void> {
    const { row, zone } = this.find(recordName);
    const edits: Resource[] = [];
    if (edit.picture !== undefined) edits.push({ key: 'resJPEGFull', content: await this.takeContent(edit.picture), width: 0, height: 0 });
    if (edit.video !== undefined) edits.push({ key: 'resVidFull', content: await this.takeContent(edit.video), width: 0, height: 0 });
    if (edit.sidecar !== undefined) edits.push({ key: 'resSidecar', content: await this.takeContent(edit.sidecar), width: 0, height: 0 });
    const target = edit.on === 'master' ? row.master : row;
    target.edits = edits;
    zone.touch([target]);
  }

  favourite(recordName: string, on = true): void {
    this.change(recordName, (row) => (row.favourite = on));
  }

  hide(recordName: string, on = true): void {
    this.change(recordName, (row) => (row.hidden = on));
  }

  /** Adjusts the date of an asset, as people do with scans. @param takenAt milliseconds since the epoch */
  redate(recordName: string, takenAt: number): void {
    const { row, zone } = this.find(recordName);
    zone.reorder(row, takenAt);
    zone.touch([row]);
  }

  /** To Recently Deleted: `isDeleted` on the asset, and on the master when no other asset of it lives. */
  trash(recordName: string): void {
    const { row, zone } = this.find(recordName);
    row.trashedAt = this.clock.now();
    const wasLast = row.master.assets.every((asset) => asset.trashedAt !== null);
    // never taken back here: nothing but the asset would be in the log, and a client that replays it would not see it
    if (wasLast) row.master.trashed = true;
    zone.touch(wasLast ? [row.master, row] : [row]);
  }

  /** Back from Recently Deleted: only the asset's record changes, as clients observed. */
  restore(recordName: string): void {
    this.change(recordName, (row) => (row.trashedAt = null));
  }

  /** Deletes for good: nothing but the names of the records stays. */
  purge(recordName: string): void {
    const { row, zone } = this.find(recordName);
    const { master } = row;
    master.assets.splice(master.assets.indexOf(row), 1);
    zone.bury([...this.albums.leaveAll(row, zone), row, ...(master.assets.length === 0 ? [master] : [])]);
  }

  /** "Duplicate" in Photos: one more asset of the same master. @returns its record name */
  duplicate(recordName: string): string {
    const { row, zone } = this.find(recordName);
    const copy = this.newAsset(row.master, { takenAt: row.assetDate, timeZoneOffset: row.timeZoneOffset });
    zone.add([copy]);
    return copy.name;
  }

  /** Copies an asset into a shared library: the same master name there, a new asset. @returns the new asset's record name */
  share(recordName: string, zoneName: string): string {
    const { row } = this.find(recordName);
    const zone = this.zone(zoneName);
    const known = zone.master(row.master.name);
    const master = known ?? masterRow(row.master.resources, { ...row.master, contributor: this.owner }, this.clock.now());
    const copy = this.newAsset(master, { takenAt: row.assetDate, timeZoneOffset: row.timeZoneOffset });
    zone.add(known === undefined ? [master, copy] : [copy]);
    return copy.name;
  }

  /** A phone has told of this asset and not sent its files yet: its records carry no downloadURL. */
  awaitUpload(recordName: string, on = true): void {
    const { row, zone } = this.find(recordName);
    for (const { content } of row.master.resources) {
      if (on) this.awaited.add(content.checksum);
      else this.awaited.delete(content.checksum);
    }
    zone.touch([row.master]);
  }

  awaits(content: Content): boolean {
    return this.awaited.has(content.checksum);
  }

  /** A record name as Apple makes them: a UUID in capitals, the same for the same seed and history. */
  newName(purpose: string): string {
    this.made += 1;
    const hex = this.digest(`${purpose} ${String(this.made)}`).toString('hex').toUpperCase();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-A${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  now(): number {
    return this.clock.now();
  }

  private change(recordName: string, how: (row: AssetRow) => void): void {
    const { row, zone } = this.find(recordName);
    how(row);
    zone.touch([row]);
  }

  private newAsset(master: MasterRow, about: Parameters<typeof assetRow>[2]): AssetRow {
    return assetRow(this.newName('asset'), master, about, this.clock.now());
  }

  private async takeContent(input: ContentInput): Promise<Content> {
    this.made += 1;
    return this.keep(await takeIn(input, this.made));
  }

  private keep(content: Content): Content {
    const known = this.contents.get(content.checksum);
    if (known !== undefined) return known;
    this.contents.set(content.checksum, content);
    return content;
  }

  private digest(purpose: string): Buffer {
    return hash('sha1', `${String(this.seed)} ${purpose}`, 'buffer');
  }
}
