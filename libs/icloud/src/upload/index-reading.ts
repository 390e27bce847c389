import { PipelineError } from '@media-pipeline/contracts';
import type { ChangesPage } from '../photos/changes';
import type { PhotoLibrary } from '../photos/library';
import type { Shelf } from '../photos/queries';
import type { CloudAsset, Zone } from '../photos/types';
import { pageOf, type ContentIndex, type IndexPage } from './content-index';

/** What a reading of a zone brought. */
export interface IndexReading {
  /** The whole zone was listed, not only what changed. */
  readonly listed: boolean;
  readonly assets: number;
  /** Records that Apple refused or that cannot be read: what they hold may be in iCloud without being known here. */
  readonly refused: number;
}

/**
 * Brings an index up to date: what changed since its token, or, without one that Apple understands, the whole zone; hidden photos and
 * Recently Deleted with it, so that what is there is not taken for new. Killed in the middle, a listing begins anew, and changes go on.
 * @throws what PhotoLibrary throws, and what `index` does
 */
export async function readInto(index: ContentIndex, library: PhotoLibrary, zone: Zone, signal?: AbortSignal): Promise<IndexReading> {
  const token = await index.syncToken();
  if (token !== null) {
    try {
      return await readChanges(index, library, zone, token, signal);
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'ICLOUD_SYNC_TOKEN_INVALID') throw error;
    }
  }
  return await listInto(index, library, zone, signal);
}

async function readChanges(index: ContentIndex, library: PhotoLibrary, zone: Zone, token: string, signal?: AbortSignal): Promise<IndexReading> {
  let assets = 0;
  let refused = 0;
  let at = token;
  for await (const page of library.changes(zone, token, signal)) {
    refused += page.refused.length;
    if (page.changes.length === 0 && page.syncToken === at) continue;
    const changed = await contentsOf(page, library, zone, signal);
    assets += changed.assets.length;
    await index.save(changed);
    at = page.syncToken;
  }
  return { listed: false, assets, refused };
}

/** A page of changes names what was hidden or trashed and tells no more of it: it is looked up, since its content is still there. */
async function contentsOf({ changes, syncToken }: ChangesPage, library: PhotoLibrary, zone: Zone, signal?: AbortSignal): Promise<IndexPage> {
  const assets = new Map<string, CloudAsset>();
  const putAway = changes.flatMap((change) => (change.kind === 'gone' && change.how !== 'purged' ? [change.recordName] : []));
  if (putAway.length > 0) for (const [name, asset] of (await library.lookup(zone, putAway, signal)).assets) assets.set(name, asset);
  for (const change of changes) if (change.kind === 'asset') assets.set(change.asset.recordName, change.asset);
  const names = changes.map((change) => (change.kind === 'asset' ? change.asset.recordName : change.recordName));
  return pageOf([...assets.values()], names, syncToken);
}

const shelves: readonly Shelf[] = ['shown', 'hidden', 'deleted'];

async function listInto(index: ContentIndex, library: PhotoLibrary, zone: Zone, signal?: AbortSignal): Promise<IndexReading> {
  let assets = 0;
  let refused = 0;
  // Of the first shelf: whatever moves from one to another while they are read is among the changes since then.
  let syncToken: string | null = null;
  await index.save({ fromScratch: true, assets: [], files: [], syncToken: null });
  for (const shelf of shelves) {
    try {
      for await (const page of library.list(zone, { shelf, ...(signal && { signal }) })) {
        syncToken ??= page.syncToken;
        assets += page.assets.length;
        refused += page.refused.length;
        if (page.assets.length > 0) await index.save(pageOf(page.assets, [], null));
      }
    } catch (error) {
      // Shared libraries lack indexes (as icloudpd-rs found). What lies there shows when its content is looked for by name.
      if (shelf === 'shown' || !(error instanceof PipelineError) || error.code !== 'ICLOUD_ANSWER_UNKNOWN') throw error;
    }
  }
  await index.save({ fromScratch: false, assets: [], files: [], syncToken });
  return { listed: true, assets, refused };
}
