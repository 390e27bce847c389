import type { CloudAsset, CloudResource } from '@media-pipeline/icloud';
import type { MediaFile } from '@media-pipeline/schema';

/** Apple's names are opaque: what would split a path, or no database keeps, is percent-escaped. */
const escaped = (name: string): string => name.replace(/[%/\u0000-\u001f]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
const unescaped = (text: string): string => text.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** What the database knows an asset of iCloud by, whatever files it has: `<zone>/<recordName>`. */
export const recordOf = (zone: string, recordName: string): string => `${escaped(zone)}/${escaped(recordName)}`;

/** What the database knows one file of an asset by: `icloud:<zone>/<recordName>/<resource key>`. */
export const sourcePathOf = ({ zone, recordName }: Pick<CloudAsset, 'zone' | 'recordName'>, { key }: Pick<CloudResource, 'key'>): string => `icloud:${recordOf(zone.name, recordName)}/${escaped(key)}`;

/** What tells one version of a file from another: its size and Apple's checksum of it. */
export const fingerprintOf = ({ bytes, checksum }: Pick<CloudResource, 'bytes' | 'checksum'>): string => `${bytes}:${checksum}`;

/** Whether a fingerprint of the database is of this version. A marker behind it makes no other version of it. */
export function sameVersion(fingerprint: string, resource: Pick<CloudResource, 'bytes' | 'checksum'>): boolean {
  const present = fingerprintOf(resource);
  return fingerprint === present || fingerprint.startsWith(`${present}:`);
}

/** A source path taken apart; null for one that is not iCloud's. */
export function readSourcePath(sourcePath: string | null): { readonly zone: string; readonly recordName: string; readonly key: string } | null {
  const [, zone, recordName, key] = /^icloud:([^/]+)\/([^/]+)\/([^/]+)$/.exec(sourcePath ?? '') ?? [];
  return zone && recordName && key ? { zone: unescaped(zone), recordName: unescaped(recordName), key: unescaped(key) } : null;
}

/** The record that an asset's files come from. */
export const recordOfFiles = ([first]: readonly Pick<MediaFile, 'sourcePath'>[]): { readonly zone: string; readonly recordName: string } | null => readSourcePath(first?.sourcePath ?? null);
