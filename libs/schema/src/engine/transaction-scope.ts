import { AsyncLocalStorage } from 'node:async_hooks';
import { PipelineError } from '@media-pipeline/contracts';

const current = new AsyncLocalStorage<{ open: boolean }>();

/**
 * Runs a write transaction's work so that a second `write` from inside it is refused at once: on SQLite it would wait for itself for ever,
 * on Postgres it would be another transaction, which is never what was meant. Inside `write`, the repositories that it hands in are the ones to use.
 */
export async function inTransaction<T>(work: () => Promise<T>): Promise<T> {
  const scope = { open: true };
  try {
    return await current.run(scope, work);
  } finally {
    scope.open = false;
  }
}

export function refuseNested(): void {
  if (current.getStore()?.open) throw new PipelineError('UNEXPECTED', 'write() inside write(): use the repositories that the outer write() hands in');
}
