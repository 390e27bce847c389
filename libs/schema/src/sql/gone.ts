import type { Session } from '../engine/session';
import type { Int64, Timestamp } from '../entities/constraints';
import type { AssetSource, GoneHow, LogEntry } from '../records';
import { writeLog } from './log';
import { count, list, now } from './values';

interface Row {
  readonly id: string;
  readonly gone_at: Timestamp | null;
  readonly gone_how: GoneHow | null;
}

const standing = (session: Session, ids: readonly string[]): Promise<Row[]> =>
  session.all<Row>(`select id, gone_at, gone_how from assets where id in ${session.dialect.list.uuid} order by id${session.dialect.forUpdate}`, list(ids));

/** The source has these no longer; those for which that is news. */
export async function recordGone(session: Session, ids: readonly string[], how: GoneHow, log: LogEntry): Promise<string[]> {
  const news = (await standing(session, ids)).filter(({ gone_at: at, gone_how: before }) => at === null || before !== how).map(({ id }) => id);
  const at = now();
  for (const id of news) await session.run('update assets set gone_at = coalesce(gone_at, ?), gone_how = ? where id = ?', at, how, id);
  await writeLog(session, ...news.map((assetId) => ({ ...log, assetId })));
  return news;
}

/** The source has these again; those that were gone. */
export async function recordReturned(session: Session, ids: readonly string[], log: LogEntry): Promise<string[]> {
  const news = (await standing(session, ids)).filter(({ gone_at: at }) => at !== null).map(({ id }) => id);
  for (const id of news) await session.run('update assets set gone_at = null, gone_how = null where id = ?', id);
  await writeLog(session, ...news.map((assetId) => ({ ...log, assetId })));
  return news;
}

export async function countGone(session: Session, source: AssetSource): Promise<Record<GoneHow, number>> {
  const rows = await session.all<{ gone_how: GoneHow; assets: Int64 }>('select gone_how, count(*) as assets from assets where gone_at is not null and source = ? group by gone_how', source);
  const counts = new Map(rows.map((row) => [row.gone_how, count(row.assets)]));
  return { hidden: counts.get('hidden') ?? 0, trashed: counts.get('trashed') ?? 0, purged: counts.get('purged') ?? 0 };
}
