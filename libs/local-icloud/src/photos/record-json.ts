import type { Content } from './content';
import type { AlbumRow, AssetRow, InfoRow, MasterRow, RelationRow, Resource, Row, Tombstone } from './rows';
import type { Zone, ZoneId } from './zone';

type Field = { readonly value: unknown; readonly type: 'STRING' | 'INT64' | 'TIMESTAMP' | 'REFERENCE' | 'REFERENCE_LIST' | 'ENCRYPTED_BYTES' | 'ASSETID' | 'DOUBLE' };
type Fields = Record<string, Field>;

/** How records of one answer are written. */
export interface Writing {
  readonly zone: Zone;
  /** The fields asked for; null: all. */
  readonly desiredKeys: ReadonlySet<string> | null;
  /** The value of a `…Res` field, with its signed URL. */
  readonly asset: (content: Content) => Record<string, unknown>;
}

/** A record as CloudKit answers it, or what is left of a purged one. */
export function recordJson(row: Row | Tombstone, writing: Writing): object {
  const tag = row.seq.toString(36);
  // a purged record has no type, no fields and no dates any more
  if (row.kind === null) return { recordName: row.name, recordType: null, deleted: true, recordChangeTag: tag, zoneID: writing.zone.id };
  const owner = writing.zone.id.ownerRecordName;
  return {
    recordName: row.name,
    recordType: row.kind,
    fields: chosen(fieldsOf(row, writing), writing.desiredKeys),
    pluginFields: {},
    recordChangeTag: tag,
    created: { timestamp: row.created, userRecordName: owner, deviceID: '1' },
    modified: { timestamp: row.modified, userRecordName: owner, deviceID: '1' },
    deleted: false,
    zoneID: writing.zone.id,
  };
}

function fieldsOf(row: Row, writing: Writing): Fields {
  switch (row.kind) {
    case 'CPLMaster':
      return masterFields(row, writing);
    case 'CPLAsset':
      return assetFields(row, writing);
    case 'CPLAlbum':
      return albumFields(row);
    case 'CPLContainerRelation':
      return relationFields(row);
    case 'CPLLibraryInfo':
      return infoFields(row, writing.zone);
  }
}

function chosen(fields: Fields, desired: ReadonlySet<string> | null): Fields {
  if (desired === null) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([key]) => desired.has(key)));
}

const string = (value: string): Field => ({ value, type: 'STRING' });
const integer = (value: number): Field => ({ value, type: 'INT64' });
const timestamp = (value: number): Field => ({ value, type: 'TIMESTAMP' });
const encrypted = (text: string): Field => ({ value: Buffer.from(text, 'utf8').toString('base64'), type: 'ENCRYPTED_BYTES' });
const reference = (recordName: string, zoneID: ZoneId): Field => ({ value: { recordName, action: 'DELETE_SELF', zoneID }, type: 'REFERENCE' });

function masterFields(master: MasterRow, { asset, desiredKeys }: Writing): Fields {
  const fields: Fields = { itemType: string(master.itemType), dataClassType: integer(1), originalOrientation: integer(1) };
  if (master.filename !== null && master.filenameForm !== 'missing') fields['filenameEnc'] = master.filenameForm === 'STRING' ? string(master.filename) : encrypted(master.filename);
  for (const resource of master.resources) addResource(fields, resource, asset, desiredKeys);
  for (const resource of master.edits) addResource(fields, resource, asset, desiredKeys);
  if (master.trashed) fields['isDeleted'] = integer(1);
  if (master.contributor !== null) fields['contributors'] = contributors(master.contributor);
  return fields;
}

function assetFields(row: AssetRow, { zone, asset, desiredKeys }: Writing): Fields {
  const fields: Fields = {
    assetDate: timestamp(row.assetDate),
    addedDate: timestamp(row.addedDate),
    orientation: integer(1),
    masterRef: reference(row.master.name, zone.id),
    // the two flags have a written 0 for off; isDeleted has none
    isHidden: integer(row.hidden ? 1 : 0),
    isFavorite: integer(row.favourite ? 1 : 0),
    assetSubtype: integer(0),
    assetSubtypeV2: integer(row.smart === 'LIVE' ? 2 : 0),
    assetHDRType: integer(0),
    burstFlags: integer(0),
    duration: integer(0),
    adjustmentRenderType: integer(row.edits.length > 0 ? 19_968 : 0),
    customRenderedValue: integer(row.edits.length > 0 ? 10 : 0),
    vidComplDurValue: integer(row.smart === 'LIVE' ? 2_768_333_333 : 0),
    vidComplDurScale: integer(row.smart === 'LIVE' ? 1_000_000_000 : 0),
    vidComplVisibilityState: integer(0),
  };
  if (row.timeZoneOffset !== null) fields['timeZoneOffset'] = integer(row.timeZoneOffset);
  if (row.edits.length > 0) Object.assign(fields, { adjustmentType: string('com.apple.photo'), adjustmentCreatorCode: string('com.apple.mobileslideshow') });
  for (const resource of row.edits) addResource(fields, resource, asset, desiredKeys);
  if (row.trashedAt !== null) Object.assign(fields, { isDeleted: integer(1), isExpunged: integer(0), trashReason: integer(1) });
  if (row.master.contributor !== null) fields['contributors'] = contributors(row.master.contributor);
  return fields;
}

function addResource(fields: Fields, { key, content, width, height }: Resource, asset: Writing['asset'], desired: ReadonlySet<string> | null): void {
  // signing costs most of a page: only what is asked for
  if (desired === null || desired.has(`${key}Res`)) fields[`${key}Res`] = { value: asset(content), type: 'ASSETID' };
  fields[`${key}FileType`] = string(content.type);
  fields[`${key}Fingerprint`] = string(content.checksum);
  if (width === 0) return;
  fields[`${key}Width`] = integer(width);
  fields[`${key}Height`] = integer(height);
}

function contributors(recordName: string): Field {
  return { value: [{ recordName, action: 'NONE' }], type: 'REFERENCE_LIST' };
}

function albumFields(album: AlbumRow): Fields {
  const fields: Fields = {
    recordModificationDate: timestamp(album.modified),
    albumType: integer(album.folder ? 3 : 0),
    sortType: integer(0),
    sortTypeExt: integer(0),
    sortAscending: integer(1),
    position: integer(album.position),
  };
  if (album.title !== null) fields['albumNameEnc'] = encrypted(album.title);
  if (album.parent !== null) fields['parentId'] = string(album.parent);
  if (album.trashed) fields['isDeleted'] = integer(1);
  return fields;
}

function relationFields(relation: RelationRow): Fields {
  return {
    containerId: string(relation.album.name),
    itemId: string(relation.asset.name),
    position: integer(relation.position),
    isKeyAsset: integer(relation.position === 1024 ? 1 : 0),
    recordModificationDate: timestamp(relation.modified),
  };
}

function infoFields(_row: InfoRow, zone: Zone): Fields {
  return { photosCount: integer(zone.assets.length), albumsCount: integer(zone.albums().length), libraryInfoVersion: integer(1) };
}
