import { randomUUID } from 'node:crypto';
import { isId, newId } from '../engine/id';
import type { Connection } from '../engine/session';
import type { RecompressionRow } from '../entities/recompression.entity';
import { RecompressionRepository, type Recompression, type Swap } from '../recompressions';
import { clean, count, date, list, now } from './values';

type Claimed = NonNullable<Awaited<ReturnType<RecompressionRepository['claim']>>>;

const toRecompression = (row: RecompressionRow): Recompression => ({
  id: row.id,
  fileId: row.file_id,
  assetId: row.asset_id,
  asked: row.asked,
  state: row.state,
  token: row.token,
  code: row.code,
  reason: row.reason,
  swap: toSwap(row),
  updatedAt: date(row.updated_at),
});

function toSwap({ staged_path: staged, path, archived_path: archivedPath, sha256, bytes, settings, proof, earlier_sha256: earlierSha256, earlier_bytes: earlierBytes }: RecompressionRow): Swap | null {
  if (staged === null || path === null || sha256 === null || bytes === null || settings === null || earlierSha256 === null || earlierBytes === null) return null;
  return { staged, path, archivedPath, sha256, bytes: count(bytes), settings, proof, earlierSha256, earlierBytes: count(earlierBytes) };
}

export class SqlRecompressionRepository extends RecompressionRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async ofAssets(assetIds: readonly string[]): Promise<Recompression[]> {
    const session = this.connection.reads;
    const rows = await session.all<RecompressionRow>(`select * from recompressions where asset_id in ${session.dialect.list.uuid} order by id`, list(assetIds.filter(isId)));
    return rows.map(toRecompression);
  }

  override claim(wanted: Parameters<RecompressionRepository['claim']>[0], limits: Parameters<RecompressionRepository['claim']>[1]): Promise<Claimed | null> {
    return this.connection.write(async (session) => {
      const at = now();
      const token = randomUUID();
      const [made] = await session.all<RecompressionRow>(
        `insert into recompressions (id, file_id, asset_id, asked, state, token, created_at, updated_at) values (?, ?, ?, ?, 'making', ?, ?, ?)
         on conflict (file_id, asked) do nothing returning *`,
        ...[newId(), wanted.fileId, wanted.assetId, wanted.asked, token, at, at],
      );
      if (made) return { claim: toRecompression(made), supersedes: null };
      const [before] = await session.all<RecompressionRow>(`select * from recompressions where file_id = ? and asked = ?${session.dialect.forUpdate}`, wanted.fileId, wanted.asked);
      if (!before) return null;
      const since = date(before.updated_at);
      const free = (before.state === 'making' && since < limits.abandonedBefore) || (before.state === 'postponed' && since < limits.postponedBefore);
      if (!free) return null;
      const [taken] = await session.all<RecompressionRow>("update recompressions set state = 'making', token = ?, code = null, reason = null, updated_at = ? where id = ? returning *", token, at, before.id);
      return taken ? { claim: toRecompression(taken), supersedes: before.token } : null;
    });
  }

  override async renew({ id, token }: Recompression): Promise<boolean> {
    return (await this.connection.write((session) => session.run("update recompressions set updated_at = ? where id = ? and token = ? and state = 'making'", now(), id, token))) > 0;
  }

  override async release({ id, token }: Recompression): Promise<void> {
    await this.connection.write((session) => session.run("delete from recompressions where id = ? and token = ? and state = 'making'", id, token));
  }

  override async settle({ id, token }: Recompression, as: 'kept' | 'postponed', { code, reason }: { readonly code: string; readonly reason: string }): Promise<void> {
    await this.connection.write((session) =>
      session.run("update recompressions set state = ?, code = ?, reason = ?, updated_at = ? where id = ? and token = ? and state = 'making'", as, code, clean(reason), now(), id, token),
    );
  }

  override async beginSwap({ id, token }: Recompression, swap: Swap): Promise<boolean> {
    const changed = await this.connection.write((session) =>
      session.run(
        `update recompressions set state = 'swapping', staged_path = ?, path = ?, archived_path = ?, sha256 = ?, bytes = ?, settings = ?, proof = ?,
           earlier_sha256 = ?, earlier_bytes = ?, updated_at = ? where id = ? and token = ? and state = 'making'`,
        ...[swap.staged, swap.path, swap.archivedPath, swap.sha256, swap.bytes, swap.settings, swap.proof, swap.earlierSha256, swap.earlierBytes, now(), id, token],
      ),
    );
    return changed > 0;
  }

  override async endSwap(id: string): Promise<boolean> {
    return (await this.connection.write((session) => session.run("update recompressions set state = 'replaced', updated_at = ? where id = ? and state = 'swapping'", now(), id))) > 0;
  }

  override async swapping(): Promise<Recompression[]> {
    return (await this.connection.reads.all<RecompressionRow>("select * from recompressions where state = 'swapping' order by id")).map(toRecompression);
  }
}
