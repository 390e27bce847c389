import { isId, newId } from '../engine/id';
import { insert } from '../engine/insert';
import type { Connection } from '../engine/session';
import { DuplicateRepository, type BetterName, type DuplicateDecision, type KnownFile, type SweepMove } from '../duplicates';
import type { DuplicateDecisionRow, KnownFileRow, SweepMoveRow } from '../entities/duplicates.entities';
import type { Int64, Timestamp } from '../entities/constraints';
import { boundedKey, clean, count, date, dateOrNull, list, now, timestamp } from './values';

const toDecision = (row: DuplicateDecisionRow): DuplicateDecision => ({
  assetId: row.asset_id,
  kind: row.kind,
  survivorId: row.survivor_id,
  survivorPath: row.survivor_path,
  better: row.better,
  reason: row.reason,
  adopted: Boolean(row.adopted),
  decidedAt: date(row.decided_at),
  undoneAt: dateOrNull(row.undone_at),
});

const toMove = (row: SweepMoveRow): SweepMove => ({
  id: row.id,
  sweepId: row.sweep_id,
  from: row.from_path,
  to: row.to_path,
  survivorPath: row.survivor_path,
  sha256: row.sha256,
  bytes: count(row.bytes),
  state: row.state,
  at: date(row.created_at),
});

