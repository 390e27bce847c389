import { basename } from 'node:path/posix';
import { Injectable } from '@nestjs/common';
import type { LibraryPath } from '@media-pipeline/contracts';
import { FileMover, Library, type Move } from '@media-pipeline/files';
import type { Change, Zone } from '@media-pipeline/icloud';
import { Database, type AssetWithFiles, type GoneHow } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { recordOf } from '../identity';

type Gone = Extract<Change, { kind: 'gone' }>;

const pageSize = 200;
const what: Readonly<Record<GoneHow, string>> = { trashed: 'deleted in iCloud', purged: 'deleted in iCloud for good', hidden: 'hidden in iCloud' };

/**
 * What iCloud has no longer: written down and shown, and nothing else, unless ICLOUD_DELETED=cleanup: then what has come to its end in the
 * archive moves to cleanup/, journalled, and back again when the photo is restored in iCloud. Nothing is ever deleted for it.
 */
@Injectable()
export class Deletions {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
    private readonly database: Database,
    private readonly mover: FileMover,
  ) {}

  /** @returns how many assets these were news for */
  async gone(zone: Zone, changes: readonly Gone[]): Promise<number> {
    let news = 0;
    for (const how of ['hidden', 'trashed', 'purged'] as const) {
      const records = changes.filter((change) => change.how === how).map(({ recordName }) => recordOf(zone.name, recordName));
      news += (await this.database.assets.recordGone((await this.database.assets.ofSourceRecords('icloud', records)).map(({ id }) => id), how, { step: 'ingest', status: 'warning', message: what[how] })).length;
    }
    return news;
  }

  /** Of one asset that was still to come. */
  async vanished({ id }: AssetWithFiles, how: GoneHow): Promise<void> {
    await this.database.assets.recordGone([id], how, { step: 'ingest', status: 'warning', message: what[how] });
  }

  /** Of assets that a listing shows again. @returns how many had been gone */
  async returned(ids: readonly string[]): Promise<number> {
    const back = await this.database.assets.recordReturned(ids, { step: 'ingest', status: 'info', message: 'there again in iCloud' });
    for (const asset of await this.database.assets.findMany(back)) await this.putBack(asset);
    return back.length;
  }

  /** Moves what ICLOUD_DELETED=cleanup wants moved. @returns how many assets */
  async tidy(signal: AbortSignal): Promise<number> {
    if (this.settings.icloud.deleted !== 'cleanup') return 0;
    let moved = 0;
    for (let after: string | undefined; ; ) {
      const page = await this.database.assets.list({ source: 'icloud', state: 'sorted', gone: true, limit: pageSize, ...(after === undefined ? {} : { after }) });
      for (const asset of page) {
        signal.throwIfAborted();
        if (await this.tidyOne(asset)) moved += 1;
      }
      if (page.length < pageSize) return moved;
      after = page.at(-1)?.id;
    }
  }

  private async tidyOne(asset: AssetWithFiles): Promise<boolean> {
    const moves = placesOf(asset)
      .filter(({ from }) => !from.startsWith('cleanup/'))
      .map((place): Move => ({ ...place, assetId: asset.id, to: this.library.path('cleanup', 'icloud-deleted', asset.id, basename(place.from)), reason: what[asset.goneHow ?? 'purged'] }));
    if (asset.goneHow === 'hidden' || moves.length === 0 || (await this.standsForOthers(asset))) return false;
    for (const move of moves) await this.mover.move(move);
    return true;
  }

  /** Whether another asset, which its source still has, was left out as a duplicate of this one: then this is its only copy. */
  private async standsForOthers({ id }: AssetWithFiles): Promise<boolean> {
    return (await this.database.assets.list({ duplicateOf: id, gone: false, limit: 1 })).length > 0;
  }

  private async putBack(asset: AssetWithFiles): Promise<void> {
    const places = placesOf(asset).filter(({ from }) => from.startsWith(`cleanup/icloud-deleted/${asset.id}/`));
    if (places.length === 0) return;
    const journal = await this.database.journal.list({ assetId: asset.id, limit: 1_000 });
    for (const place of places) {
      const came = journal.find(({ operation, to, state }) => operation === 'move' && state === 'done' && to === place.from);
      if (came) await this.mover.move({ ...place, assetId: asset.id, to: came.from, reason: 'there again in iCloud' });
    }
  }
}

interface Place {
  readonly fileId: string;
  readonly from: LibraryPath;
  readonly sha256: string;
  readonly bytes: number;
}

/** Where what is kept of a sorted asset lies: originals and archived renditions. */
function placesOf({ files, renditions }: AssetWithFiles): Place[] {
  const originals = files.flatMap(({ id, path, sha256, bytes }) => (sha256 === null ? [] : [{ fileId: id, from: path, sha256, bytes }]));
  const others = renditions.flatMap(({ fileId, archivedPath, sha256, bytes }) => (archivedPath === null || sha256 === null || bytes === null ? [] : [{ fileId, from: archivedPath, sha256, bytes }]));
  return [...originals, ...others];
}
