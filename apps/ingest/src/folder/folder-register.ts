import { Injectable } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { Library, textOfName } from '@media-pipeline/files';
import { Database, type Arrival, type AssetWithFiles } from '@media-pipeline/schema';
import { Register } from '../register';
import { arrivalOf } from './arrival';
import type { Known } from './decide';
import type { Item } from './item';

/** An asset with the version of each of its source files that is to be brought. */
export interface Entry {
  readonly item: Item;
  readonly asset: AssetWithFiles;
}

/** What the database knows of the source folder. */
@Injectable()
export class FolderRegister extends Register {
  constructor(
    private readonly library: Library,
    database: Database,
    bus: Bus,
  ) {
    super('folder', database, bus);
  }

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

  private async reserve(arrivals: readonly Arrival[]): Promise<AssetWithFiles[]> {
    return arrivals.length === 0 ? [] : [...(await this.database.assets.reserve(arrivals))];
  }

  private arrival(item: Item): Arrival | null {
    if (item.do === 'take') return arrivalOf(this.library, item.kind, item.members, item.marker);
    if (item.do === 'refuse') return arrivalOf(this.library, 'photo', [{ file: item.finding.file, role: 'primary' }], item.marker);
    return null;
  }
}
