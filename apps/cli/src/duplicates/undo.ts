import type { Bus } from '@media-pipeline/bus';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import { FileMover, type Library } from '@media-pipeline/files';
import type { AssetWithFiles, Database } from '@media-pipeline/schema';
import { sayAgain } from '@media-pipeline/stage';

interface Scene {
  readonly database: Database;
  readonly library: Library;
}

/**
 * Takes a duplicate back: first its files, journalled, to where they were, then its state, then the message for the stage that it waits
 * for. Broken off anywhere, it can be asked for again; what has its state but no message is driven on by `reconcile`.
 * @returns how many files were moved
 * @throws UNKNOWN_ASSET when it is no duplicate; NAME_CONFLICT when something else lies where it was
 */
export async function undoDuplicate({ database, library, bus }: Scene & { readonly bus: Bus }, asset: AssetWithFiles): Promise<number> {
  if (asset.state !== 'duplicate') throw new PipelineError('UNKNOWN_ASSET', `${asset.id} is ${asset.state}, not a duplicate.`);
  const mover = new FileMover(library, database.journal);
  const journal = await database.journal.list({ assetId: asset.id, limit: 1_000 });
  let moved = 0;
  for (const file of asset.files) {
    // the newest move to where it lies says where it came from
    const entry = journal.find(({ operation, fileId, to }) => operation === 'move' && fileId === file.id && to === file.path);
    if (!entry || file.sha256 === null || !file.path.startsWith('cleanup/')) continue;
    await mover.move({ assetId: asset.id, fileId: file.id, from: file.path, to: entry.from, sha256: file.sha256, bytes: file.bytes, reason: 'a person took the duplicate back' });
    moved += 1;
  }
  const log = { step: 'cli', status: 'info', assetId: asset.id, message: 'taken back: it is not to count as a duplicate' } as const;
  const changed = await database.write(async ({ assets, duplicates }) => {
    const done = await assets.move(asset.id, 'duplicate', 'unique', log, { duplicateOf: null });
    if (done) await duplicates.undone(asset.id);
    return done;
  });
  const now = await database.assets.find(asset.id);
  if (changed && now) await sayAgain({ bus, database }, now);
  return moved;
}

/** Takes back every file that a sweep moved and that was not taken back `before`. What cannot go back stays in cleanup/, with the reason. */
export async function undoSweep({ database, library }: Scene, sweepId: string): Promise<{ readonly moved: number; readonly left: readonly { readonly path: string; readonly reason: string }[]; readonly before: number }> {
  const mover = new FileMover(library, database.journal);
  const left: { path: string; reason: string }[] = [];
  let [moved, before] = [0, 0];
  for (const move of await database.duplicates.sweepMoves(sweepId)) {
    if (move.state === 'undone') {
      before += 1;
      continue;
    }
    try {
      await mover.move({ assetId: null, fileId: null, from: move.to, to: move.from, sha256: move.sha256, bytes: move.bytes, reason: `undo of sweep ${sweepId}` });
      await database.duplicates.setSweepMove(move.id, 'undone');
      moved += 1;
    } catch (thrown) {
      const { code, message } = toPipelineError(thrown);
      left.push({ path: move.to, reason: `${code}: ${message}` });
    }
  }
  return { moved, left, before };
}
