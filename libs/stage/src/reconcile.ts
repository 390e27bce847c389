import type { Bus } from '@media-pipeline/bus';
import { emit, type Emit, type StageName } from '@media-pipeline/contracts';
import type { AssetWithFiles, Database } from '@media-pipeline/schema';
import type { StageHost } from './host';

export interface Reconciliation {
  /** Messages that were said again, by subject. */
  readonly said: Readonly<Record<string, number>>;
  /** Stages that were left alone because they have messages waiting or under way. */
  readonly busy: readonly StageName[];
}

const PAGE = 500;
/** While anything is under way anywhere, an asset that changed more recently may have its message about to be said. */
const QUIET_MS = 300_000;
/** The states in which an asset waits for a stage, with that stage. The bridge's own state, `compressed`, also means "in an open batch". */
const waiting = [
  { state: 'discovered', stage: 'dedupe' },
  { state: 'unique', stage: 'compressor' },
  { state: 'compressed', stage: 'bridge' },
  { state: 'bridged', stage: 'verifier' },
  { state: 'verified', stage: 'sorter' },
] as const;

/**
 * Says again what an asset's state asks for and no message drives: after a lost broker store, a restored database, a crash between
 * two steps. A stage with messages waiting or under way is left alone – one of them may be the very message – and comes later.
 */
export async function reconcile({ bus, database }: Pick<StageHost, 'bus' | 'database'>, only?: readonly StageName[]): Promise<Reconciliation> {
  const busyStages = new Set((await bus.lag()).filter(({ pending, underWay }) => pending + underWay > 0).map(({ stage }) => stage));
  const before = busyStages.size === 0 ? Infinity : Date.now() - QUIET_MS;
  const said: Record<string, number> = {};
  const again = String(Date.now());
  for (const { state, stage } of waiting) {
    if (only && !only.includes(stage)) continue;
    // What the uploaders hold up is theirs to say: a bridged asset is driven by them as well as by the verifier.
    const drivers: readonly StageName[] = state === 'bridged' ? ['icloud-uploader', 'pixel-sync', 'verifier'] : [stage];
    if (drivers.some((driver) => busyStages.has(driver))) continue;
    const spoken = new Set<string>();
    for await (const asset of assetsIn(database, state)) {
      if (asset.updatedAt.getTime() > before) continue;
      for (const message of await nextMessages(database, asset)) {
        if (spoken.has(message.id)) continue;
        spoken.add(message.id);
        // A fresh id: within the duplicate window the broker would take the old one for said.
        await bus.publish({ ...message, id: `${message.id}:again:${again}` });
        said[message.subject] = (said[message.subject] ?? 0) + 1;
      }
    }
  }
  return { said, busy: [...busyStages] };
}

async function* assetsIn(database: Database, state: AssetWithFiles['state']): AsyncGenerator<AssetWithFiles> {
  let after: string | undefined;
  for (;;) {
    const page = await database.assets.list({ state, limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    after = page.at(-1)?.id;
    if (page.length < PAGE || after === undefined) return;
  }
}

/** What would have to be said for an asset in this state to go on. */
async function nextMessages(database: Database, asset: AssetWithFiles): Promise<readonly Emit[]> {
  const payload = { assetId: asset.id };
  switch (asset.state) {
    case 'discovered':
      return [emit('media.discovered', payload, asset.id)];
    case 'unique':
      return [emit('media.unique', payload, asset.id)];
    case 'compressed':
      // In an open batch it is the batch that waits, not the asset.
      return (await database.batches.deliveriesOf(asset.id)).length > 0 ? [] : [emit('media.compressed', payload, asset.id)];
    case 'bridged': {
      const deliveries = await database.batches.deliveriesOf(asset.id);
      if (deliveries.length === 0) return [emit('media.bridged.none', payload, asset.id)];
      return deliveries.map(({ destination, batchId, state }) =>
        state === 'staged' ? emit(`media.bridged.${destination}`, { batchId }, batchId) : emit(`media.uploaded.${destination}`, { batchId }, batchId),
      );
    }
    case 'verified':
      return [emit('media.verified', payload, asset.id)];
    case 'arriving':
    case 'sorted':
    case 'completed':
    case 'duplicate':
    case 'set_aside':
    case 'failed':
      return [];
  }
}


/** Whether nothing waits and nothing is under way in any stage. */
export async function isIdle(bus: Bus): Promise<boolean> {
  return (await bus.lag()).every(({ pending, underWay }) => pending + underWay === 0);
}
