import { Injectable } from '@nestjs/common';
import { dead, done, emit, skip, standing, type AssetMessage, type Outcome } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { namedAsset, Settings } from '@media-pipeline/stage';
import { DuplicateShelf } from './adapters/duplicate-shelf';
import { MediaInspector } from './adapters/media-inspector';
import { contentHashes, judge, sidecarsAreKept, type Verdict } from './verdict';

const unique: Verdict = { kind: 'unique' };

/** Decides whether an asset's content is already here, by SHA-256 over every file of it. */
@Injectable()
export class DedupeService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
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
    const hashes = contentHashes(asset.files);
    const { deduplication } = this.settings.enable;
    const verdict = await this.database.write(async ({ assets }) => {
      // Claimed even while the stage is off, so that switching it on later knows what is here.
      const owners = await assets.claimContent(asset.id, hashes);
      const judged = deduplication ? judge(asset.id, hashes, owners) : unique;
      const survivor = judged.kind === 'duplicate' ? await assets.find(judged.of) : null;
      const found = sidecarsAreKept(asset.files, survivor?.files ?? asset.files) ? judged : unique;
      const base = { step: 'dedupe', status: 'success', assetId: asset.id } as const;
      if (found.kind === 'duplicate') {
        await assets.move(asset.id, 'discovered', 'duplicate', { ...base, message: `same content as ${survivor?.files[0]?.path ?? found.of}` }, { duplicateOf: found.of });
        await assets.recordDuplicate(pairFiles(asset, survivor));
      } else {
        await assets.move(asset.id, 'discovered', 'unique', { ...base, message: deduplication ? 'content not seen before' : 'deduplication is off: passed on' });
      }
      return found;
    });
    if (verdict.kind === 'unique') return done(emit('media.unique', { assetId: asset.id }, asset.id));
    return this.shelve({ ...asset, state: 'duplicate', duplicateOf: verdict.of });
  }

  /** Moves the files of a duplicate to cleanup/, journalled; they stay there until retention ends. */
  private async shelve(asset: AssetWithFiles): Promise<Outcome> {
    for (const file of asset.files) await this.shelf.shelve(asset.id, file);
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

function pairFiles(asset: AssetWithFiles, survivor: AssetWithFiles | null): { originalFileId: string; duplicateFileId: string; sha256: string }[] {
  return asset.files.flatMap((file) => {
    const original = survivor?.files.find((candidate) => candidate.sha256 === file.sha256);
    return original && file.sha256 !== null ? [{ originalFileId: original.id, duplicateFileId: file.id, sha256: file.sha256 }] : [];
  });
}
