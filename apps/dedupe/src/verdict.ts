import type { MediaFile } from '@media-pipeline/schema';

/** Whether an asset's content is here already. */
export type Verdict = { readonly kind: 'unique' } | { readonly kind: 'duplicate'; readonly of: string };

/**
 * An asset is a duplicate when every file of it is owned by one other asset: the second half of a Live Photo alone is
 * covered by the pair, a pair is not covered by one half.
 * @param hashes SHA-256 of each file, in order; the first is the primary.
 * @param owners who has each hash, after this asset has claimed what was free.
 */
export function judge(assetId: string, hashes: readonly string[], owners: ReadonlyMap<string, string>): Verdict {
  const [first, ...rest] = hashes;
  const owner = first === undefined ? undefined : owners.get(first);
  if (owner === undefined || owner === assetId) return { kind: 'unique' };
  return rest.every((hash) => owners.get(hash) === owner) ? { kind: 'duplicate', of: owner } : { kind: 'unique' };
}

type Hashed = Pick<MediaFile, 'role' | 'sha256'>;

/** What an asset is known by: its pictures and videos. A sidecar (the steps of an edit, often the same bytes for many photos) is not. */
export const contentHashes = (files: readonly Hashed[]): string[] => files.flatMap(({ role, sha256 }) => (role === 'sidecar' || sha256 === null ? [] : [sha256]));

/** Whether what goes with the pictures of a duplicate is kept with the survivor too; else it would be lost. */
export const sidecarsAreKept = (files: readonly Hashed[], survivor: readonly Hashed[]): boolean =>
  files.every(({ role, sha256 }) => role !== 'sidecar' || survivor.some((kept) => kept.sha256 === sha256));
