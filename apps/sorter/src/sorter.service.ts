import { Injectable } from '@nestjs/common';
import { done, emit, isTerminal, skip, standing, type AssetMessage, type BatchMessage, type Outcome } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { namedAsset, Settings } from '@media-pipeline/stage';
import { Archive } from './adapters/archive';
import { CaptureDateReader } from './adapters/capture-date-reader';
import { originalsAreArchived, shelvings } from './shelving';

/**
 * Puts originals into `sorted/YYYY/MM/DD` – early, as soon as ARCHIVE_WAITS_FOR allows – and, once everything is proven,
 * lets the intake copy under originals/ go to cleanup/.
 */
@Injectable()
export class SorterService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly archive: Archive,
    private readonly dates: CaptureDateReader,
  ) {}

  /** ARCHIVE_WAITS_FOR=none: archived as soon as the compressor has looked at it. */
  async archiveEarly(message: AssetMessage): Promise<Outcome> {
    const { waitsFor } = this.settings.archive;
    if (!this.settings.enable.sorting) return skip('sorting is off');
    if (waitsFor !== 'none') return skip(`the archive waits for ${waitsFor}`);
    const asset = await namedAsset(this.database, message);
    if (isTerminal(asset.state)) return skip(`the asset is ${asset.state}`);
    await this.shelve(asset);
    return done();
  }

  /** ARCHIVE_WAITS_FOR=icloud: archived when iCloud has shown it, or is not to be had; the phone may take its time. */
  async archiveBatch({ batchId }: BatchMessage): Promise<Outcome> {
    if (!this.settings.enable.sorting || this.settings.archive.waitsFor !== 'icloud') return skip('not what the archive waits for');
    const answered = (await this.database.batches.deliveries(batchId)).filter(({ state }) => state === 'proven' || state === 'off');
    for (const asset of await this.database.assets.findMany([...new Set(answered.map(({ assetId }) => assetId))])) {
      if (!isTerminal(asset.state)) await this.shelve(asset);
    }
    return done();
  }

  /** Everything is proven: archive what is not archived yet, tidy the intake, end the asset. */
  async finish(message: AssetMessage): Promise<Outcome> {
    const asset = await namedAsset(this.database, message);
    switch (standing(asset.state, 'verified')) {
      case 'ended':
        return skip(`the asset is ${asset.state}`);
      case 'early':
        return skip(`the asset is still ${asset.state}`);
      case 'past':
        return skip('sorted before', emit('media.sorted', { assetId: asset.id }, asset.id));
      case 'due':
        break;
    }
    if (!this.settings.enable.sorting) {
      await this.database.assets.move(asset.id, 'verified', 'completed', { step: 'sorter', status: 'info', assetId: asset.id, message: 'sorting is off: the originals stay under originals/' });
      return skip('sorting is off', emit('media.sorted', { assetId: asset.id }, asset.id));
    }
    const shelved = (await this.shelve(asset)) ? await namedAsset(this.database, { assetId: asset.id }) : asset;
    const archived = originalsAreArchived(shelved);
    if (archived) await this.archive.retireIntake(shelved);
    await this.database.write(async ({ assets }) => {
      // From now on the archive copy is the original.
      for (const { id, archivedPath } of archived ? shelved.files : []) if (archivedPath !== null) await assets.setFilePath(id, archivedPath);
      await assets.move(asset.id, 'verified', 'sorted', { step: 'sorter', status: 'success', assetId: asset.id, message: `archived as ${shelved.files.map(({ archivedPath, path }) => archivedPath ?? path).join(', ')}` });
    });
    return done(emit('media.sorted', { assetId: asset.id }, asset.id));
  }

  /** Archives what of the asset is not archived yet. False when there was nothing. */
  private async shelve(asset: AssetWithFiles): Promise<boolean> {
    const missing = shelvings(asset, this.settings.archive.variant).filter(({ target }) => !isShelved(asset, target));
    if (missing.length === 0) return false;
    const { captureDate, captureDateSource } = asset;
    await this.archive.place(asset, captureDateSource === null ? await this.dates.read(asset) : { date: captureDate, source: captureDateSource }, missing);
    return true;
  }
}

type Target = ReturnType<typeof shelvings>[number]['target'];
const isShelved = (asset: AssetWithFiles, target: Target): boolean =>
  target.kind === 'original'
    ? asset.files.some(({ id, archivedPath }) => id === target.fileId && archivedPath !== null)
    : asset.renditions.some(({ id, archivedPath }) => id === target.renditionId && archivedPath !== null);
