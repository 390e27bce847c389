import { randomUUID } from 'node:crypto';
import type { Bus } from '@media-pipeline/bus';
import type { Emit } from '@media-pipeline/contracts';
import { FileMover, sweepTemporaries, type Library } from '@media-pipeline/files';
import type { AssetWithFiles, Batch, Database, Delivery } from '@media-pipeline/schema';
import { eachAsset } from '../library/assets';
import { allIdle, ingestAgain, messagesFor, strandedStates } from './plan';

export interface Reconciliation {
  /** Messages said again, by subject. */
  readonly published: Readonly<Record<string, number>>;
  /** Moves finished that a crash had cut short. */
  readonly moves: number;
  /** Half-written files removed. */
  readonly swept: number;
}

/** A file that is being written while somebody else may be at work is younger than this. */
const carefulAgeMs = 600_000;

interface Scene {
  readonly bus: Bus;
  readonly database: Database;
  readonly library: Library;
}

/**
 * Says again what the state of each asset says should be under way and no message drives; finishes interrupted moves and removes
 * half-written files where nothing is at work.
 * @param alone nothing else works on this library: files may be touched at once
 */
export async function reconcile(scene: Scene, { alone }: { readonly alone: boolean }): Promise<Reconciliation> {
  const idle = allIdle(await scene.bus.lag());
  const moves = alone || idle ? await new FileMover(scene.library, scene.database.journal).recover() : 0;
  const swept = alone || idle ? await sweepTemporaries(scene.library, { olderThanMs: alone ? 0 : carefulAgeMs }) : [];
  return { published: await driveOn(scene), moves, swept: swept.length };
}

/** The messages alone. Returns how many of each subject. */
export async function driveOn({ bus, database }: Pick<Scene, 'bus' | 'database'>): Promise<Record<string, number>> {
  const pass = randomUUID().slice(0, 8);
  const published: Record<string, number> = {};
  const said = new Set<string>();
  const say = async (message: Emit): Promise<void> => {
    if (said.has(message.id)) return;
    said.add(message.id);
    await bus.publish(message);
    published[message.subject] = (published[message.subject] ?? 0) + 1;
  };
  const counts = await database.assets.countByState();
  for (const state of strandedStates(await bus.lag())) {
    if (counts[state] === 0) continue;
    if (state === 'arriving') {
      await say(ingestAgain(pass));
      continue;
    }
    for await (const asset of eachAsset(database, { state })) {
      for (const message of await messagesOf(database, asset, pass)) await say(message);
    }
  }
  return published;
}

/** Says again what one asset waits for. */
export async function driveAsset({ bus, database }: Pick<Scene, 'bus' | 'database'>, asset: AssetWithFiles): Promise<Emit[]> {
  const pass = randomUUID().slice(0, 8);
  const messages = asset.state === 'arriving' ? [ingestAgain(pass)] : await messagesOf(database, asset, pass);
  for (const message of messages) await bus.publish(message);
  return messages;
}

async function messagesOf(database: Database, asset: AssetWithFiles, pass: string): Promise<Emit[]> {
  const deliveries: readonly Delivery[] = asset.state === 'bridged' ? await database.batches.deliveriesOf(asset.id) : [];
  const batches = new Map<string, Batch>();
  for (const { batchId } of deliveries) {
    if (batches.has(batchId)) continue;
    const batch = await database.batches.find(batchId);
    if (batch) batches.set(batchId, batch);
  }
  return messagesFor(asset, deliveries, batches, pass);
}
