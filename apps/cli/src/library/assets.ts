import type { AssetFilter, AssetWithFiles, Repositories } from '@media-pipeline/schema';

const pageSize = 500;

/** All assets that match, in order of arrival, read page by page. */
export async function* eachAsset({ assets }: Pick<Repositories, 'assets'>, filter: Omit<AssetFilter, 'limit'> = {}, limit = Infinity): AsyncGenerator<AssetWithFiles> {
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
