import { Injectable } from '@nestjs/common';
import { Database, type Delivery } from '@media-pipeline/schema';
import { writeEvidence } from './evidence';
import type { Found } from './standing';
import type { Outgoing, RouteFailure, UploadRoute } from './upload-route.port';

/** Writes down what becomes of deliveries: with evidence, and in the history of each photo. */
@Injectable()
export class DeliveryLedger {
  constructor(private readonly database: Database) {}

  /** Before they leave. From here on they may be in iCloud. */
  async handedOff(files: readonly Outgoing[], route: UploadRoute): Promise<void> {
    const evidence = writeEvidence({ route: route.name, putAt: new Date().toISOString() });
    await this.database.write(async ({ batches }) => {
      for (const { deliveryId } of files) await batches.setDelivery(deliveryId, 'handed_off', evidence);
    });
  }

  /** @param route null: it was there before */
  async proven({ id, assetId }: Delivery, { name, checksum, bytes }: Outgoing, presence: Found, route: UploadRoute | null): Promise<void> {
    const { kind: state, recordName, masterName } = presence;
    const evidence = writeEvidence({ recordName, masterName, checksum, bytes, state, route: route?.name ?? null, seenAt: new Date().toISOString() });
    const how = route === null ? 'is in iCloud' : `was uploaded to iCloud (${route.name}) and is seen there`;
    await this.database.write(async ({ batches, log }) => {
      await batches.setDelivery(id, 'proven', evidence);
      await log.write({ step: 'icloud-uploader', status: 'success', assetId, message: `${name} ${how} as ${recordName}` });
    });
  }

  async failed({ id, assetId, name }: Delivery, { code, reason }: RouteFailure): Promise<void> {
    await this.database.write(async ({ batches, log }) => {
      await batches.setDelivery(id, 'failed', JSON.stringify({ code, reason }));
      await log.write({ step: 'icloud-uploader', status: 'error', assetId, code, message: `${name} is not in iCloud: ${reason}` });
    });
  }
}
