import type { Bus } from '@media-pipeline/bus';
import type { Emit, StageName } from '@media-pipeline/contracts';
import type { AssetWithFiles, Batch, Database } from '@media-pipeline/schema';
import type { StageHost } from './host';
import { nextMessages } from './next-messages';

export interface Reconciliation {
  /** Messages that were said again, by subject. */
  readonly said: Readonly<Record<string, number>>;
  /** Stages that were left alone because they have messages waiting or under way. */
  readonly busy: readonly StageName[];
}

const PAGE = 500;
/** While anything is under way anywhere, an asset that changed more recently may have its message about to be said. */
const QUIET_MS = 300_000;
/** The states in which an asset waits for a stage, with the stages that may be driving it. */
const waiting = [
  { state: 'arriving', drivers: ['ingest'] },
  { state: 'discovered', drivers: ['dedupe'] },
  { state: 'unique', drivers: ['compressor'] },
  { state: 'compressed', drivers: ['bridge'] },
  { state: 'bridged', drivers: ['verifier', 'icloud-uploader', 'pixel-sync'] },
  { state: 'verified', drivers: ['sorter'] },
] as const satisfies readonly { state: string; drivers: readonly [StageName, ...StageName[]] }[];

/**
 * Says again what an asset's state asks for and no message drives: after a lost broker store, a restored database, a crash between
 * two steps. A stage with messages waiting or under way is left alone – one of them may be the very message – and comes later.
 * @param only the stages whose input is looked at; all when left out
 */
export async function reconcile({ bus, database }: Pick<StageHost, 'bus' | 'database'>, only?: readonly StageName[]): Promise<Reconciliation> {
  const busy = new Set((await bus.lag()).filter(({ pending, underWay }) => pending + underWay > 0).map(({ stage }) => stage));
  const before = busy.size === 0 ? Infinity : Date.now() - QUIET_MS;
  const said: Record<string, number> = {};
  const spoken = new Set<string>();
  const pass = String(Date.now());
  for (const { state, drivers } of waiting) {
    if ((only && !only.includes(drivers[0])) || drivers.some((driver) => busy.has(driver))) continue;
    for await (const asset of assetsIn(database, state)) {
      if (asset.updatedAt.getTime() > before) continue;
      for (const message of await messagesOf(database, asset, pass)) {
        if (spoken.has(message.id)) continue;
        spoken.add(message.id);
        await bus.publish(message);
        said[message.subject] = (said[message.subject] ?? 0) + 1;
      }
    }
  }
  return { said, busy: [...busy] };
}

/** Says again what one asset waits for, whatever else is under way. */
export async function sayAgain({ bus, database }: Pick<StageHost, 'bus' | 'database'>, asset: AssetWithFiles): Promise<readonly Emit[]> {
  const messages = await messagesOf(database, asset, String(Date.now()));
  for (const message of messages) await bus.publish(message);
  return messages;
}

async function messagesOf(database: Database, asset: AssetWithFiles, pass: string): Promise<readonly Emit[]> {
  const deliveries = asset.state === 'bridged' || asset.state === 'compressed' ? await database.batches.deliveriesOf(asset.id) : [];
  const batches = new Map<string, Batch>();
  for (const id of new Set(deliveries.map(({ batchId }) => batchId))) {
    const batch = await database.batches.find(id);
    if (batch) batches.set(id, batch);
  }
  return nextMessages(asset, deliveries, batches, pass);
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

/** Whether nothing waits and nothing is under way in any stage. */
export async function isIdle(bus: Pick<Bus, 'lag'>): Promise<boolean> {
  return (await bus.lag()).every(({ pending, underWay }) => pending + underWay === 0);
}
