import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PairSearch, PairsFound } from './all-pairs.worker';

const program = path.join(__dirname, `all-pairs.worker${path.extname(__filename)}`);

/** Finds all pairs in a thread of its own. The arrays are copied to it. */
export async function searchPairs(search: PairSearch, signal?: AbortSignal): Promise<PairsFound> {
  const worker = new Worker(program, { workerData: { kind: 'likeness pairs', search } });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<PairsFound>((resolve, reject) => {
      worker.once('message', (found: PairsFound) => resolve(found));
      worker.once('error', reject);
      worker.once('exit', (code) => reject(signal?.aborted === true ? new DOMException('stopped', 'AbortError') : new Error(`the search for similar pictures ended with code ${code}`)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** A fingerprint in hex as its two halves. */
export const halves = (hex: string): readonly [high: number, low: number] => [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8), 16)];
