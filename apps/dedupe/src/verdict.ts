import { createHash } from 'node:crypto';
import type { MediaFile } from '@media-pipeline/schema';

/** An asset that has some of the content in question. */
export interface Holder {
  readonly id: string;
  /** SHA-256 of each file of it. */
  readonly hashes: readonly string[];
}

/** Whether an asset's content is here already; `overlap`: the asset that has some of its files, but not all. */
export type Verdict = { readonly kind: 'unique'; readonly overlap: string | null } | { readonly kind: 'duplicate'; readonly of: string };

/**
 * What an asset claims: each file's hash and, for one of several files, the set of them. The set is what tells two equal pairs apart
 * when each of their files belongs to somebody else already.
 */
export function claimsOf(hashes: readonly string[]): string[] {
  const all = [...new Set(hashes)].sort();
  return all.length < 2 ? all : [...all, `set:${createHash('sha256').update(all.join()).digest('hex')}`];
}

/**
 * An asset is a duplicate when it owns nothing of what it claimed and one other asset has all its files: the second half of a Live
 * Photo alone is covered by the pair, a pair is not covered by one half. Whoever owns a claim is never a duplicate, and only owners
 * are holders: of any number of assets with the same content, however their judgements meet, one stays.
 * @param owners who has each claim, after this asset has claimed what was free
 * @param holders the owners but this asset, in a fixed order
 */
export function judge(assetId: string, hashes: readonly string[], owners: ReadonlyMap<string, string>, holders: readonly Holder[]): Verdict {
  const covering = holders.find(({ id, hashes: theirs }) => id !== assetId && hashes.length > 0 && hashes.every((hash) => theirs.includes(hash)));
  const ownsSome = [...owners.values()].includes(assetId);
  if (covering && !ownsSome) return { kind: 'duplicate', of: covering.id };
  const partial = holders.find(({ id, hashes: theirs }) => id !== assetId && hashes.some((hash) => theirs.includes(hash)));
  return { kind: 'unique', overlap: partial?.id ?? null };
}

type Hashed = Pick<MediaFile, 'role' | 'sha256'>;

/** What an asset is known by: its pictures and videos. A sidecar (the steps of an edit, often the same bytes for many photos) is not. */
export const contentHashes = (files: readonly Hashed[]): string[] => files.flatMap(({ role, sha256 }) => (role === 'sidecar' || sha256 === null ? [] : [sha256]));

/** Whether what goes with the pictures of a duplicate is kept with the survivor too; else it would be lost. */
export const sidecarsAreKept = (files: readonly Hashed[], survivor: readonly Hashed[]): boolean =>
  files.every(({ role, sha256 }) => role !== 'sidecar' || survivor.some((kept) => kept.sha256 === sha256));
