import { Injectable } from '@nestjs/common';
import { toPipelineError } from '@media-pipeline/contracts';
import { Database, type Batch, type Delivery } from '@media-pipeline/schema';
import { BridgeShelf } from './adapters/bridge-shelf';
import { Converter } from './adapters/convert/converter';
import { DeliveryLedger, type Failed } from './delivery-ledger';
import { conversionsOf, putAtOf } from './evidence';
import { Uploader, type Working } from './uploader';
import type { Outgoing } from './upload-route.port';

/** Gets the files of a batch into iCloud and out of the bridge. */
@Injectable()
export class BatchUpload {
  constructor(
    private readonly database: Database,
    private readonly shelf: BridgeShelf,
    private readonly uploader: Uploader,
    private readonly converter: Converter,
  ) {}

  /**
   * @returns what iCloud will not get: it waits in the bridge. All else is proven.
   * @throws what stands in the way of the rest: later may be better
   */
  async bring(batch: Batch, working: Working): Promise<readonly Failed[]> {
    const deliveries = await this.database.batches.deliveries(batch.id);
    const ledger = new DeliveryLedger(this.database, deliveries);
    const open = deliveries.filter(({ state }) => state !== 'proven' && state !== 'off');
    try {
      await this.uploader.bring(await this.read(batch, open, ledger, working), ledger, working);
    } finally {
      // Also what a process that was killed has left.
      await this.converter.discard(deliveries);
      await this.shelve(batch);
    }
    if (ledger.failures.length === 0) await this.shelf.close(batch);
    return ledger.failures;
  }

  /** Reads what is to go. A file that is not what was staged fails alone. */
  private async read(batch: Batch, deliveries: readonly Delivery[], ledger: DeliveryLedger, { signal, report }: Working): Promise<Outgoing[]> {
    const files: Outgoing[] = [];
    for (const delivery of deliveries) {
      signal.throwIfAborted();
      report(delivery.name);
      try {
        files.push({ ...(await this.shelf.outgoing(batch, delivery, signal)), putAt: putAtOf(delivery), conversions: conversionsOf(delivery) });
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toPipelineError(thrown);
        if (!error.permanent) throw error;
        await ledger.failed(delivery, { code: error.code, reason: error.message });
      }
    }
    return files;
  }

  private async shelve(batch: Batch): Promise<void> {
    for (const delivery of await this.database.batches.deliveries(batch.id)) if (delivery.state === 'proven') await this.shelf.shelve(batch, delivery);
  }
}
