import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { isUniqueViolation } from '../engine/database-errors';
import { isId, newId } from '../engine/id';
import type { Connection, Session } from '../engine/session';
import type { FileJournalRow } from '../entities/file-journal.entity';
import { JournalRepository, type JournalEntry } from '../repositories';
import { nameTaken } from './name-taken';
import { clean, count, date, now, pathKey } from './values';

const toEntry = (row: FileJournalRow): JournalEntry => ({
  id: row.id,
  operation: row.operation,
  assetId: row.asset_id,
  fileId: row.file_id,
  from: row.from_path,
  to: row.to_path,
  sha256: row.sha256,
  bytes: count(row.bytes),
  state: row.state,
  reason: row.reason,
  plannedAt: date(row.planned_at),
});

export class SqlJournalRepository extends JournalRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async plan(planned: Omit<JournalEntry, 'id' | 'state' | 'plannedAt'>): Promise<JournalEntry> {
    const entry: JournalEntry = { ...planned, reason: clean(planned.reason), id: newId(), state: 'planned', plannedAt: new Date() };
    await this.connection.write((session) =>
      session.run(
        `insert into file_journal (id, operation, asset_id, file_id, from_path, to_path, sha256, bytes, state, reason, planned_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[entry.id, entry.operation, entry.assetId, entry.fileId, entry.from, entry.to, entry.sha256, entry.bytes, entry.state, entry.reason],
        entry.plannedAt.toISOString(),
      ),
    );
    return entry;
  }

  /** A second time it changes nothing. NAME_CONFLICT when the file's new place is another file's. */
  override async finish(id: string): Promise<void> {
    await this.connection.write(async (session) => {
      const [row] = await session.all<FileJournalRow>("update file_journal set state = 'done', finished_at = ? where id = ? and state = 'planned' returning *", now(), id);
      if (row) await follow(session, row);
      else await mustExist(session, id);
    });
  }

  override async unfinished(): Promise<JournalEntry[]> {
    const rows = await this.connection.reads.all<FileJournalRow>("select * from file_journal where state = 'planned' order by id");
    return rows.map(toEntry);
  }

  override async list({ assetId, from, limit }: { readonly assetId?: string; readonly from?: LibraryPath; readonly limit: number }): Promise<JournalEntry[]> {
    if (assetId !== undefined && !isId(assetId)) return [];
    const conditions: readonly (readonly [condition: string, value: string])[] = [...(assetId === undefined ? [] : [['asset_id = ?', assetId] as const]), ...(from === undefined ? [] : [['from_path = ?', from] as const])];
    const where = conditions.length === 0 ? '' : `where ${conditions.map(([sql]) => sql).join(' and ')}`;
    const rows = await this.connection.reads.all<FileJournalRow>(`select * from file_journal ${where} order by id desc limit ?`, ...conditions.map(([, value]) => value), limit);
    return rows.map(toEntry);
  }
}

/** What stood for the place the bytes were at says where they are now: the original's row, its archived copy, or a rendition. */
async function follow(session: Session, { operation, file_id: fileId, from_path: from, to_path: to }: FileJournalRow): Promise<void> {
  if (fileId === null) return;
  const at = now();
  if (operation === 'move' && to !== null) {
    try {
      await session.run('update media_files set file_path = ?, path_key = ?, updated_at = ? where id = ? and file_path = ?', to, pathKey(to), at, fileId, from);
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken(to, error) : error;
    }
  } else {
    await rehome(session, fileId, from, at);
  }
  await session.run('update media_files set archived_path = ?, updated_at = ? where id = ? and archived_path = ?', to, at, fileId, from);
  await session.run('update renditions set path = ?, updated_at = ? where file_id = ? and path = ?', to, at, fileId, from);
  await session.run('update renditions set archived_path = ?, updated_at = ? where file_id = ? and archived_path = ?', to, at, fileId, from);
}

/** The working copy of an original is gone: its bytes are in the archive now. */
async function rehome(session: Session, fileId: string, from: string, at: string): Promise<void> {
  const [file] = await session.all<{ archived_path: string | null }>('select archived_path from media_files where id = ? and file_path = ?', fileId, from);
  if (!file || file.archived_path === null || file.archived_path === from) return;
  await session.run('update media_files set file_path = ?, path_key = ?, updated_at = ? where id = ?', file.archived_path, pathKey(file.archived_path), at, fileId);
}

async function mustExist(session: Session, id: string): Promise<void> {
  const [row] = await session.all('select 1 as there from file_journal where id = ?', id);
  if (!row) throw new PipelineError('UNEXPECTED', `the journal has no entry ${id}`);
}
