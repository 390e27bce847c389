import type { AlbumRow, AssetRow, RelationRow } from './rows';
import type { Zone } from './zone';

const ROOT = '----Root-Folder----';

/** What albums need of the library they are in. */
export interface AlbumLibrary {
  readonly zones: readonly Zone[];
  zone(name: string): Zone;
  /** An asset by its record name. */
  find(recordName: string): { row: AssetRow; zone: Zone };
  newName(purpose: string): string;
  now(): number;
}

/** Albums and folders; membership is a record of its own, so neither asset nor master changes with it. */
export class Albums {
  constructor(private readonly library: AlbumLibrary) {}

  /** @param within a folder's id @returns the album's record name, which queries take as `parentId` */
  create(title: string, options: { readonly zone?: string; readonly within?: string; readonly folder?: boolean; readonly members?: readonly string[] } = {}): string {
    const zone = this.library.zone(options.zone ?? 'PrimarySync');
    if (zone.album(ROOT) === undefined) zone.add([this.row(ROOT, null, null, true, 0)]);
    const album = this.row(this.library.newName('album'), title, options.within ?? ROOT, options.folder ?? false, zone.albums().length * 1024);
    zone.add([album]);
    for (const member of options.members ?? []) this.include(album.name, member);
    return album.name;
  }

  /** Puts an asset of the album's zone into it. */
  include(albumName: string, recordName: string): void {
    const { row, zone } = this.library.find(recordName);
    const album = albumOf(zone, albumName);
    const at = this.library.now();
    const relation: RelationRow = { kind: 'CPLContainerRelation', name: `${row.name}-IN-${album.name}`, seq: 0, created: at, modified: at, asset: row, album, position: (album.members.size + 1) * 1024 };
    album.members.set(row, relation);
    zone.touch([album]);
    zone.add([relation]);
  }

  /** Takes an asset out: the relation is purged, the asset stays as it is. */
  exclude(albumName: string, recordName: string): void {
    const { row, zone } = this.library.find(recordName);
    const album = albumOf(zone, albumName);
    const relation = album.members.get(row);
    if (relation === undefined) return;
    album.members.delete(row);
    zone.touch([album]);
    zone.bury([relation]);
  }

  rename(albumName: string, title: string): void {
    this.change(albumName, (album) => (album.title = title));
  }

  /** Albums are deleted softly: they are still listed, with isDeleted, for a while. */
  remove(albumName: string): void {
    this.change(albumName, (album) => (album.trashed = true));
  }

  /** Takes an asset out of all albums. @returns the relations that are to be purged with it */
  leaveAll(row: AssetRow, zone: Zone): RelationRow[] {
    const relations = zone.relationsOf(row);
    for (const { album } of relations) album.members.delete(row);
    return relations;
  }

  private change(albumName: string, how: (album: AlbumRow) => void): void {
    const zone = this.library.zones.find((each) => each.album(albumName) !== undefined);
    if (zone === undefined) throw new Error(`there is no album ${albumName}`);
    const album = albumOf(zone, albumName);
    how(album);
    zone.touch([album]);
  }

  private row(name: string, title: string | null, parent: string | null, folder: boolean, position: number): AlbumRow {
    const at = this.library.now();
    return { kind: 'CPLAlbum', name, seq: 0, created: at, modified: at, title, parent, folder, position, trashed: false, members: new Map() };
  }
}

function albumOf(zone: Zone, name: string): AlbumRow {
  const album = zone.album(name);
  if (album === undefined) throw new Error(`there is no album ${name} in ${zone.id.zoneName}`);
  return album;
}
