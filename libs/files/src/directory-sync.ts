import { open } from 'node:fs/promises';
import { errnoOf, fileError } from './file-errors';

interface Turn {
  readonly running: Promise<void>;
  waiting: Promise<void> | null;
}
const turns = new Map<string, Turn>();

/**
 * Makes every rename, link and unlink done in `directory` before this call durable.
 * All who call while one fsync is under way share the next one: a thousand renames in one folder cost a handful of fsyncs.
 */
export function syncDirectory(directory: string): Promise<void> {
  const turn = turns.get(directory);
  if (turn === undefined) return begin(directory);
  // The one under way may have started before our rename: only the next one covers it.
  turn.waiting ??= turn.running.then(
    () => begin(directory),
    () => begin(directory),
  );
  return turn.waiting;
}

function begin(directory: string): Promise<void> {
  const running = fsyncDirectory(directory).finally(() => {
    const turn = turns.get(directory);
    if (turn?.running === running && turn.waiting === null) turns.delete(directory);
  });
  turns.set(directory, { running, waiting: null });
  return running;
}

async function fsyncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some network and FUSE mounts cannot fsync a directory; there is nothing more durable to be had there.
    const errno = errnoOf(error);
    if (errno !== 'EINVAL' && errno !== 'ENOTSUP' && errno !== 'EBADF') throw fileError(error, directory, 'library');
  }
}
