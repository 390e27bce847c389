import { decodeFilename, filenameOf } from './filename';
import type { AssetKind, CloudAsset, CloudResource, Refusal, ResourceRole, Zone } from './types';
import { isVideo } from './uniform-types';
import { encodedField, resourceField, textField, type AssetRecord, type MasterRecord } from './wire';

interface ResourcePlace {
  readonly role: ResourceRole;
  readonly key: string;
  /** Edits hang on the asset, or on the master of older records; originals on the master. */
  readonly on: readonly ['master', 'asset'] | readonly ['asset', 'master'];
}

/** Where a resource lies, as icloudpd and icloudpd-rs look for it. */
const places: readonly ResourcePlace[] = [
  { role: 'original', key: 'resOriginal', on: ['master', 'asset'] },
  { role: 'alternative', key: 'resOriginalAlt', on: ['master', 'asset'] },
  { role: 'live_video', key: 'resOriginalVidCompl', on: ['master', 'asset'] },
  { role: 'edited', key: 'resJPEGFull', on: ['asset', 'master'] },
  { role: 'edited_video', key: 'resVidFull', on: ['asset', 'master'] },
  { role: 'sidecar', key: 'resSidecar', on: ['asset', 'master'] },
];

/** The fields that listing and lookup ask for. */
export const desiredKeys: readonly string[] = [
  ...places.flatMap(({ key }) => [`${key}Res`, `${key}FileType`, `${key}Fingerprint`]),
  ...['filenameEnc', 'itemType', 'masterRef', 'assetDate', 'addedDate', 'timeZoneOffset'],
  ...['isDeleted', 'isExpunged', 'isHidden', 'isFavorite', 'adjustmentType', 'recordName', 'recordType', 'recordChangeTag'],
];

/** One asset of its two records; a Refusal when there is no original. */
export function cloudAsset(master: MasterRecord, asset: AssetRecord, zone: Zone): CloudAsset | Refusal {
  const resources = resourcesOf(master, asset);
  const original = resources.find(({ role }) => role === 'original');
  if (!original) return { recordName: asset.recordName, code: 'NO_ORIGINAL', reason: `the master ${master.recordName} has no resOriginalRes` };
  const type = textField(master.fields, 'itemType') ?? original.type;
  const decoded = decodeFilename(encodedField(master.fields, 'filenameEnc')) ?? decodeFilename(encodedField(asset.fields, 'filenameEnc'));
  const filename = filenameOf(decoded, asset.recordName, type);
  const { known } = asset;
  return {
    recordName: asset.recordName,
    masterName: master.recordName,
    changeTag: asset.changeTag,
    zone,
    filename,
    kind: kindOf(resources, type, filename),
    takenAt: date(known.assetDate),
    timeZoneOffsetSeconds: offset(known.timeZoneOffset),
    addedAt: date(known.addedDate),
    hidden: known.isHidden,
    trashed: known.isDeleted || known.isExpunged,
    favourite: known.isFavorite,
    resources,
  };
}

export const isRefusal = (result: CloudAsset | Refusal): result is Refusal => 'code' in result;

function resourcesOf(master: MasterRecord, asset: AssetRecord): CloudResource[] {
  const records = { master, asset };
  const resources: CloudResource[] = [];
  for (const { role, key, on } of places) {
    for (const side of on) {
      const { fields } = records[side];
      const field = resourceField(fields, key);
      if (!field) continue;
      const type = textField(fields, `${key}FileType`) ?? (role === 'original' ? textField(master.fields, 'itemType') : null) ?? '';
      const checksum = field.fileChecksum || (textField(fields, `${key}Fingerprint`) ?? '');
      // A rendition that is the original byte for byte is no edit.
      if (role === 'edited' || role === 'edited_video') if (checksum !== '' && resources.some((other) => other.checksum === checksum)) break;
      resources.push({ role, key, bytes: field.size, checksum, type, url: field.downloadURL });
      break;
    }
  }
  return resources;
}

function kindOf(resources: readonly CloudResource[], type: string, filename: string): AssetKind {
  const has = (role: ResourceRole) => resources.some((resource) => resource.role === role);
  if (isVideo(type, filename)) return 'video';
  if (has('live_video')) return 'live_photo';
  return has('alternative') ? 'raw_jpeg' : 'photo';
}

/** Milliseconds since 1970, before it for old photos; null for what no calendar holds. */
function date(ms: number | null): Date | null {
  if (ms === null) return null;
  const value = new Date(ms);
  return Number.isNaN(value.getTime()) ? null : value;
}

const offset = (seconds: number | null): number | null => (seconds !== null && Math.abs(seconds) <= 18 * 3600 ? seconds : null);
