import type { Config } from '@media-pipeline/config';
import type { Batch } from '@media-pipeline/schema';

/** What is known when somebody asks whether an open batch is to be closed. */
export interface SealingFacts {
  readonly now: Date;
  /** For how long (ms) no message has been waiting or under way in any stage before this one, or in this one; null while one is. */
  readonly quietMs: number | null;
  /** The run is to end (`--once`): waiting for more makes no sense. */
  readonly singleRun: boolean;
}

/** A service gives stragglers so long (ms) to join the batch of those who came with them. */
const stragglersMs = 5_000;

/** Why a batch is to be sealed now, or null: when it is full, when it has waited long enough, or when nothing more can come. */
export function reasonToSeal(batch: Batch, limits: Config['bridge'], facts: SealingFacts): 'full' | 'waited' | 'complete' | null {
  if (batch.fileCount === 0) return null;
  if (isFull(batch, limits)) return 'full';
  if (facts.quietMs !== null && facts.quietMs >= (facts.singleRun ? 0 : stragglersMs)) return 'complete';
  if (facts.now.getTime() - batch.createdAt.getTime() >= limits.maxWaitMs) return 'waited';
  return null;
}

export const isFull = (batch: Batch, { maxFiles, maxBytes }: Pick<Config['bridge'], 'maxFiles' | 'maxBytes'>): boolean =>
  batch.fileCount >= maxFiles || batch.totalBytes >= maxBytes;
