import { Injectable } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { errorCatalogue, type ErrorCode } from '@media-pipeline/contracts';
import { Library, textOfName, type Placement } from '@media-pipeline/files';
import { Database, type Arrival, type AssetWithFiles } from '@media-pipeline/schema';
import { arrivalOf } from './arrival';
import type { Known } from './decide';
import type { Item } from './item';

/** An asset with the version of each of its source files that is to be brought. */
export interface Entry {
  readonly item: Item;
  readonly asset: AssetWithFiles;
}

/** The database's part of ingest, and the dead letters of files that cannot be taken in. */
@Injectable()
export class Register {
  constructor(
    private readonly library: Library,
    private readonly database: Database,
    private readonly bus: Bus,
  ) {}

  /** Every file of the folder that was ever taken in, by its source path. */
  async known(root: Buffer): Promise<Map<string, Known>> {
    const seen = await this.database.assets.seen('folder', textOfName(root));
    return new Map(seen);
  }

  /** Writes new assets down, all in one transaction, and finds those that are to be gone on with. */
  async enter(items: readonly Item[]): Promise<Entry[]> {
    const arrivals = items.map((item) => this.arrival(item));
    const reserved = await this.reserve(arrivals.filter((arrival) => arrival !== null));
    const ids = items.flatMap((item) => ('assetId' in item ? item.assetId : []));
    const found = new Map(ids.length === 0 ? [] : (await this.database.assets.findMany(ids)).map((asset) => [asset.id, asset]));
    return items.flatMap((item) => {
      const asset = 'assetId' in item ? found.get(item.assetId) : reserved.shift();
      return asset === undefined ? [] : { item, asset };
    });
  }

  /** Every byte is here. */
  async arrived(asset: AssetWithFiles, placements: readonly { readonly fileId: string; readonly placement: Placement }[]): Promise<void> {
    const files = placements.map(({ fileId, placement: { sha256, bytes } }) => ({ fileId, sha256, bytes }));
    const methods = [...new Set(placements.map(({ placement }) => placement.method))].join(' and ');
    await this.database.assets.arrived(asset.id, files, { step: 'ingest', status: 'success', assetId: asset.id, message: `taken in from ${asset.sourceKey} by ${methods}` });
  }

  /** Ends an asset whose file cannot be taken in. The dead letter first: a crash in between says it twice, never not at all. */
  async stop(assetId: string, code: ErrorCode, reason: string): Promise<void> {
    const as = errorCatalogue[code].kind === 'input' ? 'set_aside' : 'failed';
    await this.bus.deadLetter({ stage: 'ingest', subject: 'media.ingest.requested', code, reason, payload: { source: 'folder', assetId } });
    await this.database.assets.stop(assetId, as, { code, reason }, { step: 'ingest', status: as === 'failed' ? 'error' : 'warning', assetId, code, message: reason });
  }

  /** A line of history that belongs to no asset. */
  async note(code: ErrorCode, message: string): Promise<void> {
    await this.database.log.write({ step: 'ingest', status: 'warning', code, message });
  }

  private async reserve(arrivals: readonly Arrival[]): Promise<AssetWithFiles[]> {
    return arrivals.length === 0 ? [] : [...(await this.database.assets.reserve(arrivals))];
  }

  private arrival(item: Item): Arrival | null {
    if (item.do === 'take') return arrivalOf(this.library, item.kind, item.members, item.marker);
    if (item.do === 'refuse') return arrivalOf(this.library, 'photo', [{ file: item.finding.file, role: 'primary' }], item.marker);
    return null;
  }
}
