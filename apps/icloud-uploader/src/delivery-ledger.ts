import type { Database, Delivery } from '@media-pipeline/schema';
import type { Conversion, SentConversion } from './conversion';
import { conversionsOf, writeEvidence } from './evidence';
import { Ledger } from './ledger.port';
import type { Found } from './standing';
import type { Outgoing, RouteFailure, UploadRoute } from './upload-route.port';

/** A file that iCloud will not get, and why. */
export type Failed = RouteFailure & { readonly name: string };

/** Writes down what becomes of a batch's deliveries: with evidence, and in the history of each photo. */
export class DeliveryLedger extends Ledger {
  readonly failures: Failed[] = [];
  private readonly assets: ReadonlyMap<string, string>;
  private readonly names: ReadonlyMap<string, string>;
  /** What each delivery was handed over as. */
  private readonly conversions: Map<string, readonly SentConversion[]>;

  constructor(
    private readonly database: Database,
    deliveries: readonly Delivery[],
  ) {
    super();
    this.assets = new Map(deliveries.map(({ id, assetId }) => [id, assetId]));
    this.names = new Map(deliveries.map(({ id, name }) => [id, name]));
    this.conversions = new Map(deliveries.map((delivery) => [delivery.id, conversionsOf(delivery)] as const).filter(([, sent]) => sent.length > 0));
  }

  override async handedOff(files: readonly Outgoing[], route: UploadRoute): Promise<void> {
    const at = new Date().toISOString();
    await this.database.write(async ({ batches, ownUploads }) => {
      for (const { id, converted } of files) {
        if (converted) this.conversions.set(id, [...(this.conversions.get(id) ?? []).filter(({ sha256 }) => sha256 !== converted.sha256), { ...converted, putAt: at }]);
        await batches.setDelivery(id, 'handed_off', writeEvidence({ route: route.name, putAt: converted ? null : at, conversions: this.conversions.get(id) }));
      }
      // With it, and so before iCloud can show them: a reading may come at any time.
      await ownUploads.note(files);
    });
  }

  override async proven(file: Outgoing, { kind: state, recordName, masterName }: Found, route: UploadRoute | null, as: Conversion | null): Promise<void> {
    const { id } = file;
    const { checksum, bytes } = as ?? file;
    const converted = as && { converted: { into: as.into, name: as.name, sha256: as.sha256 } };
    const evidence = writeEvidence({ recordName, masterName, checksum, bytes, state, route: route?.name ?? null, seenAt: new Date().toISOString(), ...converted });
    const what = as === null ? file.name : `${this.names.get(id) ?? file.name}, converted to ${as.into} (${as.name}),`;
    const how = route === null ? 'is in iCloud' : `was uploaded to iCloud (${route.name}) and is seen there`;
    await this.database.write(async ({ batches, log, ownUploads }) => {
      await batches.setDelivery(id, 'proven', evidence);
      // What was there before is not ours: perhaps it is still to be taken in.
      if (route !== null || file.putAt !== null || as !== null) await ownUploads.note([{ sha256: as?.sha256 ?? file.sha256, checksum, bytes }]);
      await log.write({ step: 'icloud-uploader', status: 'success', message: `${what} ${how} as ${recordName}`, ...this.assetOf(id) });
    });
  }

  override async failed({ id, name: given }: Pick<Outgoing, 'id' | 'name'>, { code, reason }: RouteFailure): Promise<void> {
    const name = this.names.get(id) ?? given;
    this.failures.push({ name, code, reason });
    await this.database.write(async ({ batches, log }) => {
      await batches.setDelivery(id, 'failed', writeEvidence({ code, reason, conversions: this.conversions.get(id) }));
      await log.write({ step: 'icloud-uploader', status: 'error', code, message: `${name} is not in iCloud: ${reason}`, ...this.assetOf(id) });
    });
  }

  private assetOf(id: string): { readonly assetId?: string } {
    const assetId = this.assets.get(id);
    return assetId === undefined ? {} : { assetId };
  }
}
