import { randomUUID } from 'node:crypto';
import type { Listing } from './listings';
import { badRequest, CloudKitRefusal, missing } from './refusals';
import { desiredKeys, filters, object, resultsLimit, text, zoneOf } from './requests';
import type { Json } from './requests';
import type { PhotoService, Asking } from './service';
import { readContinuation, writeContinuation } from './tokens';
import type { Zone } from './zone';

/** `/records/query`: the state of indexing, the albums, or a page of an asset index. */
export function answerQuery(service: PhotoService, body: Json, asking: Asking): object {
  const query = object(body['query'], 'query');
  const recordType = text(query['recordType'], 'recordType');
  const zone = zoneOf(body, asking.database, service.library);
  const limit = resultsLimit(body['resultsLimit'], service.library.overLimit);
  // a share link's zone has other record types altogether
  if (!zone.holdsPhotos) throw unknownType(recordType);
  if (recordType === 'CheckIndexingState') return { records: [indexingState(service, zone)], ...service.token(zone, asking) };
  if (recordType === 'CPLAlbumByPositionLive') return albumPage(service, zone, body, query, limit, asking);
  return assetPage(service, zone, recordType, body, query, limit, asking);
}

const unknownType = (recordType: string) => new CloudKitRefusal('NOT_FOUND', `Did not find record type: ${recordType}`);

function indexingState(service: PhotoService, zone: Zone): object {
  const running = service.faults.take('indexing.running');
  const fields = { progress: { value: running ? 40 : 100, type: 'INT64' }, state: { value: running ? 'RUNNING' : 'FINISHED', type: 'STRING' } };
  return madeUpRecord(`_${randomUUID()}`, 'CheckIndexingState', fields, zone, service.library.now());
}

/** A record that stands for an answer and is in no zone. */
export function madeUpRecord(recordName: string, recordType: string, fields: object, zone: Zone, at: number): object {
  const stamp = { timestamp: at, userRecordName: '_10', deviceID: '1' };
  return { recordName, recordType, fields, pluginFields: {}, recordChangeTag: '0', created: stamp, modified: stamp, deleted: false, zoneID: zone.id };
}

function albumPage(service: PhotoService, zone: Zone, body: Json, query: Json, limit: number, asking: Asking): object {
  // shared libraries have no albums and lack their indexes, as icloudpd-rs found
  if (zone.id.zoneName.startsWith('SharedSync-')) throw unknownType('CPLAlbumByPositionLive');
  const parent = filters(query).get('parentId');
  const albums = zone.albums().filter((album) => parent === undefined || album.parent === parent);
  const key = `CPLAlbumByPositionLive ${typeof parent === 'string' ? parent : ''}`;
  const start = continuation(body, key)?.ordinal ?? 0;
  const page = albums.slice(start, start + limit);
  const more = start + page.length < albums.length;
  return {
    records: service.write(page, zone, asking, desiredKeys(body), 'query.recordError'),
    ...(more && { continuationMarker: writeContinuation({ query: key, ordinal: start + page.length, after: null }) }),
    ...service.token(zone, asking),
  };
}

function assetPage(service: PhotoService, zone: Zone, recordType: string, body: Json, query: Json, limit: number, asking: Asking): object {
  const { faults } = service;
  const given = filters(query);
  const narrowing = recordType.startsWith('CPLContainerRelation') ? 'parentId' : recordType.includes('SmartAlbum') ? 'smartAlbum' : null;
  const value = narrowing === null ? null : text(given.get(narrowing), narrowing);
  const find = () => service.listings.ofQuery(zone, recordType, value);
  let listing = find();
  if (listing === null) throw unknownType(recordType);
  const descending = direction(given.get('direction'));
  const key = `${recordType} ${value ?? ''} ${descending ? 'DESCENDING' : 'ASCENDING'}`;
  const keys = desiredKeys(body);
  const marker = continuation(body, key);
  const rank = marker === null ? startRank(given.get('startRank')) : null;

  const begun = rank === null || rank > 0;
  if (begun && faults.take('query.insertMidPaging')) {
    insertSomewhere(service, zone, listing);
    listing = find() ?? listing;
  }
  // a rank is a place in the one order; DESCENDING walks from it towards rank 0
  const rows = descending ? listing.rows.toReversed() : listing.rows;
  const walk = service.walk(zone, key);
  const ordinal = marker?.ordinal ?? (descending ? Math.max(0, rows.length - 1 - (rank ?? 0)) : (rank ?? 0));
  const position = marker === null ? walk.position(ordinal) : behind(rows, marker.after, ordinal);
  const token = service.token(zone, asking);

  if (position < rows.length && faults.take('query.emptyPage')) {
    if (marker === null) walk.leaveGap(ordinal);
    return { records: [], continuationMarker: writeContinuation({ query: key, ordinal: position, after: rows[position - 1]?.name ?? null }), ...token };
  }
  const page = walk.page(listing, rows, position, limit, position + 1 < rows.length && faults.take('query.splitPairs'));
  return {
    records: service.write(page.records, zone, asking, keys, 'query.recordError'),
    ...(page.more && { continuationMarker: writeContinuation({ query: key, ordinal: page.end, after: rows[page.end - 1]?.name ?? null }) }),
    ...token,
  };
}

function direction(value: unknown): boolean {
  const name = text(value, 'direction');
  if (name !== 'ASCENDING' && name !== 'DESCENDING') throw badRequest("invalid value for filter 'direction'");
  return name === 'DESCENDING';
}

function startRank(value: unknown): number {
  if (value === undefined || value === null) throw missing('startRank');
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw badRequest("invalid value for filter 'startRank'");
  return value;
}

function continuation(body: Json, query: string) {
  const marker = body['continuationMarker'];
  if (marker === undefined || marker === null) return null;
  const read = readContinuation(text(marker, 'continuationMarker'));
  if (read?.query !== query) throw badRequest('invalid continuation marker');
  return read;
}

/** The place behind the row that the last page ended with; its old place when that row has gone. */
function behind(rows: Listing['rows'], after: string | null, ordinal: number): number {
  if (after === null) return ordinal;
  const near = rows[ordinal - 1]?.name === after ? ordinal - 1 : rows.findIndex((row) => row.name === after);
  return near < 0 ? ordinal : near + 1;
}

/** While somebody pages, a phone adds a photo: now the newest, now one from some time in between. */
function insertSomewhere({ library, faults }: PhotoService, zone: Zone, { rows }: Listing): void {
  const turn = faults.hits('query.insertMidPaging');
  const neighbour = rows[(turn * 7919) % Math.max(1, rows.length)];
  const from = turn % 2 === 1 || neighbour === undefined ? library.now() : neighbour.assetDate + 1;
  library.addSynthetic(1, { zone: zone.id.zoneName, from });
}
