import { isId, newId } from '../engine/id';
import { insert } from '../engine/insert';
import type { Connection, Session } from '../engine/session';
import type { Int64 } from '../entities/constraints';
import type { FingerprintRow, SimilarGroupRow, SimilarMemberRow, SimilarPairRow } from '../entities/likeness.entities';
import { LikenessRepository, type Fingerprint, type SimilarGroup, type SimilarPair } from '../likeness';
import { clean, count, countOrNull, groupBy, list, now } from './values';

/** Judged by dedupe and still in the library. */
const present = "a.state in ('unique', 'compressed', 'bridged', 'verified', 'sorted', 'completed')";
const withoutFingerprint = `${present} and not exists (select 1 from fingerprints f where f.asset_id = a.id and f.version = ?)`;
const lightColumns = 'f.file_id, f.frame, f.asset_id, f.version, f.bits, f.gradient, f.problem, f.width, f.height, f.duration_ms, f.taken_at, f.sharpness';

const toLight = (row: Omit<FingerprintRow, 'sketch' | 'made_at'>): Omit<Fingerprint, 'sketch'> => ({
  fileId: row.file_id,
  frame: count(row.frame),
  assetId: row.asset_id,
  version: row.version,
  bits: row.bits,
  gradient: row.gradient,
  problem: row.problem,
  width: row.width,
  height: row.height,
  durationMs: countOrNull(row.duration_ms),
  takenAt: row.taken_at,
  sharpness: row.sharpness,
});

