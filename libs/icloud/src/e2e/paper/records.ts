import type { Zone } from '../../photos/types';

/** Records as Apple's answers have them (shapes from the protocol's description, not from our parser). */
export const primary: Zone = { name: 'PrimarySync', owner: null, database: 'private', shared: false };

export const resource = (key: string, { bytes = 10, checksum = `AQ${key}`, type = 'public.jpeg', url = `https://content.invalid/${key}/\${f}` } = {}): Record<string, unknown> => ({
  [`${key}Res`]: { type: 'ASSETID', value: { fileChecksum: checksum, size: bytes, wrappingKey: 'AAAA', referenceChecksum: 'BBBB', downloadURL: url } },
  [`${key}FileType`]: { type: 'STRING', value: type },
  [`${key}Fingerprint`]: { type: 'STRING', value: checksum },
  [`${key}Width`]: { type: 'INT64', value: 100 },
});

export interface PaperAsset {
  readonly id: string;
  readonly master: string;
  readonly at: number;
}

export const masterRecord = (name: string, fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  recordName: name,
  recordType: 'CPLMaster',
  recordChangeTag: '1a',
  deleted: false,
  zoneID: { zoneName: 'PrimarySync', ownerRecordName: '_abc', zoneType: 'REGULAR_CUSTOM_ZONE' },
  fields: {
    filenameEnc: { type: 'ENCRYPTED_BYTES', value: Buffer.from(`${name}.JPG`).toString('base64') },
    itemType: { type: 'STRING', value: 'public.jpeg' },
    ...resource('resOriginal'),
    ...fields,
  },
});

export const assetRecord = (id: string, master: string, fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  recordName: id,
  recordType: 'CPLAsset',
  recordChangeTag: '2b',
  deleted: false,
  fields: {
    masterRef: { type: 'REFERENCE', value: { recordName: master, action: 'DELETE_SELF', zoneID: { zoneName: 'PrimarySync' } } },
    assetDate: { type: 'TIMESTAMP', value: 1_600_000_000_000 },
    addedDate: { type: 'TIMESTAMP', value: 1_600_000_100_000 },
    timeZoneOffset: { type: 'INT64', value: 7200 },
    isHidden: { type: 'INT64', value: 0 },
    isFavorite: { type: 'INT64', value: 0 },
    ...fields,
  },
});

export const tombstone = (id: string): Record<string, unknown> => ({ recordName: id, recordType: null, deleted: true, recordChangeTag: '9z' });
export const failure = (id: string, serverErrorCode = 'NOT_FOUND', reason = 'no such record'): Record<string, unknown> => ({ recordName: id, serverErrorCode, reason });
