import type { CloudAsset, ResourceRole } from '../photos/types';
import type { CloudContent } from './content';

/** Files of an asset that a person would call the photo: an edit is another picture, a sidecar is none. */
const roles = ['original', 'alternative', 'live_video'] as const satisfies readonly ResourceRole[];
export type IndexedRole = (typeof roles)[number];

/** `trashed`: in Recently Deleted, or about to be purged. */
export type AssetState = 'shown' | 'hidden' | 'trashed';

/** One file of an asset in iCloud. */
export interface IndexedFile extends CloudContent {
  readonly recordName: string;
  readonly masterName: string;
  readonly role: IndexedRole;
  readonly state: AssetState;
}

/** What has been read and is to be kept, all of it or nothing: one transaction. */
export interface IndexPage {
  /** What is kept of the zone goes first: it is listed anew. */
  readonly fromScratch: boolean;
  /** These assets, by record name, are as `files` tells, whatever was kept of them. */
  readonly assets: readonly string[];
  readonly files: readonly IndexedFile[];
  /** The next reading goes on from here; null while a listing is under way: without a token the zone is listed anew. */
  readonly syncToken: string | null;
}

/**
 * What is in a zone of iCloud, by content. Whoever uploads keeps it (a table of {@link IndexedFile} with an index on the checksum, and a sync
 * token), so that a library is listed once and not twice. It is a copy: lost, it is made again.
 */
export abstract class ContentIndex {
  /** Where the copy stands; null when there is none, or only half of one. */
  abstract syncToken(): Promise<string | null>;
  abstract save(page: IndexPage): Promise<void>;
  /** All files with one of these checksums. */
  abstract find(checksums: readonly string[]): Promise<readonly IndexedFile[]>;
}

const stateOf = ({ trashed, hidden }: CloudAsset): AssetState => (trashed ? 'trashed' : hidden ? 'hidden' : 'shown');

/** The rows of an asset. A file without a checksum has none: nothing can be told of it. */
export function filesOf(asset: CloudAsset): IndexedFile[] {
  const { recordName, masterName } = asset;
  return asset.resources.flatMap(({ role, checksum, bytes }) => {
    const indexed = roles.find((each) => each === role);
    return indexed === undefined || checksum === '' ? [] : [{ recordName, masterName, role: indexed, checksum, bytes, state: stateOf(asset) }];
  });
}

export const pageOf = (assets: readonly CloudAsset[], names: readonly string[], syncToken: string | null): IndexPage => ({
  fromScratch: false,
  assets: [...new Set([...assets.map(({ recordName }) => recordName), ...names])],
  files: assets.flatMap(filesOf),
  syncToken,
});
