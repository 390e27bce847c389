import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { PipelineError } from '@media-pipeline/contracts';
import { similarityModules, type Similarity } from '@media-pipeline/media';

export interface HeicComparison {
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** Peak signal-to-noise ratio (dB) of the whole picture and of its worst square. */
  readonly mean: number;
  readonly worst: number;
  /** MS-SSIM of luma. */
  readonly similarity: Similarity;
}

/** Beside this file, with its extension: `.js` as built, `.ts` under the test runner (Node strips the types itself). */
const program = path.join(__dirname, `heic-compare.worker${path.extname(__filename)}`);

type Answer = { readonly value: HeicComparison } | { readonly error: string };

/** Decodes a HEIC to its end, apart from the event loop. Throws MEDIA_CORRUPT. */
export async function assertHeicDecodes(bytes: Buffer, signal: AbortSignal): Promise<void> {
  const answer = await inThread(bytes, null, signal);
  if ('error' in answer) throw new PipelineError('MEDIA_CORRUPT', `the HEIC cannot be decoded: ${answer.error}`);
}

/** Decodes both and compares them; an error text when one of them cannot be decoded. */
export async function compareHeic(original: Buffer, result: Buffer, signal: AbortSignal): Promise<HeicComparison | { readonly error: string }> {
  const answer = await inThread(original, result, signal);
  return 'error' in answer ? answer : answer.value;
}

async function inThread(original: Buffer, result: Buffer | null, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const worker = new Worker(program, { workerData: { original, result, modules: similarityModules } });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      worker.once('message', (answer: Answer) => resolve(answer));
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new PipelineError('PROGRAM_FAILED', `the HEIC decoder ended with code ${code}`)));
      signal.addEventListener('abort', () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')), { once: true });
    });
  } finally {
    await worker.terminate();
  }
}
