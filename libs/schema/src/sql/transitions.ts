import { canMove, PipelineError, terminalStates, type AssetState } from '@media-pipeline/contracts';
import type { Parameter } from '../engine/dialect';
import type { Session } from '../engine/session';
import type { LogEntry } from '../records';
import { followState } from './legacy-status';
import { writeLog } from './log';
import { clean, now } from './values';

export interface AssetChange {
  readonly captureDate?: string | null;
  readonly captureDateSource?: string | null;
  readonly duplicateOf?: string | null;
}

export const stoppedStates: readonly AssetState[] = ['set_aside', 'failed'];
const quoted = (states: readonly AssetState[]): string => states.map((state) => `'${state}'`).join(', ');

/** One step along the graph, only from where it was meant to be, with its line of history and what the old columns say about it. */
export async function move(session: Session, id: string, from: AssetState, to: AssetState, log: LogEntry, change: AssetChange = {}): Promise<boolean> {
  if (!canMove(from, to)) throw new PipelineError('UNEXPECTED', `an asset cannot go from ${from} to ${to}`);
  const sets: string[] = ['state = ?', 'updated_at = ?'];
  const values: Parameter[] = [to, now()];
  const set = (column: string, value: Parameter | undefined) => {
    if (value === undefined) return;
    sets.push(`${column} = ?`);
    values.push(value);
  };
  set('capture_date', change.captureDate);
  set('capture_date_source', change.captureDateSource);
  set('duplicate_of', change.duplicateOf);
  if (stoppedStates.includes(to)) set('state_before', from);
  if (stoppedStates.includes(from)) sets.push('state_before = null', 'code = null', 'reason = null');
  const moved = await session.run(`update assets set ${sets.join(', ')} where id = ? and state = ?`, ...values, id, from);
  if (moved === 0) return false;
  await settle(session, id, to, log);
  return true;
}

/** From wherever it is to `set_aside` or `failed`, unless it has ended. */
export async function stop(session: Session, id: string, as: 'set_aside' | 'failed', why: { readonly code: string; readonly reason: string }, log: LogEntry): Promise<boolean> {
  const stopped = await session.run(
    `update assets set state_before = state, state = ?, code = ?, reason = ?, updated_at = ? where id = ? and state not in (${quoted(terminalStates)})`,
    as,
    why.code,
    clean(why.reason),
    now(),
    id,
  );
  if (stopped === 0) return false;
  await settle(session, id, as, log);
  return true;
}

/** Back to where it was before it was stopped. */
export async function revive(session: Session, id: string, log: LogEntry): Promise<AssetState | null> {
  const [revived] = await session.all<{ state: AssetState }>(
    `update assets set state = state_before, state_before = null, code = null, reason = null, updated_at = ?
     where id = ? and state in (${quoted(stoppedStates)}) and state_before is not null returning state`,
    now(),
    id,
  );
  if (!revived) return null;
  await settle(session, id, revived.state, log);
  return revived.state;
}

async function settle(session: Session, id: string, state: AssetState, log: LogEntry): Promise<void> {
  await followState(session, id, state);
  await writeLog(session, { assetId: id, ...log });
}