export class SqlLikenessRepository extends LikenessRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async missing(version: number, limit: number): Promise<string[]> {
    const rows = await this.connection.reads.all<{ id: string }>(`select a.id from assets a where ${withoutFingerprint} order by a.id limit ?`, version, limit);
    return rows.map(({ id }) => id);
  }

  override async countMissing(version: number): Promise<number> {
    const [row] = await this.connection.reads.all<{ assets: Int64 }>(`select count(*) as assets from assets a where ${withoutFingerprint}`, version);
    return count(row?.assets ?? 0);
  }

  override async save(frames: readonly Fingerprint[]): Promise<void> {
    const at = now();
    const columns = ['file_id', 'frame', 'asset_id', 'version', 'bits', 'gradient', 'sketch', 'problem', 'width', 'height', 'duration_ms', 'taken_at', 'sharpness', 'made_at'];
    const rows = frames.map((frame) => [
      ...[frame.fileId, frame.frame, frame.assetId, frame.version, frame.bits, frame.gradient, frame.sketch, frame.problem === null ? null : clean(frame.problem)],
      ...[frame.width, frame.height, frame.durationMs, frame.takenAt, frame.sharpness, at],
    ]);
    await this.connection.write(async (session) => {
      await session.run(`delete from fingerprints where file_id in ${session.dialect.list.uuid}`, list([...new Set(frames.map(({ fileId }) => fileId))]));
      // Two passes may make the same one at the same time; what they make is the same.
      await insert(session, 'fingerprints', columns, rows, 'on conflict (file_id, frame) do nothing');
    });
  }

  override forgetProblems(): Promise<number> {
    return this.connection.write((session) => session.run('delete from fingerprints where problem is not null and sketch is null'));
  }

  override async page(version: number, after: string | null, limit: number): Promise<Omit<Fingerprint, 'sketch'>[]> {
    const rows = await this.connection.reads.all<Omit<FingerprintRow, 'sketch' | 'made_at'>>(
      `select ${lightColumns} from fingerprints f join assets a on a.id = f.asset_id
       where f.version = ? and f.bits is not null and ${present} ${after === null ? '' : 'and f.file_id > ?'} order by f.file_id, f.frame limit ?`,
      version,
      ...(after === null ? [] : [after]),
      limit,
    );
    return rows.map(toLight);
  }

  override async sketches(assetIds: readonly string[], version: number): Promise<Pick<Fingerprint, 'assetId' | 'frame' | 'sketch'>[]> {
    const { reads } = this.connection;
    const rows = await reads.all<Pick<FingerprintRow, 'asset_id' | 'frame' | 'sketch'>>(
      `select asset_id, frame, sketch from fingerprints where asset_id in ${reads.dialect.list.uuid} and version = ? and bits is not null order by asset_id, frame`,
      list(assetIds),
      version,
    );
    return rows.map((row) => ({ assetId: row.asset_id, frame: count(row.frame), sketch: row.sketch }));
  }

  override async savePairs(pairs: readonly SimilarPair[]): Promise<void> {
    const at = now();
    const rows = pairs.map((pair) => [pair.firstId, pair.secondId, pair.relation, pair.structure, pair.distance, pair.why, at]);
    const columns = ['first_id', 'second_id', 'relation', 'structure', 'distance', 'why', 'created_at'];
    const tail = `on conflict (first_id, second_id) do update set relation = excluded.relation, structure = excluded.structure, distance = excluded.distance, why = excluded.why`;
    await this.connection.write((session) => insert(session, 'similar_pairs', columns, rows, tail));
  }

  override async pairs(): Promise<SimilarPair[]> {
    const rows = await this.connection.reads.all<SimilarPairRow>('select * from similar_pairs order by first_id, second_id');
    return rows.map((row) => ({ firstId: row.first_id, secondId: row.second_id, relation: row.relation, structure: row.structure, distance: row.distance, why: row.why }));
  }

  override async replaceGroups(groups: readonly Omit<SimilarGroup, 'id' | 'state'>[]): Promise<void> {
    await this.connection.write(async (session) => {
      if (session.dialect.lock) await session.all(session.dialect.lock, 'similar groups');
      const before = await withMembers(session, await session.all<SimilarGroupRow>('select * from similar_groups'));
      const known = new Map(before.map((group) => [`${group.kind}:${oldest(group)}`, group]));
      const at = now();
      await session.run('delete from similar_members');
      await session.run('delete from similar_groups');
      for (const group of groups) {
        const same = known.get(`${group.kind}:${oldest(group)}`);
        const seen = new Set(same?.members.map(({ assetId }) => assetId));
        const state = same?.state === 'dismissed' && group.members.every(({ assetId }) => seen.has(assetId)) ? 'dismissed' : 'proposed';
        const id = same?.id ?? newId();
        const columns = ['id', 'kind', 'oldest_asset_id', 'best_asset_id', 'state', 'why', 'created_at', 'updated_at'];
        await insert(session, 'similar_groups', columns, [[id, group.kind, oldest(group), group.bestAssetId, state, group.why, at, at]]);
        await insert(session, 'similar_members', ['group_id', 'asset_id', 'why'], group.members.map((member) => [id, member.assetId, member.why]));
      }
    });
  }

  override async groups(filter: { readonly kind?: SimilarGroup['kind']; readonly state?: SimilarGroup['state']; readonly limit: number }): Promise<SimilarGroup[]> {
    const conditions = [...(filter.kind ? ['kind = ?'] : []), ...(filter.state ? ['state = ?'] : [])];
    const values = [filter.kind, filter.state].filter((value) => value !== undefined);
    const { reads } = this.connection;
    const rows = await reads.all<SimilarGroupRow>(
      `select * from similar_groups ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''} order by kind, oldest_asset_id limit ?`,
      ...values,
      filter.limit,
    );
    return withMembers(reads, rows);
  }

  override async findGroup(id: string): Promise<SimilarGroup | null> {
    if (!isId(id)) return null;
    const { reads } = this.connection;
    const [group] = await withMembers(reads, await reads.all<SimilarGroupRow>('select * from similar_groups where id = ?', id));
    return group ?? null;
  }

  override async setGroupState(id: string, state: SimilarGroup['state']): Promise<boolean> {
    return (await this.connection.write((session) => session.run('update similar_groups set state = ?, updated_at = ? where id = ?', state, now(), id))) > 0;
  }
}

const oldest = (group: Pick<SimilarGroup, 'members'>): string => group.members.map(({ assetId }) => assetId).sort()[0] ?? '';

async function withMembers(session: Session, rows: readonly SimilarGroupRow[]): Promise<SimilarGroup[]> {
  if (rows.length === 0) return [];
  const members = await session.all<SimilarMemberRow>(
    `select * from similar_members where group_id in ${session.dialect.list.uuid} order by asset_id`,
    list(rows.map(({ id }) => id)),
  );
  const membersOf = groupBy(members, (member) => member.group_id);
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    state: row.state,
    bestAssetId: row.best_asset_id,
    why: row.why,
    members: (membersOf.get(row.id) ?? []).map((member) => ({ assetId: member.asset_id, why: member.why })),
  }));
}
