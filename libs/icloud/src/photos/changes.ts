import { PipelineError } from '@media-pipeline/contracts';
import { toTokenError } from './answer-errors';
import { cloudAsset, isRefusal } from './asset';
import { lookupRecords, noMasterNamed, notFound, withMasters } from './lookup';
import type { PhotosCalls } from './photos-calls';
import { zoneChangesBody } from './queries';
import type { Change, Refusal, Zone } from './types';
import { RawRecord, sortRecords, ZoneChangesAnswer, type AssetRecord, type MasterRecord } from './wire';

export interface ChangesPage {
  readonly changes: Change[];
  readonly refused: Refusal[];
  /** Covers this page and all before it, and nothing else: whoever has dealt with them may go on from here. */
  readonly syncToken: string;
}

const sameTokenTries = 3;

/** What the changed records say, each name once and by its last mention. Assets that are neither hidden nor deleted need their master. */
interface SortedChanges {
  readonly gone: readonly Extract<Change, { kind: 'gone' }>[];
  readonly assets: readonly AssetRecord[];
  readonly masters: readonly MasterRecord[];
  /** Records with an error in their place. */
  readonly failed: readonly Refusal[];
  readonly unreadable: readonly Refusal[];
}

/** The asset and the album in the name of the record that joins the two; such a record's deletion deletes no photo. */
const isMembership = (name: string): boolean => name.includes('-IN-');

export function sortChanges(records: readonly unknown[]): SortedChanges {
  const latest = new Map<string, unknown>();
  const unnamed: unknown[] = [];
  for (const record of records) {
    const name = RawRecord.safeParse(record).data?.recordName;
    if (name === undefined) unnamed.push(record);
    else latest.set(name, record);
  }
  const { assets, masters, purged, failed, unreadable } = sortRecords([...latest.values(), ...unnamed]);
  const purgedAssets = purged.filter((name) => !isMembership(name)).map((recordName) => ({ kind: 'gone', recordName, how: 'purged' }) as const);
  const flagged = byFlags(assets);
  return { gone: [...purgedAssets, ...flagged.gone], assets: flagged.assets, masters, failed, unreadable };
}

/** Trashed and hidden assets apart from the others. */
function byFlags(assets: readonly AssetRecord[]): { gone: Extract<Change, { kind: 'gone' }>[]; assets: AssetRecord[] } {
  const gone: Extract<Change, { kind: 'gone' }>[] = [];
  const here: AssetRecord[] = [];
  for (const asset of assets) {
    const { isDeleted, isExpunged, isHidden } = asset.known;
    if (isExpunged) gone.push({ kind: 'gone', recordName: asset.recordName, how: 'purged' });
    else if (isDeleted) gone.push({ kind: 'gone', recordName: asset.recordName, how: 'trashed' });
    else if (isHidden) gone.push({ kind: 'gone', recordName: asset.recordName, how: 'hidden' });
    else here.push(asset);
  }
  return { gone, assets: here };
}

/**
 * What changed in a zone since the token. An answer without records is normal while more is coming (icloudpd-rs saw seventy in a row). An asset
 * whose master is in another answer has it looked up at once, so that each page's token covers whole assets.
 * @throws ICLOUD_SYNC_TOKEN_INVALID
 */
export async function* zoneChanges(calls: PhotosCalls, zone: Zone, since: string, limit: number, signal?: AbortSignal): AsyncGenerator<ChangesPage> {
  let before: readonly MasterRecord[] = [];
  let standing = 0;
  for (let token = since; ; ) {
    const body = zoneChangesBody(zone, token, limit);
    const answer = await calls.ask({ database: zone.database, path: '/changes/zone', body, answer: ZoneChangesAnswer, signal, toError: toTokenError });
    const changed = answer.zones[0];
    if (!changed) return;
    const sorted = sortChanges(changed.records ?? []);
    const page = await completed(calls, zone, sorted, before, signal);
    yield { ...page, syncToken: changed.syncToken };
    if (!changed.moreComing) return;
    standing = changed.syncToken === token ? standing + 1 : 0;
    if (standing >= sameTokenTries) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `/changes/zone: more is said to come, and the sync token of ${zone.name} stands still`);
    token = changed.syncToken;
    before = sorted.masters;
  }
}

async function completed(calls: PhotosCalls, zone: Zone, sorted: SortedChanges, before: readonly MasterRecord[], signal?: AbortSignal): Promise<Omit<ChangesPage, 'syncToken'>> {
  const again = await lookUpFailed(calls, zone, sorted.failed, signal);
  const masters = new Map([...before, ...sorted.masters, ...again.masters].map((master) => [master.recordName, master]));
  const changes: Change[] = [...sorted.gone, ...again.gone];
  const refused: Refusal[] = [...sorted.unreadable];
  const lacking: AssetRecord[] = [];
  const assets = [...sorted.assets, ...again.assets];
  for (const asset of assets) {
    const master = asset.masterName === null ? undefined : masters.get(asset.masterName);
    if (asset.masterName === null) refused.push(noMasterNamed(asset.recordName));
    else if (!master) lacking.push(asset);
    else {
      const result = cloudAsset(master, asset, zone);
      if (isRefusal(result)) refused.push(result);
      else changes.push({ kind: 'asset', asset: result });
    }
  }
  if (lacking.length > 0) {
    const rest = await withMasters(calls, zone, lacking, signal);
    changes.push(...rest.assets.map((asset) => ({ kind: 'asset', asset }) as const));
    refused.push(...rest.refused);
  }
  // A master that is refused shows as the refusal of its assets.
  const mastersAskedFor = new Set(lacking.map(({ masterName }) => masterName));
  refused.push(...again.refused.filter(({ recordName }) => !mastersAskedFor.has(recordName)));
  return { changes, refused };
}

/** A record with an error in its place is asked for by name before it counts as refused; when there is none it is gone. */
async function lookUpFailed(calls: PhotosCalls, zone: Zone, failed: readonly Refusal[], signal?: AbortSignal): Promise<Omit<SortedChanges, 'failed' | 'unreadable'> & { refused: Refusal[] }> {
  if (failed.length === 0) return { gone: [], assets: [], masters: [], refused: [] };
  const { assets, masters, refused } = await lookupRecords(calls, zone, failed.map(({ recordName }) => recordName), signal);
  const { gone, assets: here } = byFlags([...assets.values()]);
  const missing = [...refused.values()].filter(({ code }) => code === notFound);
  return {
    gone: [...gone, ...missing.map(({ recordName }) => ({ kind: 'gone', recordName, how: 'purged' }) as const)],
    assets: here,
    masters: [...masters.values()],
    refused: [...refused.values()].filter(({ code }) => code !== notFound),
  };
}
