import { cloudAsset, isRefusal } from './asset';
import type { PhotosCalls } from './photos-calls';
import { lookupBody } from './queries';
import type { CloudAsset, Refusal, Zone } from './types';
import { RecordsAnswer, sortRecords, type AssetRecord, type MasterRecord } from './wire';

const batch = 100;

export interface FoundRecords {
  readonly assets: Map<string, AssetRecord>;
  readonly masters: Map<string, MasterRecord>;
  /** Each name that was asked for and is not in one of the two. */
  readonly refused: Map<string, Refusal>;
}

/** Apple's word for a record that is no more. */
export const notFound = 'NOT_FOUND';

/** Records by name, in batches. What is refused for another reason than that it is gone is asked for once more. */
export async function lookupRecords(calls: PhotosCalls, zone: Zone, recordNames: Iterable<string>, signal?: AbortSignal): Promise<FoundRecords> {
  const found = await lookUpOnce(calls, zone, [...new Set(recordNames)], signal);
  const again = [...found.refused.values()].filter(({ code }) => code !== notFound).map(({ recordName }) => recordName);
  if (again.length === 0) return found;
  const second = await lookUpOnce(calls, zone, again, signal);
  const gone = [...found.refused.values()].filter(({ code }) => code === notFound);
  return {
    assets: new Map([...found.assets, ...second.assets]),
    masters: new Map([...found.masters, ...second.masters]),
    refused: new Map([...gone, ...second.refused.values()].map((refusal) => [refusal.recordName, refusal])),
  };
}

async function lookUpOnce(calls: PhotosCalls, zone: Zone, names: readonly string[], signal?: AbortSignal): Promise<FoundRecords> {
  const assets = new Map<string, AssetRecord>();
  const masters = new Map<string, MasterRecord>();
  const refused = new Map<string, Refusal>();
  for (let start = 0; start < names.length; start += batch) {
    const some = names.slice(start, start + batch);
    const answer = await calls.ask({ database: zone.database, path: '/records/lookup', body: lookupBody(zone, some), answer: RecordsAnswer, signal });
    const sorted = sortRecords(answer.records);
    for (const asset of sorted.assets) assets.set(asset.recordName, asset);
    for (const master of sorted.masters) masters.set(master.recordName, master);
    for (const refusal of [...sorted.failed, ...sorted.unreadable]) refused.set(refusal.recordName, refusal);
    for (const name of sorted.purged) refused.set(name, { recordName: name, code: notFound, reason: 'the record is deleted' });
    for (const name of some) {
      if (assets.has(name) || masters.has(name) || refused.has(name)) continue;
      refused.set(name, { recordName: name, code: 'NOT_ANSWERED', reason: 'asked for, and not in the answer' });
    }
  }
  return { assets, masters, refused };
}

/** The masters of assets that came without them. */
export async function withMasters(calls: PhotosCalls, zone: Zone, assets: readonly AssetRecord[], signal?: AbortSignal): Promise<{ assets: CloudAsset[]; refused: Refusal[] }> {
  const { masters, refused: missing } = await lookupRecords(calls, zone, assets.flatMap(({ masterName }) => masterName ?? []), signal);
  const found: CloudAsset[] = [];
  const refused: Refusal[] = [];
  for (const asset of assets) {
    const { recordName, masterName } = asset;
    const master = masterName === null ? undefined : masters.get(masterName);
    if (master) {
      const result = cloudAsset(master, asset, zone);
      if (isRefusal(result)) refused.push(result);
      else found.push(result);
    } else if (masterName === null) refused.push(noMasterNamed(recordName));
    else {
      const why = missing.get(masterName);
      refused.push({ recordName, code: 'MASTER_NOT_FOUND', reason: `its master ${masterName}: ${why ? `${why.code} ${why.reason}` : 'not a master'}`.trim() });
    }
  }
  return { assets: found, refused };
}

export const noMasterNamed = (recordName: string): Refusal => ({ recordName, code: 'NO_MASTER_NAMED', reason: 'the record names no master' });

/** What is known of an asset that is to be looked up; with the master's name one round is enough. */
export type Wanted = string | Pick<CloudAsset, 'recordName' | 'masterName'>;

/** Assets as they are now, with fresh addresses. A name that cannot be had is in `refused`. */
export async function lookupAssets(
  calls: PhotosCalls,
  zone: Zone,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<{ assets: Map<string, CloudAsset>; refused: Refusal[] }> {
  const names = new Set(wanted.map((item) => (typeof item === 'string' ? item : item.recordName)));
  const likelyMasters = wanted.flatMap((item) => (typeof item === 'string' ? [] : [item.masterName]));
  const found = await lookupRecords(calls, zone, [...names, ...likelyMasters], signal);
  const refused: Refusal[] = [];
  const assets = new Map<string, CloudAsset>();
  const lacking: AssetRecord[] = [];
  for (const name of names) {
    const asset = found.assets.get(name);
    if (!asset) {
      refused.push(found.refused.get(name) ?? { recordName: name, code: 'NOT_UNDERSTOOD', reason: 'the name is not that of an asset' });
      continue;
    }
    const master = asset.masterName === null ? undefined : found.masters.get(asset.masterName);
    if (!master) {
      lacking.push(asset);
      continue;
    }
    const result = cloudAsset(master, asset, zone);
    if (isRefusal(result)) refused.push(result);
    else assets.set(name, result);
  }
  if (lacking.length > 0) {
    const rest = await withMasters(calls, zone, lacking, signal);
    refused.push(...rest.refused);
    for (const asset of rest.assets) assets.set(asset.recordName, asset);
  }
  return { assets, refused };
}
