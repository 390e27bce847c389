import { preferred, type Circumstances } from '@media-pipeline/duplicates';
import type { AssetSource, AssetWithFiles, BetterName, MediaFile } from '@media-pipeline/schema';

/** How much a source knows of a photo. */
const sourceRank: Readonly<Record<AssetSource, number>> = { icloud: 2, folder: 1, operator: 0 };

const primaryOf = ({ files }: AssetWithFiles): MediaFile | undefined => files.find(({ role }) => role === 'primary') ?? files[0];

const circumstancesOf = (asset: AssetWithFiles): Circumstances => {
  const primary = primaryOf(asset);
  return { filename: primary?.filename ?? '', modifiedMs: primary?.modifiedAt?.getTime() ?? null, companions: asset.files.length, sourceRank: sourceRank[asset.source], key: asset.id };
};

/** Which of two assets with the same bytes is the better one by all that is not in the bytes, and why. */
export function compareAssets(survivor: AssetWithFiles, newcomer: AssetWithFiles): { readonly better: 'survivor' | 'newcomer'; readonly why: string } {
  const { better, why } = preferred(circumstancesOf(survivor), circumstancesOf(newcomer));
  return { better: better === 'first' ? 'survivor' : 'newcomer', why };
}

/**
 * The names and dates that the survivor takes over from a better newcomer. Its bytes, its id, its place and how far it has come stay its
 * own: nothing is exchanged under a stage that works on it. None unless both have the very same files.
 */
export function betterNames(survivor: AssetWithFiles, newcomer: AssetWithFiles): BetterName[] {
  if (survivor.files.length !== newcomer.files.length) return [];
  const names = survivor.files.flatMap((file) => {
    const other = newcomer.files.find(({ sha256, role }) => sha256 === file.sha256 && role === file.role);
    return other ? [{ fileId: file.id, filename: other.filename, modifiedAt: older(file.modifiedAt, other.modifiedAt) }] : [];
  });
  return names.length === survivor.files.length ? names : [];
}

/** A copy is as young as its copying. */
const older = (a: Date | null, b: Date | null): Date | null => (a === null ? b : b === null || a <= b ? a : b);
