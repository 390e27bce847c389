import type { Bus } from '@media-pipeline/bus';
import { FileMover, sweepTemporaries, type Library } from '@media-pipeline/files';
import type { Database } from '@media-pipeline/schema';
import { isIdle, reconcile, type Reconciliation } from '@media-pipeline/stage';

export interface Mending extends Reconciliation {
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
  return { ...(await reconcile(scene)), moves, swept: swept.length };
}
