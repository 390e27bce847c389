import type { LibraryPath } from '@media-pipeline/contracts';
import type { AssetWithFiles, Batch, Delivery } from '@media-pipeline/schema';

/** One thing that the database says about the disk: these bytes lie there. */
export interface Claim {
  readonly path: LibraryPath;
  readonly sha256: string;
  readonly bytes: number;
  readonly what: 'original' | 'archive' | 'rendition' | 'batch';
}

/** Everything the database claims about one asset's bytes: originals, archive copies, renditions, and files in batches that still wait there. */
export function claimsOf(asset: AssetWithFiles, deliveries: readonly Delivery[], batches: ReadonlyMap<string, Batch>): Claim[] {
  const claims: Claim[] = [];
  for (const { path, archivedPath, sha256, bytes } of asset.files) {
    if (sha256 === null) continue;
    claims.push({ what: 'original', path, sha256, bytes });
    if (archivedPath !== null && archivedPath !== path) claims.push({ what: 'archive', path: archivedPath, sha256, bytes });
  }
  for (const { outcome, path, sha256, bytes } of asset.renditions) {
    if (outcome === 'compressed' && path !== null && sha256 !== null && bytes !== null) claims.push({ what: 'rendition', path, sha256, bytes });
  }
  for (const { batchId, name, sha256, bytes, state } of deliveries) {
    const batch = batches.get(batchId);
    if (batch && (state === 'staged' || state === 'off')) claims.push({ what: 'batch', path: `${batch.path}/${name}` as LibraryPath, sha256, bytes });
  }
  return claims;
}

/** An asset can be judged when no destination is still to answer. */
export const allSettled = (deliveries: readonly Delivery[]): boolean => deliveries.every(({ state }) => state === 'proven' || state === 'off' || state === 'failed');
