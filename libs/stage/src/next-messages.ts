import { emit, type Destination, type Emit } from '@media-pipeline/contracts';
import type { Asset, Batch, Delivery } from '@media-pipeline/schema';

/**
 * The messages that one asset's state says should be under way. `pass` makes the message ids new: the broker drops an id it has seen
 * within its window, and the first message may have had the usual one. None for an asset that has ended, or that lies in a batch
 * which is not sealed (that is the bridge's). One whose bytes never all came is finished by reading the source again.
 */
export function nextMessages(asset: Pick<Asset, 'id' | 'state'>, deliveries: readonly Delivery[], batches: ReadonlyMap<string, Batch>, pass: string): Emit[] {
  const { id: assetId } = asset;
  const again = ['again', pass, assetId] as const;
  switch (asset.state) {
    case 'arriving':
      return [ingestAgain(pass)];
    case 'discovered':
      return [emit('media.discovered', { assetId }, ...again)];
    case 'unique':
      return [emit('media.unique', { assetId }, ...again)];
    case 'compressed':
      return deliveries.length > 0 ? [] : [emit('media.compressed', { assetId }, ...again)];
    case 'verified':
      return [emit('media.verified', { assetId }, ...again)];
    case 'bridged':
      return deliveries.length === 0 ? [emit('media.bridged.none', { assetId }, ...again)] : batchMessages(deliveries, batches, pass);
    case 'sorted':
    case 'completed':
    case 'duplicate':
    case 'set_aside':
    case 'failed':
      return [];
  }
}

function batchMessages(deliveries: readonly Delivery[], batches: ReadonlyMap<string, Batch>, pass: string): Emit[] {
  const messages = new Map<string, Emit>();
  for (const { batchId, state } of deliveries) {
    const batch = batches.get(batchId);
    if (batch === undefined || batch.status === 'open') continue;
    messages.set(batchId, batchMessage(batch.destination, state === 'staged' ? 'bridged' : 'uploaded', batchId, pass));
  }
  return [...messages.values()];
}

const batchMessage = (destination: Destination, step: 'bridged' | 'uploaded', batchId: string, pass: string): Emit =>
  emit(`media.${step}.${destination}`, { batchId }, 'again', pass, batchId);

/** Reads the sources once more. */
const ingestAgain = (pass: string): Emit => emit('media.ingest.requested', {}, 'again', pass);
