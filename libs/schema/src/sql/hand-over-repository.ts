import { insert } from '../engine/insert';
import type { Connection } from '../engine/session';
import type { HandOverRow } from '../entities/hand-over.entity';
import { HandOverRepository, type HandOver } from '../hand-overs';
import { clean, count, date, list } from './values';

export class SqlHandOverRepository extends HandOverRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async note(handOvers: readonly HandOver[]): Promise<void> {
    if (handOvers.length === 0) return;
    const rows = handOvers.map(({ originalSha256, sha256, checksum, bytes, name, form, at }) => [originalSha256, sha256, clean(checksum), bytes, clean(name), form, at.toISOString()] as const);
    // Sorted: two writers of the same ones wait for each other at most once.
    rows.sort(([a, b], [c, d]) => (a + b < c + d ? -1 : 1));
    const columns = ['original_sha256', 'sha256', 'checksum', 'bytes', 'name', 'form', 'put_at'];
    await this.connection.write((session) => insert(session, 'hand_overs', columns, rows, 'on conflict (original_sha256, sha256) do update set put_at = excluded.put_at'));
  }

  override async find(originals: readonly string[]): Promise<HandOver[]> {
    if (originals.length === 0) return [];
    const session = this.connection.reads;
    const rows = await session.all<HandOverRow>(`select * from hand_overs where original_sha256 in ${session.dialect.list.text} order by put_at, original_sha256, sha256`, list(originals));
    return rows.map(({ original_sha256: originalSha256, sha256, checksum, bytes, name, form, put_at }) => ({ originalSha256, sha256, checksum, bytes: count(bytes), name, form, at: date(put_at) }));
  }
}
