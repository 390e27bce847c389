import { randomUUID } from 'node:crypto';
import type { Bus } from '@media-pipeline/bus';
import type { Emit } from '@media-pipeline/contracts';
import { FileMover, sweepTemporaries, type Library } from '@media-pipeline/files';
import type { AssetWithFiles, Batch, Database } from '@media-pipeline/schema';
import { isIdle, reconcile } from '@media-pipeline/stage';
import { ingestAgain, messagesFor } from './plan';

export interface Mending {
  /** Messages said again, by subject. */
  readonly published: Readonly<Record<string, number>>;
  /** Stages that were left alone because they have work. */
  readonly busy: readonly string[];
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
 * Finishes interrupted moves and removes half-written files where nothing is at work, then says again what nothing drives.
 * @param alone nothing else works on this library: files may be touched at once
 */
export async function mend(scene: Scene, { alone }: { readonly alone: boolean }): Promise<Mending> {
  const mayTouch = alone || (await isIdle(scene.bus));
  const moves = mayTouch ? await new FileMover(scene.library, scene.database.journal).recover() : 0;
  const swept = mayTouch ? await sweepTemporaries(scene.library, { olderThanMs: alone ? 0 : carefulAgeMs }) : [];
  return { ...(await driveOn(scene)), moves, swept: swept.length };
}

/** The messages alone. */
export async function driveOn({ bus, database }: Pick<Scene, 'bus' | 'database'>): Promise<Pick<Mending, 'published' | 'busy'>> {
  const { said, busy } = await reconcile({ bus, database });
  const { arriving } = await database.assets.countByState();
  if (arriving === 0 || busy.includes('ingest')) return { published: said, busy };
  await bus.publish(ingestAgain(randomUUID()));
  return { published: { ...said, 'media.ingest.requested': 1 }, busy };
}

/** Says again what one asset waits for. */
export async function driveAsset({ bus, database }: Pick<Scene, 'bus' | 'database'>, asset: AssetWithFiles): Promise<Emit[]> {
  const deliveries = asset.state === 'bridged' ? await database.batches.deliveriesOf(asset.id) : [];
  const batches = new Map<string, Batch>();
  for (const id of new Set(deliveries.map(({ batchId }) => batchId))) {
    const batch = await database.batches.find(id);
    if (batch) batches.set(id, batch);
  }
  const messages = messagesFor(asset, deliveries, batches, randomUUID());
  for (const message of messages) await bus.publish(message);
  return messages;
}
