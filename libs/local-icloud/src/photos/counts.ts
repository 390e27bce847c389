import { madeUpRecord } from './query';
import { badRequest, CloudKitRefusal } from './refusals';
import { filters, list, object, text, zoneOf } from './requests';
import type { Json } from './requests';
import type { Asking, PhotoService } from './service';

/** `/internal/records/query/batch` with HyperionIndexCountLookup: how many items an index has. */
export function answerCounts(service: PhotoService, body: Json, asking: Asking): object {
  return { batch: list(body['batch'], 'batch').map((one) => count(service, object(one, 'batch'), asking)) };
}

function count(service: PhotoService, request: Json, asking: Asking): object {
  const query = object(request['query'], 'query');
  const recordType = text(query['recordType'], 'recordType');
  if (recordType !== 'HyperionIndexCountLookup') throw badRequest(`recordType '${recordType}' cannot be queried in a batch`);
  const zone = zoneOf(request, asking.database, service.library);
  const records = list(filters(query).get('indexCountID'), 'indexCountID').map((each) => {
    const id = text(each, 'indexCountID');
    const listing = service.listings.ofCount(zone, id);
    if (listing === null || !zone.holdsPhotos) throw new CloudKitRefusal('NOT_FOUND', `Did not find index: ${id}`);
    return madeUpRecord(id, 'IndexCountResult', { itemCount: { value: off(service, listing.rows.length), type: 'INT64' } }, zone, service.library.now());
  });
  return { records, ...service.token(zone, asking) };
}

/** The server's count may be a little wrong: too high and too low in turn. */
function off({ faults }: PhotoService, count: number): number {
  if (!faults.take('count.off')) return count;
  return faults.hits('count.off') % 2 === 1 ? count + 3 : Math.max(0, count - 2);
}
