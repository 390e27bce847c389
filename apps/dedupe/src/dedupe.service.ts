import { Injectable } from '@nestjs/common';
import { dead, done, emit, retry, skip, standing, type AssetMessage, type Outcome } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { namedAsset } from '@media-pipeline/stage';
import { DuplicateShelf } from './adapters/duplicate-shelf';
import { MediaInspector } from './adapters/media-inspector';
import { Judgement } from './judgement';

/** Decides whether an asset's content is already here, by SHA-256 over every file of it. */
@Injectable()
export class DedupeService {
  constructor(
    private readonly database: Database,
    private readonly judgement: Judgement,
    private readonly shelf: DuplicateShelf,
    private readonly inspector: MediaInspector,
  ) {}

  async judge(message: AssetMessage): Promise<Outcome> {
    const asset = await this.assetOf(message);
    if (!('id' in asset)) return asset;
    switch (standing(asset.state, 'discovered')) {
      case 'due':
        return this.decide(asset);
      case 'past':
        return skip('judged before', emit('media.unique', { assetId: asset.id }, asset.id));
      case 'ended':
        return asset.state === 'duplicate' ? this.shelve(asset) : skip(`the asset is ${asset.state}`);
      case 'early':
        return skip('the asset has not arrived yet');
    }
  }

  private async decide(asset: AssetWithFiles): Promise<Outcome> {
    const empty = asset.files.find((file) => file.bytes === 0 && file.role !== 'sidecar');
    if (empty) return dead('FILE_EMPTY', `${empty.path} has no bytes.`);
    const decision = await this.judgement.decide(asset);
    switch (decision.kind) {
      case 'unique':
        return done(emit('media.unique', { assetId: asset.id }, asset.id));
      case 'duplicate':
        return this.shelve({ ...asset, state: 'duplicate', duplicateOf: decision.of });
      case 'overtaken':
        // Another replica has judged it: the message comes back and finds that done.
        return retry(500, 'judged by somebody else at the same time');
    }
  }

  /** Moves the files of a duplicate to cleanup/, journalled, with what they are a duplicate of; nothing is deleted. */
  private async shelve(asset: AssetWithFiles): Promise<Outcome> {
    const survivor = asset.duplicateOf === null ? (await this.database.duplicates.find(asset.id))?.survivorPath : asset.duplicateOf;
    for (const file of asset.files) await this.shelf.shelve(asset.id, file, survivor ?? 'another file');
    const duplicateOf = asset.duplicateOf === null ? {} : { duplicateOf: asset.duplicateOf };
    return done(emit('media.duplicate', { assetId: asset.id, ...duplicateOf }, asset.id));
  }

  /** The asset a message names; for a path that nobody has registered, the asset that is made of it. */
  private async assetOf(message: AssetMessage): Promise<AssetWithFiles | Outcome> {
    const { path } = message;
    if (message.assetId !== undefined || path === undefined) return namedAsset(this.database, message);
    const known = await this.database.assets.findByPath(path);
    if (known) return known;
    if (!path.startsWith('originals/')) return dead('UNKNOWN_ASSET', `${path} is not known, and only files under originals/ can be taken in by hand.`);
    const { mime, ...file } = await this.inspector.inspect(path);
    const asset = await this.database.assets.adopt(path, { filename: path.slice(path.lastIndexOf('/') + 1), ...file });
    if (mime === null && file.bytes > 0) return dead('NOT_MEDIA', `${path} is neither a photo nor a video.`);
    return asset;
  }
}
