import { emit, type AssetState, type Destination, type Emit, type StageName } from '@media-pipeline/contracts';
import type { Asset, Batch, Delivery } from '@media-pipeline/schema';

/** What the durable consumer of a stage has before it. */
export interface Backlog {
  readonly durable: string;
  readonly stage: StageName;
  readonly pending: number;
  readonly underWay: number;
}

/** Which consumer's message takes an asset out of each state, and so which one has to be idle before that message is said again. */
const takers: Partial<Record<AssetState, string>> = { arriving: 'ingest', discovered: 'dedupe', unique: 'compressor', compressed: 'bridge', verified: 'sorter' };

export const isIdle = (backlog: readonly Backlog[], durable: string): boolean => backlog.every((entry) => entry.durable !== durable || entry.pending + entry.underWay === 0);
export const allIdle = (backlog: readonly Backlog[]): boolean => backlog.every(({ pending, underWay }) => pending + underWay === 0);

/** The states whose assets may be driven on by hand, because the stage that takes them in has nothing to do. */
export function strandedStates(backlog: readonly Backlog[]): AssetState[] {
  const idle = Object.entries(takers).filter(([, durable]) => isIdle(backlog, durable)) as [AssetState, string][];
  const bridged = ['icloud-uploader', 'pixel-sync', 'verifier-icloud', 'verifier-pixel', 'verifier-none'].every((durable) => isIdle(backlog, durable));
  return [...idle.map(([state]) => state), ...(bridged ? (['bridged'] as const) : [])];
}

/**
 * The messages that an asset's state says should be under way. `pass` makes the message ids new: the broker drops an id it has seen
 * within its window, and the lost message may have had the usual one.
 * Null-ended states need none; an asset that waits in an open batch is the bridge's to seal.
 */
export function messagesFor(asset: Pick<Asset, 'id' | 'state'>, deliveries: readonly Delivery[], batches: ReadonlyMap<string, Batch>, pass: string): Emit[] {
  const again = ['reconcile', pass, asset.id] as const;
  const { id: assetId } = asset;
  switch (asset.state) {
    case 'arriving':
      // one for all: see `ingestAgain`
      return [];
    case 'discovered':
      return [emit('media.discovered', { assetId }, ...again)];
    case 'unique':
      return [emit('media.unique', { assetId }, ...again)];
    case 'compressed':
      return [emit('media.compressed', { assetId }, ...again)];
    case 'verified':
      return [emit('media.verified', { assetId }, ...again)];
    case 'bridged':
      if (deliveries.length === 0) return [emit('media.bridged.none', { assetId }, ...again)];
      return batchMessages(deliveries, batches, pass);
    case 'sorted':
    case 'completed':
    case 'duplicate':
    case 'set_aside':
    case 'failed':
      return [];
  }
}

function batchMessages(deliveries: readonly Delivery[], batches: ReadonlyMap<string, Batch>, pass: string): Emit[] {
  const emits = new Map<string, Emit>();
  for (const delivery of deliveries) {
    const batch = batches.get(delivery.batchId);
    if (batch === undefined || batch.status === 'open') continue;
    emits.set(batch.id, delivery.state === 'staged' ? bridgedAgain(batch.destination, batch.id, pass) : uploadedAgain(batch.destination, batch.id, pass));
  }
  return [...emits.values()];
}

const bridgedAgain = (destination: Destination, batchId: string, pass: string): Emit =>
  destination === 'icloud' ? emit('media.bridged.icloud', { batchId }, 'reconcile', pass, batchId) : emit('media.bridged.pixel', { batchId }, 'reconcile', pass, batchId);
const uploadedAgain = (destination: Destination, batchId: string, pass: string): Emit =>
  destination === 'icloud' ? emit('media.uploaded.icloud', { batchId }, 'reconcile', pass, batchId) : emit('media.uploaded.pixel', { batchId }, 'reconcile', pass, batchId);

/** Assets whose bytes never all came: the source is read again, which finishes them. */
export const ingestAgain = (pass: string): Emit => emit('media.ingest.requested', {}, 'reconcile', pass);
