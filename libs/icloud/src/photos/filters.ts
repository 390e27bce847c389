import type { AssetKind, CloudAsset } from './types';

/** Which assets are wanted. Times in ms since 1970. */
export interface AssetFilter {
  /** The first time that counts. */
  readonly since: number | null;
  /** The first that does not any more. */
  readonly until: number | null;
  /** Empty: all. */
  readonly kinds: readonly ('photo' | 'live_photo' | 'video')[];
  /** Whether shared libraries count. */
  readonly shared: boolean;
}

export type SkipReason = 'before_since' | 'after_until' | 'kind' | 'shared' | 'hidden' | 'trashed';

const filterKind = (kind: AssetKind): 'photo' | 'live_photo' | 'video' => (kind === 'raw_jpeg' ? 'photo' : kind);

/** When an asset counts as taken: as recorded, else when it was added; null when neither is known. */
export const dateOf = ({ takenAt, addedAt }: Pick<CloudAsset, 'takenAt' | 'addedAt'>): number | null => (takenAt ?? addedAt)?.getTime() ?? null;

/** Why an asset is left out; null when it is wanted. One without any date passes every date filter: it could be anything. */
export function skipReason(asset: CloudAsset, filter: AssetFilter): SkipReason | null {
  if (asset.trashed) return 'trashed';
  if (asset.hidden) return 'hidden';
  if (asset.zone.shared && !filter.shared) return 'shared';
  if (filter.kinds.length > 0 && !filter.kinds.includes(filterKind(asset.kind))) return 'kind';
  const date = dateOf(asset);
  if (date !== null && filter.since !== null && date < filter.since) return 'before_since';
  if (date !== null && filter.until !== null && date >= filter.until) return 'after_until';
  return null;
}

/**
 * The `most` newest of what came so far and of another page, newest first, in whatever order the pages come; and what fell out.
 * One without a date counts as the newest: it could be.
 */
export function newest(kept: readonly CloudAsset[], page: readonly CloudAsset[], most: number): { kept: CloudAsset[]; dropped: CloudAsset[] } {
  const when = (asset: CloudAsset) => dateOf(asset) ?? Infinity;
  const all = [...kept, ...page].sort((a, b) => {
    const [x, y] = [when(a), when(b)];
    if (x !== y) return x > y ? -1 : 1;
    return a.recordName < b.recordName ? -1 : a.recordName > b.recordName ? 1 : 0;
  });
  return { kept: all.slice(0, most), dropped: all.slice(most) };
}
