import { link, lstat, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { copyDurably } from './copy';
import { inFolderOf } from './directories';
import { syncDirectory } from './directory-sync';
import { errnoOf, fileError } from './file-errors';
import { hashFile } from './hash';
import type { Journal, JournalledChange } from './journal';
import type { Library } from './library';
import { assertSameContent, refusesHardLink } from './publish';
import { kindOf } from './regular-file';

type JournalledMove = JournalledChange & { readonly to: LibraryPath };
/** How often one move is begun anew because somebody else was at it. */
const mostAttempts = 5;

export interface Move {
  readonly assetId: string | null;
  readonly fileId: string | null;
  readonly from: LibraryPath;
  readonly to: LibraryPath;
  readonly sha256: string;
  readonly bytes: number;
  readonly reason: string;
}

/**
 * Moves files within the library so that a crash at any point leaves the bytes under at least one of the two names and the journal
 * saying which way to go on: plan, second name (hard link, else verified copy), fsync, first name off, fsync, finish.
 */
export class FileMover {
  constructor(
    private readonly library: Library,
    private readonly journal: Journal,
  ) {}

  /**
   * @throws FILE_MISSING, CONTENT_CHANGED, NAME_CONFLICT (nothing was planned or touched), DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR
   */
  async move(move: Move): Promise<void> {
    const { from, to, sha256, bytes } = move;
    if (from === to) return;
    if ((await this.look(from, to, { sha256, bytes })) === 'moved before') await this.assertIntact(to, move);
    const change = await this.journal.plan({ ...move, operation: 'move' });
    await this.carryOut({ ...change, to }, false);
    await this.journal.finish(change.id);
  }

  /**
   * Goes on with what a crash cut short. A change that cannot be finished (neither place has the right bytes, or another file has taken
   * the name) stays in the journal, its files untouched.
   * @returns how many changes were finished
   */
  async recover(): Promise<number> {
    let finished = 0;
    for (const change of await this.journal.unfinished()) {
      const { to } = change;
      if (change.operation !== 'move' || to === null) continue;
      try {
        await this.carryOut({ ...change, to }, true);
      } catch (error) {
        // Of the machine: the next start tries again. Of the files: a person must look; `asset show` and the journal name both places.
        if (error instanceof PipelineError && error.permanent) continue;
        throw error;
      }
      await this.journal.finish(change.id);
      finished += 1;
    }
    return finished;
  }

  /**
   * Another process may carry out the same move at the same time (one that starts and recovers, a message that came twice). What it
   * takes from under our hands is looked at anew: each step only ever follows the one before it.
   * @param afterCrash also hash what a rename alone would be trusted for
   */
  private async carryOut(change: JournalledMove, afterCrash: boolean): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.step(change, afterCrash);
      } catch (thrown) {
        const error = fileError(thrown, this.library.absolute(change.to), 'library');
        if (attempt >= mostAttempts || (error.code !== 'FILE_MISSING' && error.code !== 'NAME_CONFLICT')) throw error;
      }
    }
  }

  private async step(change: JournalledMove, afterCrash: boolean): Promise<void> {
    const from = this.library.absolute(change.from);
    const to = this.library.absolute(change.to);
    const state = await this.look(change.from, change.to, change);
    if (state === 'moved before') return await this.assertIntact(change.to, change);
    if (state === 'case only') await rename(from, to);
    if (state === 'free') {
      if (afterCrash) await this.assertIntact(change.from, change);
      await secondName(from, to, change);
    }
    await syncDirectory(path.dirname(to));
    // From here on the bytes are safe under the new name.
    if (state !== 'case only') await unlink(from);
    await syncDirectory(path.dirname(from));
  }

  /** How far a move has come, seen from the disk alone. @throws FILE_MISSING, NAME_CONFLICT, CONTENT_CHANGED */
  private async look(fromPath: LibraryPath, toPath: LibraryPath, content: { readonly sha256: string; readonly bytes: number }): Promise<'free' | 'both' | 'case only' | 'moved before'> {
    const to = this.library.absolute(toPath);
    // In this order: a move gives the new name before it takes the old one, so a missing source has its target already.
    const source = await statOrNull(this.library.absolute(fromPath));
    const target = await statOrNull(to);
    if (source === null && target === null) throw new PipelineError('FILE_MISSING', `neither ${fromPath} nor ${toPath} is there`);
    if (source === null) return 'moved before';
    if (!source.isFile()) throw new PipelineError('NOT_A_REGULAR_FILE', `${fromPath} is a ${kindOf(source)}`);
    if (source.size !== BigInt(content.bytes)) throw new PipelineError('CONTENT_CHANGED', `${fromPath} has ${source.size} bytes instead of ${content.bytes}`);
    if (target === null) return 'free';
    if (source.ino === target.ino && source.dev === target.dev) return target.nlink === 1n ? 'case only' : 'both';
    await assertSameContent(to, content);
    return 'both';
  }

  private async assertIntact(place: LibraryPath, { sha256 }: { readonly sha256: string }): Promise<void> {
    const found = await hashFile(this.library.absolute(place), 'library');
    if (found.sha256 !== sha256) throw new PipelineError('CONTENT_CHANGED', `${place} is not what the journal says: expected ${sha256}, found ${found.sha256}`);
  }
}

async function secondName(from: string, to: string, expected: { readonly sha256: string; readonly bytes: number }): Promise<void> {
  try {
    await inFolderOf(to, async () => await link(from, to));
  } catch (error) {
    if (!refusesHardLink(error)) throw error;
    await copyDurably(from, to, { mode: 'auto', expected: { sha256: expected.sha256, bytes: expected.bytes } });
  }
}

async function statOrNull(place: string) {
  try {
    return await lstat(place, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fileError(error, place, 'library');
  }
}
