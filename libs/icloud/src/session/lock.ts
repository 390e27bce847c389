import { setTimeout as pause } from 'node:timers/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf, fileError } from '@media-pipeline/files';
import { lock } from 'proper-lockfile';
import { prepareFolder } from './file';

/** A holder that has not been heard of for so long is dead; it says that it lives every `heartbeatMs`. */
const staleMs = 10_000;
const heartbeatMs = 1_000;
const longestWaitMs = 10 * 60_000;

/**
 * Runs work that only one process may do at a time, whichever machine it runs on: `<file>.lock` is a folder whose age tells whether its
 * holder lives, so a holder that was killed gives way after ten seconds.
 * @param work gets a signal that fires when the lock is lost (the process was stopped for too long and another one took over)
 * @throws the signal's reason; ICLOUD_UNREACHABLE when others hold the lock for ten minutes
 */
export async function withLock<T>(file: string, signal: AbortSignal | undefined, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  const lost = new AbortController();
  await prepareFolder(file);
  const release = await acquire(file, signal, () => lost.abort(new PipelineError('ICLOUD_UNREACHABLE', 'another process took over the iCloud session while this one stood still')));
  try {
    return await work(lost.signal);
  } finally {
    // Fails when the lock is no longer ours: then there is nothing to give back.
    await release().catch(() => undefined);
  }
}

async function acquire(file: string, signal: AbortSignal | undefined, onCompromised: () => void): Promise<() => Promise<void>> {
  const until = performance.now() + longestWaitMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await lock(file, { stale: staleMs, update: heartbeatMs, realpath: false, retries: 0, onCompromised });
    } catch (error) {
      if (errnoOf(error) !== 'ELOCKED') throw fileError(error, file, 'library');
    }
    if (performance.now() > until) throw new PipelineError('ICLOUD_UNREACHABLE', 'another process has been signing in to iCloud for ten minutes');
    await pause(50 + Math.random() * 150);
  }
}
