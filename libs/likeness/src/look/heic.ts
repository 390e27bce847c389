import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { PipelineError } from '@media-pipeline/contracts';
import { heicThumbnail, heifSize } from '@media-pipeline/media';
import type { Pixels } from './look';

const program = path.join(__dirname, `heic.worker${path.extname(__filename)}`);

type Answer = { readonly data: Uint8ClampedArray; readonly width: number; readonly height: number } | { readonly error: string };

/**
 * Pixels of a HEIC, upright: of its embedded thumbnail, which costs milliseconds, else of the whole picture, which costs a second and, in
 * a thread of its own, the memory for it. @throws MEDIA_CORRUPT, MEDIA_TOO_LARGE, and the system's own errors
 */
export async function decodeHeic(file: string, maxMegapixels: number): Promise<Pixels & { readonly fullWidth: number; readonly fullHeight: number }> {
  const bytes = await readFile(file);
  const size = heifSize(bytes);
  const thumbnail = heicThumbnail(bytes);
  const small = thumbnail && (await inThread(thumbnail));
  if (small && !('error' in small)) return { ...upright(small, size), ...small, channels: 4 };
  if ((size.width * size.height) / 1e6 > maxMegapixels) throw new PipelineError('MEDIA_TOO_LARGE', `${size.width} × ${size.height} pixels`);
  const whole = await inThread(bytes);
  if ('error' in whole) throw new PipelineError('MEDIA_CORRUPT', `the HEIC cannot be decoded: ${whole.error}`);
  return { ...upright(whole, size), ...whole, channels: 4 };
}

/** The index has the size before rotation. */
const upright = (seen: { readonly width: number; readonly height: number }, size: { readonly width: number; readonly height: number }): { readonly fullWidth: number; readonly fullHeight: number } =>
  seen.width > seen.height === size.width > size.height ? { fullWidth: size.width, fullHeight: size.height } : { fullWidth: size.height, fullHeight: size.width };

async function inThread(bytes: Buffer): Promise<Answer> {
  const worker = new Worker(program, { workerData: { kind: 'likeness heic', bytes } });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      worker.once('message', (answer: Answer) => resolve(answer));
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new PipelineError('PROGRAM_FAILED', `the HEIC decoder ended with code ${code}`)));
    });
  } finally {
    await worker.terminate();
  }
}
