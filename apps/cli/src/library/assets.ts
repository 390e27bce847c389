import type { AssetState } from '@media-pipeline/contracts';
import type { AssetWithFiles, Repositories } from '@media-pipeline/schema';

export interface AssetFilter {
  readonly state?: AssetState;
  readonly code?: string;
  readonly after?: string;
}

const pageSize = 500;

/** All assets that match, in order of arrival, read page by page. */
export async function* eachAsset({ assets }: Pick<Repositories, 'assets'>, filter: AssetFilter = {}, limit = Infinity): AsyncGenerator<AssetWithFiles> {
  let after = filter.after;
  let left = limit;
  while (left > 0) {
    const page = await assets.list({ ...filter, ...(after === undefined ? {} : { after }), limit: Math.min(pageSize, left) });
    yield* page;
    left -= page.length;
    after = page.at(-1)?.id;
    if (page.length < pageSize) return;
  }
}
