import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { passedOver } from '@media-pipeline/files';
import type { ListedFile, SweepJob, SweepMessage, SweptFile } from './sweep.worker';

export type { ListedFile, SweptFile } from './sweep.worker';

const program = path.join(__dirname, `sweep.worker${path.extname(__filename)}`);

export interface Sweep {
  readonly files: number;
  readonly bytes: number;
  readonly bytesRead: number;
  /** Files with the same bytes, two or more in each. Hard links of one file count once. */
  readonly sets: readonly (readonly SweptFile[])[];
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

export interface SweepOptions {
  /** Absolute directories that are not entered. */
  readonly except?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (files: number, bytesRead: number) => void;
}

/** Finds files with the same bytes below some directories, which are only read. What file managers leave is passed over (libs/files), hidden files are not; links are not followed. */
export function sweepDirectories(roots: readonly string[], options: SweepOptions = {}): Promise<Sweep> {
  return inThread({ roots, except: options.except ?? [], passedOver, compare: true }, options, () => undefined);
}

/** Lists the files below some directories with what tells one version from another. */
export function listDirectories(roots: readonly string[], onFiles: (files: readonly ListedFile[]) => void, options: SweepOptions = {}): Promise<Sweep> {
  return inThread({ roots, except: options.except ?? [], passedOver, compare: false }, options, onFiles);
}

async function inThread(job: SweepJob, { signal, onProgress }: SweepOptions, onFiles: (files: readonly ListedFile[]) => void): Promise<Sweep> {
  signal?.throwIfAborted();
  const worker = new Worker(program, { workerData: { kind: 'sweep', job } });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<Sweep>((resolve, reject) => {
      worker.on('message', (message: SweepMessage) => {
        if (message.kind === 'listed') onFiles(message.files);
        else if (message.kind === 'progress') onProgress?.(message.files, message.bytesRead);
        else resolve(message);
      });
      worker.once('error', reject);
      worker.once('exit', (code) => reject(signal?.aborted === true ? new DOMException('stopped', 'AbortError') : new Error(`the sweep ended with code ${code}`)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
