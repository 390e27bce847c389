import { recordError } from './service';
import type { Asking, PhotoService } from './service';
import { badRequest, CloudKitRefusal } from './refusals';
import { desiredKeys, list, MAX_RECORDS, object, resultsLimit, text, zoneOf } from './requests';
import type { Json } from './requests';
import { databaseToken, readDatabaseToken, readZoneToken, zoneToken } from './tokens';
import type { Zone } from './zone';

const scopeOf = (service: PhotoService, { database }: Asking) => `${service.library.owner} ${database}`;

/** `/zones/list` */
export function answerZones(service: PhotoService, asking: Asking): object {
  const zones = zonesOf(service, asking);
  return {
    zones: zones.map((zone) => ({ zoneID: zone.id, syncToken: zoneToken(zone.tokenScope, zone.seq), deleted: false })),
    moreComing: false,
    syncToken: databaseToken(scopeOf(service, asking), service.library.databaseSeq(asking.database)),
  };
}

/** `/changes/database`: the zones that changed since a database token; all of them without one. */
export function answerDatabaseChanges(service: PhotoService, body: Json, asking: Asking): object {
  const last = service.library.databaseSeq(asking.database);
  const scope = scopeOf(service, asking);
  const given = body['syncToken'];
  let since = 0;
  if (given !== undefined && given !== null) {
    const reading = readDatabaseToken(text(given, 'syncToken'), scope, last);
    if ('refused' in reading) throw badRequest(reading.refused);
    since = reading.seq;
  }
  const changed = zonesOf(service, asking).filter((zone) => zone.databaseSeq > since);
  return {
    zones: changed.map((zone) => ({ zoneID: zone.id, syncToken: zoneToken(zone.tokenScope, zone.seq), deleted: false })),
    moreComing: false,
    syncToken: databaseToken(scope, last),
  };
}

/** `/changes/zone`: a page of each zone's changes. What is wrong with one zone or its token stands in that zone's answer, inside HTTP 200. */
export function answerZoneChanges(service: PhotoService, body: Json, asking: Asking): object {
  const requests = list(body['zones'], 'zones').map((zone) => object(zone, 'zones'));
  return { zones: requests.map((request) => zoneChanges(service, request, body, asking)) };
}

function zoneChanges(service: PhotoService, request: Json, body: Json, asking: Asking): object {
  const zoneID = object(request['zoneID'], 'zoneID');
  // the page is never longer than 200, whatever is asked for
  const limit = resultsLimit(request['resultsLimit'] ?? body['resultsLimit'], 'cap');
  const keys = desiredKeys(request);
  try {
    const zone = zoneOf(request, asking.database, service.library);
    return changesOf(service, zone, request['syncToken'], limit, keys, asking);
  } catch (error) {
    if (!(error instanceof CloudKitRefusal)) throw error;
    return { zoneID, serverErrorCode: error.code, reason: error.reason };
  }
}

function changesOf(service: PhotoService, zone: Zone, given: unknown, limit: number, keys: ReadonlySet<string> | null, asking: Asking): object {
  const page = (records: object[], seq: number, moreComing: boolean, nth = 0) => ({ zoneID: zone.id, syncToken: zoneToken(zone.tokenScope, seq, nth), moreComing, records });
  // no token: all history, of which the first page is empty; an empty one: as though nothing were new
  if (given === undefined || given === null) return page([], 0, zone.seq > 0);
  if (given === '') return page([], zone.seq, false);
  if (service.faults.take('token.expired')) throw new CloudKitRefusal('BAD_REQUEST', 'Unknown sync continuation type');
  const reading = readZoneToken(text(given, 'syncToken'), zone.tokenScope, zone.seq);
  if ('refused' in reading) throw new CloudKitRefusal('BAD_REQUEST', reading.refused);
  // an empty page has a token of its own for the same place
  if (reading.seq < zone.seq && service.faults.take('query.emptyPage')) return page([], reading.seq, true, service.faults.hits('query.emptyPage'));
  const { rows, seq, more } = zone.changesSince(reading.seq, limit);
  return page(service.write(rows, zone, asking, keys, 'query.recordError'), seq, more);
}

/** `/records/lookup`: the records as they are now, with fresh URLs; one that is not there is an error in its place. */
export function answerLookup(service: PhotoService, body: Json, asking: Asking): object {
  const zone = zoneOf(body, asking.database, service.library);
  const names = list(body['records'], 'records').map((record) => text(object(record, 'records')['recordName'], 'recordName'));
  if (names.length > MAX_RECORDS) throw badRequest("array 'records' length is greater than max size");
  const found = names.flatMap((name) => zone.rows.get(name) ?? []);
  const written = service.write(found, zone, asking, desiredKeys(body), 'lookup.recordError');
  let next = 0;
  const records = names.map((name) => (zone.rows.has(name) ? (written[next++] ?? {}) : recordError(name, 'NOT_FOUND', 'Record not found')));
  return { records, ...service.token(zone, asking) };
}

function zonesOf(service: PhotoService, { database }: Asking): readonly Zone[] {
  return service.library.zones.filter((zone) => zone.database === database);
}