export class SqlDuplicateRepository extends DuplicateRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async record(decision: Omit<DuplicateDecision, 'decidedAt' | 'undoneAt'>): Promise<void> {
    await this.connection.write((session) =>
      session.run(
        `insert into duplicate_decisions (asset_id, kind, survivor_id, survivor_path, better, reason, adopted, decided_at) values (?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (asset_id) do update set kind = excluded.kind, survivor_id = excluded.survivor_id, survivor_path = excluded.survivor_path,
           better = excluded.better, reason = excluded.reason, adopted = excluded.adopted, decided_at = excluded.decided_at, undone_at = null`,
        ...[decision.assetId, decision.kind, decision.survivorId, decision.survivorPath, decision.better, clean(decision.reason), decision.adopted, now()],
      ),
    );
  }

  override async find(assetId: string): Promise<DuplicateDecision | null> {
    if (!isId(assetId)) return null;
    const [row] = await this.connection.reads.all<DuplicateDecisionRow>('select * from duplicate_decisions where asset_id = ?', assetId);
    return row ? toDecision(row) : null;
  }

  override async list({ kind, limit }: { readonly kind?: DuplicateDecision['kind']; readonly limit: number }): Promise<DuplicateDecision[]> {
    const rows = await this.connection.reads.all<DuplicateDecisionRow>(
      `select * from duplicate_decisions ${kind === undefined ? '' : 'where kind = ?'} order by decided_at desc, asset_id desc limit ?`,
      ...(kind === undefined ? [] : [kind]),
      limit,
    );
    return rows.map(toDecision);
  }

  override async undone(assetId: string): Promise<void> {
    await this.connection.write(async (session) => {
      await session.run('update duplicate_decisions set undone_at = ? where asset_id = ?', now(), assetId);
      await session.run('update media_files set is_duplicate = ?, updated_at = ? where asset_id = ?', false, now(), assetId);
      await session.run('delete from duplicate_files where duplicate_file_id in (select id from media_files where asset_id = ?)', assetId);
    });
  }

  override async holders(assetId: string, hashes: readonly string[]): Promise<string[]> {
    if (hashes.length === 0) return [];
    const { reads } = this.connection;
    const rows = await reads.all<{ asset_id: string }>(
      `select distinct c.asset_id from content_claims c join assets a on a.id = c.asset_id
       where c.sha256 in ${reads.dialect.list.text} and c.asset_id <> ? and a.state <> 'duplicate' order by c.asset_id`,
      list(hashes),
      assetId,
    );
    return rows.map((row) => row.asset_id);
  }

  override async takeOver(assetId: string, hashes: readonly string[], from: string): Promise<void> {
    await this.connection.write((session) =>
      session.run(`update content_claims set asset_id = ?, created_at = ? where asset_id = ? and sha256 in ${session.dialect.list.text}`, assetId, now(), from, list(hashes)),
    );
  }

  override adoptNames(survivorId: string, names: readonly BetterName[]): Promise<boolean> {
    return this.connection.write(async (session) => {
      let adopted = 0;
      for (const { fileId, filename, modifiedAt } of names) {
        adopted += await session.run(
          `update media_files set filename = ?, modified_at = coalesce(?, modified_at), updated_at = ? where id = ? and asset_id = ?
             and not exists (select 1 from deliveries d where d.asset_id = media_files.asset_id)
             and not exists (select 1 from archive_names n where n.asset_id = media_files.asset_id)`,
          ...[filename, timestamp(modifiedAt), now(), fileId, survivorId],
        );
      }
      return adopted === names.length && adopted > 0;
    });
  }

  override async see(files: readonly Omit<KnownFile, 'sha256'>[], seenAt: Date): Promise<void> {
    if (files.length === 0) return;
    const rows = files.map(({ path, root, bytes, fingerprint }) => [boundedKey(path), path, root, bytes, fingerprint, seenAt.toISOString()]);
    await this.connection.write((session) =>
      insert(
        session,
        'known_files',
        ['path_key', 'path', 'root', 'bytes', 'fingerprint', 'seen_at'],
        rows,
        `on conflict (path_key) do update set root = excluded.root, bytes = excluded.bytes, seen_at = excluded.seen_at,
           sha256 = case when known_files.fingerprint = excluded.fingerprint then known_files.sha256 else null end, fingerprint = excluded.fingerprint`,
      ),
    );
  }

  override async forget(roots: readonly string[], notSeenSince: Date): Promise<number> {
    return this.connection.write((session) =>
      session.run(`delete from known_files where root not in ${session.dialect.list.text} or seen_at < ?`, list(roots), notSeenSince.toISOString()),
    );
  }

  override async knownOfSize(bytes: number): Promise<KnownFile[]> {
    const rows = await this.connection.reads.all<KnownFileRow>('select * from known_files where bytes = ? order by path', bytes);
    return rows.map((row) => ({ path: row.path, root: row.root, bytes: count(row.bytes), fingerprint: row.fingerprint, sha256: row.sha256 }));
  }

  override async setKnownHash(path: string, fingerprint: string, sha256: string): Promise<void> {
    await this.connection.write((session) => session.run('update known_files set sha256 = ? where path_key = ? and fingerprint = ?', sha256, boundedKey(path), fingerprint));
  }

  override async planSweepMove(planned: Omit<SweepMove, 'id' | 'state' | 'at'>): Promise<SweepMove> {
    const move: SweepMove = { ...planned, id: newId(), state: 'planned', at: new Date() };
    const row = [move.id, move.sweepId, move.from, move.to, move.survivorPath, move.sha256, move.bytes, move.state, move.at.toISOString()];
    const columns = ['id', 'sweep_id', 'from_path', 'to_path', 'survivor_path', 'sha256', 'bytes', 'state', 'created_at'];
    await this.connection.write((session) => insert(session, 'sweep_moves', columns, [row]));
    return move;
  }

  override async setSweepMove(id: string, state: SweepMove['state']): Promise<void> {
    await this.connection.write((session) => session.run('update sweep_moves set state = ? where id = ?', state, id));
  }

  override async sweepMoves(sweepId: string): Promise<SweepMove[]> {
    if (!isId(sweepId)) return [];
    return (await this.connection.reads.all<SweepMoveRow>('select * from sweep_moves where sweep_id = ? order by id', sweepId)).map(toMove);
  }

  override async sweeps(limit: number): Promise<{ readonly sweepId: string; readonly at: Date; readonly files: number; readonly moved: number; readonly bytes: number }[]> {
    const rows = await this.connection.reads.all<{ sweep_id: string; at: Timestamp; files: Int64; moved: Int64; bytes: Int64 }>(
      `select sweep_id, min(created_at) as at, count(*) as files, sum(case when state = 'undone' then 0 else 1 end) as moved, sum(bytes) as bytes
       from sweep_moves group by sweep_id order by min(created_at) desc limit ?`,
      limit,
    );
    return rows.map((row) => ({ sweepId: row.sweep_id, at: date(row.at), files: count(row.files), moved: count(row.moved), bytes: count(row.bytes) }));
  }
}
