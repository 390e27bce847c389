import { emit, PipelineError, skip, type BatchMessage, type Destination, type Outcome, type StageName } from '@media-pipeline/contracts';
import type { Database } from '@media-pipeline/schema';

/**
 * Ends a batch at a destination that is not to be had: its deliveries are `off`, with the reason, its files stay in the bridge for
 * whoever wants to deliver them by hand, each asset's history says so, and the assets go on without this destination.
 */
export async function switchOff(database: Database, stage: StageName, destination: Destination, { batchId }: BatchMessage, reason: string): Promise<Outcome> {
  const batch = await database.batches.find(batchId);
  if (!batch) throw new PipelineError('UNKNOWN_ASSET', `No batch is known by ${batchId}.`);
  if (batch.destination !== destination) throw new PipelineError('INVALID_MESSAGE', `Batch ${batchId} is for ${batch.destination}, not for ${destination}.`);
  const staged = (await database.batches.deliveries(batchId)).filter(({ state }) => state === 'staged');
  if (staged.length > 0) {
    await database.write(async ({ batches, log }) => {
      await batches.setDeliveries(batchId, 'off', reason);
      await log.write(...[...new Set(staged.map(({ assetId }) => assetId))].map((assetId) => ({ step: stage, status: 'info' as const, code: 'DESTINATION_NOT_CONFIGURED', message: reason, assetId })));
    });
  }
  return skip(reason, emit(`media.uploaded.${destination}`, { batchId }, batchId));
}
