import { PipelineError, type AssetMessage } from '@media-pipeline/contracts';
import type { AssetWithFiles, Database } from '@media-pipeline/schema';

/** The asset that a message names by id or by the path of one of its files. Throws UNKNOWN_ASSET. */
export async function namedAsset(database: Database, message: AssetMessage): Promise<AssetWithFiles> {
  const asset =
    message.assetId !== undefined
      ? await database.assets.find(message.assetId)
      : message.path === undefined
        ? null
        : await database.assets.findByPath(message.path);
  if (!asset) throw new PipelineError('UNKNOWN_ASSET', `No asset is known by ${message.assetId ?? message.path ?? 'nothing'}.`);
  return asset;
}
