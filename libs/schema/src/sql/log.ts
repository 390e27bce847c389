import type { Connection, Session } from '../engine/session';
import { insert } from '../engine/insert';
import { isId } from '../engine/id';
import type { PipelineLogRow } from '../entities/pipeline-log.entity';
import type { LogEntry, LogRecord } from '../records';
import { LogRepository } from '../repositories';
import { clean, date, now } from './values';

const columns = ['step', 'message', 'status', 'created_at', 'asset_id', 'code'];

/** Appends to `pipeline_logs` in the session's transaction. */
export async function writeLog(session: Session, ...entries: readonly LogEntry[]): Promise<void> {
  const at = now();
  const rows = entries.map(({ step, message, status, assetId, code }) => [step, clean(message), status, at, assetId && isId(assetId) ? assetId : null, code ?? null]);
  await insert(session, 'pipeline_logs', columns, rows);
}

function toRecord(row: PipelineLogRow): LogRecord {
  return {
    step: row.step,
    status: row.status,
    message: row.message,
    at: date(row.created_at),
    ...(row.asset_id !== null && { assetId: row.asset_id }),
    ...(row.code !== null && { code: row.code }),
  };
}

export class SqlLogRepository extends LogRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async write(...entries: readonly LogEntry[]): Promise<void> {
    if (entries.length > 0) await this.connection.write((session) => writeLog(session, ...entries));
  }

  override async list({ assetId, status, limit }: { readonly assetId?: string | null; readonly status?: LogEntry['status']; readonly limit: number }): Promise<LogRecord[]> {
    if (typeof assetId === 'string' && !isId(assetId)) return [];
    const conditions = [...(assetId === undefined ? [] : [assetId === null ? 'asset_id is null' : 'asset_id = ?']), ...(status === undefined ? [] : ['status = ?'])];
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const values = [assetId, status].filter((value) => typeof value === 'string');
    const rows = await this.connection.reads.all<PipelineLogRow>(`select * from pipeline_logs ${where} order by id desc limit ?`, ...values, limit);
    return rows.map(toRecord);
  }
}
