import { desiredKeys } from './asset';
import type { Album, Zone } from './types';

/** Request bodies as icloudpd and icloudpd-rs send them. */

export const zoneId = ({ name, owner }: Zone): object => ({ zoneName: name, ...(owner !== null && { ownerRecordName: owner }) });

const equals = (fieldName: string, type: 'INT64' | 'STRING', value: number | string): object => ({ fieldName, fieldValue: { type, value }, comparator: 'EQUALS' });

export const indexingQuery = (zone: Zone): object => ({ query: { recordType: 'CheckIndexingState' }, zoneID: zoneId(zone) });

/** Where photos are: what the library shows, what its owner has hidden, what is in Recently Deleted. */
export type Shelf = 'shown' | 'hidden' | 'deleted';

/** The indexes of each, as icloudpd and pyicloud name them. */
const shelves: Readonly<Record<Shelf, { list: string; count: string }>> = {
  shown: { list: 'CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted', count: 'CPLAssetByAssetDateWithoutHiddenOrDeleted' },
  hidden: { list: 'CPLAssetAndMasterHiddenByAssetDate', count: 'CPLAssetHiddenByAssetDate' },
  deleted: { list: 'CPLAssetAndMasterDeletedByExpungedDate', count: 'CPLAssetDeletedByExpungedDate' },
};

/** A page of a shelf of the library, by date taken, or of an album, from a rank on; an album has only photos that are neither hidden nor deleted. */
export const listQuery = (zone: Zone, { rank, limit, album, shelf = 'shown' }: { rank: number; limit: number; album: Album | undefined; shelf?: Shelf | undefined }): object => ({
  query: {
    recordType: album ? 'CPLContainerRelationLiveByAssetDate' : shelves[shelf].list,
    filterBy: [equals('startRank', 'INT64', rank), equals('direction', 'STRING', 'ASCENDING'), ...(album ? [equals('parentId', 'STRING', album.recordName)] : [])],
  },
  resultsLimit: limit,
  desiredKeys,
  zoneID: zoneId(zone),
});

export const albumsQuery = (zone: Zone, parent: string | null, marker: string | null): object => ({
  query: { recordType: 'CPLAlbumByPositionLive', ...(parent !== null && { filterBy: [equals('parentId', 'STRING', parent)] }) },
  zoneID: zoneId(zone),
  ...(marker !== null && { continuationMarker: marker }),
});

export const countQuery = (zone: Zone, album?: Album, shelf: Shelf = 'shown'): object => ({
  batch: [
    {
      resultsLimit: 1,
      query: {
        recordType: 'HyperionIndexCountLookup',
        filterBy: {
          fieldName: 'indexCountID',
          fieldValue: {
            type: 'STRING_LIST',
            value: [album ? `CPLContainerRelationNotDeletedByAssetDate:${album.recordName}` : shelves[shelf].count],
          },
          comparator: 'IN',
        },
      },
      zoneWide: true,
      zoneID: zoneId(zone),
    },
  ],
});

export const lookupBody = (zone: Zone, recordNames: readonly string[]): object => ({
  records: recordNames.map((recordName) => ({ recordName })),
  desiredKeys,
  zoneID: zoneId(zone),
});

export const zoneChangesBody = (zone: Zone, syncToken: string, limit: number): object => ({
  zones: [{ zoneID: zoneId(zone), syncToken, resultsLimit: limit, desiredKeys }],
});
