import { isTerminal, type AssetState } from '@media-pipeline/contracts';
import type { Session } from '../engine/session';
import type { LegacyFileStatus } from '../entities/media-file.entity';
import { now } from './values';

const statusOf: Readonly<Record<AssetState, LegacyFileStatus>> = {
  arriving: 'downloaded',
  discovered: 'downloaded',
  unique: 'deduplicated',
  duplicate: 'deduplicated',
  compressed: 'compressed',
  bridged: 'batched',
  verified: 'verified',
  sorted: 'verified',
  completed: 'verified',
  set_aside: 'error',
  failed: 'error',
};

export const legacyStatus = (state: AssetState): LegacyFileStatus => statusOf[state];

/** Says in the files' own columns, as the system being replaced did, what the asset's new state means. */
export async function followState(session: Session, assetId: string, state: AssetState): Promise<void> {
  const at = now();
  if (isTerminal(state)) {
    await session.run(
      'update media_files set status = ?, is_duplicate = ?, processed_at = ?, updated_at = ? where asset_id = ?',
      statusOf[state],
      state === 'duplicate',
      at,
      at,
      assetId,
    );
  } else {
    await session.run('update media_files set status = ?, processed_at = null, updated_at = ? where asset_id = ? and status <> ?', statusOf[state], at, assetId, statusOf[state]);
  }
}
