import { Injectable } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import { emit } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import type { CloudAsset, Refusal } from '@media-pipeline/icloud';
import { Database, type AssetWithFiles, type SourceCursor } from '@media-pipeline/schema';
import { Register } from '../register';
import { arrivalOf } from './arrival';
import type { Known, Taking } from './decide';
import { fingerprintOf, sourcePathOf } from './identity';

const pageSize = 500;

/** What the database knows of iCloud. */
@Injectable()
export class ICloudRegister extends Register {
  constructor(
    private readonly library: Library,
    database: Database,
    bus: Bus,
  ) {
    super('icloud', database, bus);
  }

  /** What is known of every file of these assets. To be asked after iCloud has shown them: an upload is written down before it can be seen there. */
  async known(assets: readonly CloudAsset[]): Promise<Known> {
    const seen = await this.database.assets.seenFiles('icloud', assets.flatMap((asset) => asset.resources.map((resource) => sourcePathOf(asset, resource))));
    const uploads = await this.database.ownUploads.find(assets.flatMap(({ resources }) => resources.map(({ checksum }) => checksum)));
    return { seen, uploaded: new Set(uploads.map(fingerprintOf)) };
  }

  /** The same for the files of assets that were written down. */
  async seenOf(assets: readonly AssetWithFiles[]): Promise<Known['seen']> {
    return await this.database.assets.seenFiles('icloud', assets.flatMap(({ files }) => files.flatMap(({ sourcePath }) => sourcePath ?? [])));
  }

  /** Writes down what is to come, all in one transaction. */
  async reserve(taken: readonly { readonly asset: CloudAsset; readonly takings: readonly Taking[] }[]): Promise<void> {
    if (taken.length > 0) await this.database.assets.reserve(taken.map(({ asset, takings }) => arrivalOf(this.library, asset, takings)));
  }

  async revive(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.database.assets.revive(id, { step: 'ingest', status: 'info', assetId: id, message: 'iCloud has it after all' });
  }

  /** Assets whose bytes never all came, in the order in which they were written down. What is written down meanwhile comes too. */
  async *arriving(size: number): AsyncGenerator<AssetWithFiles[]> {
    let after: string | undefined;
    for (;;) {
      const page = await this.database.assets.list({ source: 'icloud', state: 'arriving', limit: size, ...(after === undefined ? {} : { after }) });
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)?.id;
    }
  }

  /** Says that an asset is here. */
  async announce(id: string): Promise<void> {
    await this.bus.publish(emit('media.discovered', { assetId: id }, id));
  }

  /** Says again what a process that died may not have said. */
  async announceAll(signal: AbortSignal): Promise<void> {
    for (let after: string | undefined; ; ) {
      const page = await this.database.assets.list({ source: 'icloud', state: 'discovered', limit: pageSize, ...(after === undefined ? {} : { after }) });
      for (const { id } of page) {
        signal.throwIfAborted();
        await this.announce(id);
      }
      if (page.length < pageSize) return;
      after = page.at(-1)?.id;
    }
  }

  /** A photo that iCloud does not give out, and of which nothing is here: said once, to a person. */
  async refused(zone: string, { recordName, code, reason }: Refusal): Promise<void> {
    const message = `iCloud refuses the photo ${recordName} of ${zone}: ${code}, ${reason}`;
    await this.bus.deadLetter({ stage: 'ingest', subject: 'media.ingest.requested', code: 'ICLOUD_ASSET_REFUSED', reason: message, payload: { source: 'icloud', full: true } });
    await this.note('ICLOUD_ASSET_REFUSED', message);
  }

  async cursor(scope: string): Promise<SourceCursor | null> {
    return await this.database.cursors.get('icloud', scope);
  }

  async saveCursor(cursor: Omit<SourceCursor, 'updatedAt' | 'source'>): Promise<void> {
    await this.database.cursors.set({ ...cursor, source: 'icloud' });
  }

  /** A line of history that tells how a reading went. */
  async history(message: string): Promise<void> {
    await this.database.log.write({ step: 'ingest', status: 'success', message });
  }
}
