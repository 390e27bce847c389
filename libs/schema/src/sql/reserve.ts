import { LibraryPath } from '@media-pipeline/contracts';
import { newId } from '../engine/id';
import { insert } from '../engine/insert';
import type { Session } from '../engine/session';
import type { AssetSource, AssetWithFiles } from '../records';
import type { Arrival } from '../repositories';
import { findAssets } from './asset-rows';
import { insertAssets, type NewAsset } from './asset-insert';
import { UniqueNames } from './unique-names';
import { boundedKey, groupBy, list, now, pathKey } from './values';

interface Known {
  readonly fingerprint: string;
  readonly assetId: string;
}

/** Writes down what is about to arrive; what is known with the same fingerprints is found instead. In the order of `arrivals`. */
export async function reserve(session: Session, arrivals: readonly Arrival[]): Promise<AssetWithFiles[]> {
  await lockPaths(session);
  const known = await knownSourceFiles(session, arrivals);
  const paths = await uniquePaths(session, arrivals);
  const made: NewAsset[] = [];
  const ids: string[] = [];
  for (const arrival of arrivals) {
    const there = sameAsset(arrival, known);
    if (there !== null) {
      ids.push(there);
      continue;
    }
    const asset = await plan(arrival, paths);
    made.push(asset);
    ids.push(asset.id);
    for (const file of arrival.files) known.set(sourceKey(arrival.source, file.sourcePath), { fingerprint: file.fingerprint, assetId: asset.id });
  }
  await insertAssets(session, made);
  await rememberSourceFiles(session, arrivals, known);
  return findAssets(session, ids);
}

/** Path names are given out by one transaction at a time. */
export async function lockPaths(session: Session): Promise<void> {
  if (session.dialect.lock) await session.all(session.dialect.lock, 'paths');
}

const sourceKey = (source: AssetSource, sourcePath: string): string => `${source}\0${boundedKey(sourcePath)}`;

async function knownSourceFiles(session: Session, arrivals: readonly Arrival[]): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  for (const [source, group] of groupBy(arrivals, (arrival) => arrival.source)) {
    const keys = group.flatMap((arrival) => arrival.files.map((file) => boundedKey(file.sourcePath)));
    const rows = await session.all<{ source_path_key: string; fingerprint: string; asset_id: string }>(
      `select source_path_key, fingerprint, asset_id from source_files where source = ? and source_path_key in ${session.dialect.list.text}`,
      source,
      list(keys),
    );
    for (const row of rows) known.set(`${source}\0${row.source_path_key}`, { fingerprint: row.fingerprint, assetId: row.asset_id });
  }
  return known;
}

/** The asset that all files of the arrival, with these fingerprints, have been taken in as. */
function sameAsset({ source, files }: Arrival, known: ReadonlyMap<string, Known>): string | null {
  const owners = files.map((file) => {
    const there = known.get(sourceKey(source, file.sourcePath));
    return there?.fingerprint === file.fingerprint ? there.assetId : null;
  });
  const [first = null] = owners;
  return owners.every((owner) => owner === first) ? first : null;
}

/** The wanted paths that are taken are asked for once, in one query; only what is made of them by numbering costs a query each. */
async function uniquePaths(session: Session, arrivals: readonly Arrival[]): Promise<UniqueNames> {
  const wanted = new Set(arrivals.flatMap((arrival) => arrival.files.map((file) => pathKey(file.path))));
  const rows = await session.all<{ path_key: string }>(`select path_key from media_files where path_key in ${session.dialect.list.text}`, list([...wanted]));
  const taken = new Set(rows.map((row) => row.path_key));
  return new UniqueNames({
    key: pathKey,
    isTaken: async (key) =>
      wanted.has(key) ? taken.has(key) : (await session.all('select 1 as taken from media_files where path_key = ?', key)).length > 0,
  });
}

async function plan({ source, sourceKey: key, sourceRecord = null, takenAt = null, kind, files }: Arrival, paths: UniqueNames): Promise<NewAsset> {
  const places = await paths.take(files.map((file) => file.path));
  return {
    id: newId(),
    source,
    sourceKey: key,
    sourceRecord,
    takenAt,
    kind,
    state: 'arriving',
    files: files.map(({ role, filename, path, bytes, sourcePath, modifiedAt }, i) => ({
      ...{ id: newId(), role, filename, bytes, sha256: null, sourcePath, modifiedAt },
      path: LibraryPath.parse(places[i] ?? path),
    })),
  };
}

async function rememberSourceFiles(session: Session, arrivals: readonly Arrival[], known: ReadonlyMap<string, Known>): Promise<void> {
  const at = now();
  const rows = new Map(
    arrivals.flatMap(({ source, files }) =>
      files.flatMap((file) => {
        const key = sourceKey(source, file.sourcePath);
        const there = known.get(key);
        return there ? [[key, [source, boundedKey(file.sourcePath), file.sourcePath, there.fingerprint, there.assetId, at]] as const] : [];
      }),
    ),
  );
  await insert(
    session,
    'source_files',
    ['source', 'source_path_key', 'source_path', 'fingerprint', 'asset_id', 'seen_at'],
    [...rows.values()],
    'on conflict (source, source_path_key) do update set fingerprint = excluded.fingerprint, asset_id = excluded.asset_id, seen_at = excluded.seen_at',
  );
}
