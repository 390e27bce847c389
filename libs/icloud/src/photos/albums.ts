import { decodeFilename } from './filename';
import type { PhotosCalls } from './photos-calls';
import { albumsQuery } from './queries';
import type { Album, Zone } from './types';
import { AlbumFields, encodedField, RawRecord, RecordsAnswer } from './wire';

/** `albumType` of a folder of albums (icloudpd). */
const folderType = 3;
const notAlbums = new Set(['----Root-Folder----', '----Project-Root-Folder----']);

/** A person's own albums, also those in folders; what cannot be read as one is left out. */
export async function listAlbums(calls: PhotosCalls, zone: Zone, signal?: AbortSignal): Promise<Album[]> {
  const albums = new Map<string, Album>();
  const folders: (string | null)[] = [null];
  const asked = new Set(folders);
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const record of await albumRecords(calls, zone, folder, signal)) {
      const fields = record.fields ?? {};
      const { albumType, parentId, isDeleted } = AlbumFields.parse(fields);
      if (record.recordType !== 'CPLAlbum' || record.deleted || isDeleted || notAlbums.has(record.recordName)) continue;
      if (albumType === folderType) {
        if (!asked.has(record.recordName)) folders.push(record.recordName);
        asked.add(record.recordName);
        continue;
      }
      const name = decodeFilename(encodedField(fields, 'albumNameEnc'));
      const parent = parentId ?? folder;
      if (name !== null && !albums.has(record.recordName)) albums.set(record.recordName, { recordName: record.recordName, name, parent: parent !== null && notAlbums.has(parent) ? null : parent });
    }
  }
  return [...albums.values()];
}

async function albumRecords(calls: PhotosCalls, zone: Zone, folder: string | null, signal?: AbortSignal): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  const markers = new Set<string>();
  for (let marker: string | null = null; ; ) {
    const answer: RecordsAnswer = await calls.ask({ database: zone.database, path: '/records/query', body: albumsQuery(zone, folder, marker), answer: RecordsAnswer, signal });
    records.push(...answer.records.flatMap((record) => RawRecord.safeParse(record).data ?? []));
    marker = answer.continuationMarker ?? null;
    if (marker === null || markers.has(marker)) return records;
    markers.add(marker);
  }
}
