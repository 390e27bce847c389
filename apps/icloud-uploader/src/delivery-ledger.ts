import type { Database, Delivery } from '@media-pipeline/schema';
import { writeEvidence } from './evidence';
import { Ledger } from './ledger.port';
import type { Found } from './standing';
import type { Outgoing, RouteFailure, UploadRoute } from './upload-route.port';

/** A file that iCloud will not get, and why. */
export type Failed = RouteFailure & { readonly name: string };

/** Writes down what becomes of a batch's deliveries: with evidence, and in the history of each photo. */
export class DeliveryLedger extends Ledger {
  readonly failures: Failed[] = [];
  private readonly assets: ReadonlyMap<string, string>;

  constructor(
    private readonly database: Database,
    deliveries: readonly Delivery[],
  ) {
    super();
    this.assets = new Map(deliveries.map(({ id, assetId }) => [id, assetId]));
  }

  override async handedOff(files: readonly Outgoing[], route: UploadRoute): Promise<void> {
    const evidence = writeEvidence({ route: route.name, putAt: new Date().toISOString() });
    await this.database.write(async ({ batches, ownUploads }) => {
      for (const { id } of files) await batches.setDelivery(id, 'handed_off', evidence);
      // With it, and so before iCloud can show them: a reading may come at any time.
      await ownUploads.note(files);
    });
  }

  override async proven(file: Outgoing, { kind: state, recordName, masterName }: Found, route: UploadRoute | null): Promise<void> {
    const { id, name, checksum, bytes, putAt } = file;
    const evidence = writeEvidence({ recordName, masterName, checksum, bytes, state, route: route?.name ?? null, seenAt: new Date().toISOString() });
    const how = route === null ? 'is in iCloud' : `was uploaded to iCloud (${route.name}) and is seen there`;
    await this.database.write(async ({ batches, log, ownUploads }) => {
      await batches.setDelivery(id, 'proven', evidence);
      // What was there before is not ours: perhaps it is still to be taken in.
      if (route !== null || putAt !== null) await ownUploads.note([file]);
      await log.write({ step: 'icloud-uploader', status: 'success', message: `${name} ${how} as ${recordName}`, ...this.assetOf(id) });
    });
  }

  override async failed({ id, name }: Pick<Outgoing, 'id' | 'name'>, { code, reason }: RouteFailure): Promise<void> {
    this.failures.push({ name, code, reason });
    await this.database.write(async ({ batches, log }) => {
      await batches.setDelivery(id, 'failed', JSON.stringify({ code, reason }));
      await log.write({ step: 'icloud-uploader', status: 'error', code, message: `${name} is not in iCloud: ${reason}`, ...this.assetOf(id) });
    });
  }

  private assetOf(id: string): { readonly assetId?: string } {
    const assetId = this.assets.get(id);
    return assetId === undefined ? {} : { assetId };
  }
}
