import type { Connection } from '../engine/session';
import type { SourceCursorRow } from '../entities/source-cursor.entity';
import type { AssetSource, SourceCursor } from '../records';
import { CursorRepository } from '../repositories';
import { date, now } from './values';

const toCursor = ({ source, scope, token, filter, counts, updated_at }: SourceCursorRow): SourceCursor => ({
  ...{ source, scope, token, filter },
  counts: typeof counts === 'string' ? (JSON.parse(counts) as Readonly<Record<string, unknown>>) : counts,
  updatedAt: date(updated_at),
});

export class SqlCursorRepository extends CursorRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async get(source: AssetSource, scope: string): Promise<SourceCursor | null> {
    const [row] = await this.connection.reads.all<SourceCursorRow>('select * from source_cursors where source = ? and scope = ?', source, scope);
    return row ? toCursor(row) : null;
  }

  override async list(source: AssetSource): Promise<SourceCursor[]> {
    const rows = await this.connection.reads.all<SourceCursorRow>('select * from source_cursors where source = ?', source);
    return rows.map(toCursor).sort((a, b) => (a.scope < b.scope ? -1 : 1));
  }

  override async set({ source, scope, token, filter, counts }: Omit<SourceCursor, 'updatedAt'>): Promise<void> {
    await this.connection.write((session) =>
      session.run(
        `insert into source_cursors (source, scope, token, filter, counts, updated_at) values (?, ?, ?, ?, ?, ?)
         on conflict (source, scope) do update set token = excluded.token, filter = excluded.filter, counts = excluded.counts, updated_at = excluded.updated_at`,
        source,
        scope,
        token,
        filter,
        // A NUL would be refused by Postgres, in text and in JSON alike.
        JSON.stringify(counts).replaceAll('\\u0000', ''),
        now(),
      ),
    );
  }
}
