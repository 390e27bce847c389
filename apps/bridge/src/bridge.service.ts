import { Injectable } from '@nestjs/common';
import { done, emit, skip, standing, type AssetMessage, type Outcome } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { namedAsset, Settings } from '@media-pipeline/stage';
import { BatchFolder } from './adapters/batch-folder';
import { cargoFor, wantedDestinations } from './cargo';
import { isFull } from './sealing';
import { SealingService } from './sealing.service';

/** Puts each asset into the open batch of every wanted destination; sealing a batch is SealingService's. */
@Injectable()
export class BridgeService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly folder: BatchFolder,
    private readonly sealing: SealingService,
  ) {}

  async stage(message: AssetMessage): Promise<Outcome> {
    const asset = await namedAsset(this.database, message);
    const deliverable = asset.files.some(({ role }) => role !== 'sidecar');
    const destinations = deliverable ? wantedDestinations(this.settings.enable) : [];
    switch (standing(asset.state, 'compressed')) {
      case 'ended':
        return skip(`the asset is ${asset.state}`);
      case 'early':
        return skip(`the asset is still ${asset.state}`);
      case 'past':
        return destinations.length === 0 ? this.passOn(asset) : skip('staged before');
      case 'due':
        break;
    }
    if (destinations.length === 0) {
      const why = !deliverable ? 'nothing of it is a photo or a video' : this.settings.enable.filePreparation ? 'no destination is switched on' : 'file preparation is off';
      await this.database.assets.move(asset.id, 'compressed', 'bridged', { step: 'bridge', status: 'info', assetId: asset.id, message: `${why}: passed on` });
      return this.passOn(asset);
    }
    const limits = this.settings.bridge;
    // All destinations in one transaction: an asset is never in one batch and forgotten by the other.
    const assignments = await this.database.write(async ({ batches }) => {
      const made = [];
      for (const destination of destinations) {
        const cargo = cargoFor(destination, asset);
        made.push({ cargo, ...(await batches.assign(destination, asset.id, cargo, limits, limits.resolveNameConflicts)) });
      }
      return made;
    });
    for (const { batch, deliveries, cargo } of assignments) await this.folder.place(batch, deliveries, cargo);
    if (assignments.some(({ batch }) => isFull(batch, limits))) await this.sealing.sealWhatIsFull();
    return done();
  }

  private passOn(asset: AssetWithFiles): Outcome {
    return done(emit('media.bridged.none', { assetId: asset.id }, asset.id));
  }
}
