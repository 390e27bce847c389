import { z } from 'zod';
import type { Refusal } from './types';

/**
 * CloudKit records as the photos service answers them (shapes as icloudpd, icloudpd-rs and pyicloud read them). Lenient on purpose: unknown
 * fields pass, an optional field of an unknown shape counts as absent, and what cannot do without it is a Refusal.
 */
const number = z.object({ value: z.number() }).nullish().transform((field) => field?.value ?? null).catch(null);
const text = z.object({ value: z.string() }).nullish().transform((field) => field?.value ?? null).catch(null);
const reference = z.object({ value: z.object({ recordName: z.string().min(1) }) }).nullish().transform((field) => field?.value.recordName ?? null).catch(null);
/** 1 when set; 0, null or absent when not. */
const flag = z.object({ value: z.union([z.number(), z.boolean()]) }).nullish().transform((field) => field?.value === true || field?.value === 1).catch(false);

/** `filenameEnc`: plain (STRING) or base64 (ENCRYPTED_BYTES). */
const encodedText = z.object({ value: z.string(), type: z.string().nullish() }).nullish().catch(null);
export type EncodedText = z.infer<typeof encodedText>;

export const RawRecord = z.looseObject({
  recordName: z.string().min(1),
  recordType: z.string().nullish(),
  recordChangeTag: z.string().nullish().catch(null),
  deleted: z.boolean().nullish().catch(null),
  fields: z.record(z.string(), z.unknown()).nullish().catch(null),
  serverErrorCode: z.string().nullish().catch(null),
  reason: z.string().nullish().catch(null),
});
export type RawRecord = z.infer<typeof RawRecord>;

const ResourceField = z.object({
  value: z.object({
    size: z.coerce.number().int().nonnegative(),
    fileChecksum: z.string().nullish().transform((checksum) => checksum ?? ''),
    downloadURL: z.string().nullish().transform((url) => url ?? ''),
  }),
});
export type ResourceField = z.infer<typeof ResourceField>['value'];

type Fields = Readonly<Record<string, unknown>>;

/** The `<key>Res` of a record; null when it has none, or one that is no resource. */
export function resourceField(fields: Fields, key: string): ResourceField | null {
  const field = fields[`${key}Res`];
  if (field === undefined) return null; // most are missing, and a parse that fails costs a hundred times this
  const parsed = ResourceField.safeParse(field);
  return parsed.success ? parsed.data.value : null;
}

export const textField = (fields: Fields, key: string): string | null => text.parse(fields[key]);
export const encodedField = (fields: Fields, key: string): EncodedText => encodedText.parse(fields[key]);

const AssetFields = z.object({
  masterRef: reference,
  assetDate: number,
  addedDate: number,
  timeZoneOffset: number,
  isDeleted: flag,
  isExpunged: flag,
  isHidden: flag,
  isFavorite: flag,
});

export interface AssetRecord {
  readonly recordName: string;
  readonly changeTag: string;
  /** What `masterRef` names; null when it names none. */
  readonly masterName: string | null;
  readonly known: z.infer<typeof AssetFields>;
  readonly fields: Fields;
}

export interface MasterRecord {
  readonly recordName: string;
  readonly fields: Fields;
}

export function assetRecord(record: RawRecord): AssetRecord {
  const fields = record.fields ?? {};
  const known = AssetFields.parse(fields);
  return { recordName: record.recordName, changeTag: record.recordChangeTag ?? '', masterName: known.masterRef, known, fields };
}

/** A page's records by what they are to us; other types (albums, faces, memories) are left out. */
export interface SortedRecords {
  readonly assets: readonly AssetRecord[];
  readonly masters: readonly MasterRecord[];
  /** Hard deletions: `deleted: true` without a type. */
  readonly purged: readonly string[];
  /** Records with an error in their place. */
  readonly failed: readonly Refusal[];
  /** Not even a record. */
  readonly unreadable: readonly Refusal[];
}

export function sortRecords(records: readonly unknown[]): SortedRecords {
  const assets: AssetRecord[] = [];
  const masters: MasterRecord[] = [];
  const purged: string[] = [];
  const failed: Refusal[] = [];
  const unreadable: Refusal[] = [];
  for (const item of records) {
    const parsed = RawRecord.safeParse(item);
    if (!parsed.success) {
      unreadable.push({ recordName: nameOf(item), code: 'NOT_UNDERSTOOD', reason: z.prettifyError(parsed.error) });
      continue;
    }
    const record = parsed.data;
    if (record.serverErrorCode) failed.push({ recordName: record.recordName, code: record.serverErrorCode, reason: record.reason ?? '' });
    else if (record.deleted) purged.push(record.recordName);
    else if (record.recordType === 'CPLAsset') assets.push(assetRecord(record));
    else if (record.recordType === 'CPLMaster') masters.push({ recordName: record.recordName, fields: record.fields ?? {} });
  }
  return { assets, masters, purged, failed, unreadable };
}

const nameOf = (item: unknown): string =>
  typeof item === 'object' && item !== null && 'recordName' in item && typeof item.recordName === 'string' ? item.recordName : '(unnamed)';

/** The answer of a query or a lookup. */
export const RecordsAnswer = z.object({
  records: z.array(z.unknown()),
  syncToken: z.string().min(1).nullish().catch(null),
  continuationMarker: z.string().min(1).nullish().catch(null),
});
export type RecordsAnswer = z.infer<typeof RecordsAnswer>;

const ZoneId = z.object({ zoneName: z.string().min(1), ownerRecordName: z.string().nullish().catch(null) });

export const ZonesAnswer = z.object({ zones: z.array(z.object({ zoneID: ZoneId, deleted: z.boolean().nullish().catch(null) })) });

export const DatabaseChangesAnswer = ZonesAnswer.extend({ syncToken: z.string().min(1), moreComing: z.boolean().nullish() });

export const ZoneChangesAnswer = z.object({
  zones: z
    .array(z.object({ records: z.array(z.unknown()).nullish(), syncToken: z.string().min(1), moreComing: z.boolean().nullish() }))
    .min(1),
});

export const CountAnswer = z.object({
  batch: z.array(z.object({ records: z.array(z.object({ fields: z.object({ itemCount: z.object({ value: z.number().int().nonnegative() }) }) })).min(1) })).min(1),
});

export const IndexingAnswer = z.object({ records: z.array(z.object({ fields: z.object({ state: z.object({ value: z.string() }) }) })).min(1) });

export const AlbumFields = z.object({ albumType: number, parentId: text, isDeleted: flag });
