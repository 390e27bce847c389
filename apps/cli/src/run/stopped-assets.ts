import type { Repositories, AssetWithFiles } from '@media-pipeline/schema';
import { eachAsset } from '../library/assets';
import type { StoppedAsset } from './reporters';

export const asStopped = ({ id, files, code, reason, sourceKey }: AssetWithFiles): StoppedAsset => ({
  id,
  path: files[0]?.path ?? sourceKey,
  code: code ?? 'UNEXPECTED',
  reason: reason ?? '',
});

/** Watches for assets that are set aside or fail: each is told of once, those that were so before the run never. */
export class StoppedAssets {
  private readonly known = new Set<string>();
  private counted = -1;
  private notBefore = -Infinity;

  constructor(private readonly repositories: Pick<Repositories, 'assets'>) {}

  /** Those that are new since the last call. The lists are read only when the numbers have changed. */
  async fresh(setAside: number, failed: number): Promise<{ readonly as: 'set_aside' | 'failed'; readonly asset: StoppedAsset }[]> {
    const began = performance.now();
    if (setAside + failed === this.counted || began < this.notBefore) return [];
    this.counted = setAside + failed;
    const found: { as: 'set_aside' | 'failed'; asset: StoppedAsset }[] = [];
    for (const as of ['set_aside', 'failed'] as const) {
      for await (const asset of eachAsset(this.repositories, { state: as })) {
        if (this.known.has(asset.id)) continue;
        this.known.add(asset.id);
        found.push({ as, asset: asStopped(asset) });
      }
    }
    // many of them take a while to list: never more than a tenth of the time
    this.notBefore = began + 10 * (performance.now() - began);
    return found;
  }
}
