/**
 * Runs in a thread of its own (libheif as WebAssembly is busy for seconds): decodes one or two HEIC files and compares them.
 * The thread ends with its one job, since WebAssembly never gives its memory back.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { SimilarityModules } from '@media-pipeline/media';
import decode from 'heic-decode';

/** Side of the squares that are compared one by one: a wrong tile must not drown in a large picture. */
const square = 256;

const decibels = (sum: number, count: number): number => (sum === 0 ? 99 : Math.min(99, 10 * Math.log10((255 * 255 * count) / sum)));

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8ClampedArray): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

interface Job {
  readonly original: Uint8Array;
  readonly result: Uint8Array | null;
  /** Where they lie. */
  readonly modules: { readonly similarity: string; readonly kernel: string };
}

async function run({ original, result, modules }: Job): Promise<unknown> {
  const { similarityWith } = (await import(modules.similarity)) as Pick<SimilarityModules, 'similarityWith'>;
  const { pixelsWasm } = (await import(modules.kernel)) as Pick<SimilarityModules, 'pixelsWasm'>;
  const before = await decode({ buffer: original });
  const size = { width: before.width, height: before.height };
  if (!result) return size;
  const after = await decode({ buffer: result });
  if (after.width !== before.width || after.height !== before.height) return { ...size, mean: 0, worst: 0, similarity: { mean: 0, worst: 0 } };
  const [old, fresh] = [bytesOf(before.data), bytesOf(after.data)];
  const columns = Math.ceil(before.width / square);
  const sums = new Float64Array(columns * Math.ceil(before.height / square));
  const counts = new Float64Array(sums.length);
  for (let y = 0; y < before.height; y++) {
    const row = y * before.width;
    for (let left = 0, cell = Math.floor(y / square) * columns; left < before.width; left += square, cell++) {
      const right = Math.min(before.width, left + square);
      let sum = 0;
      for (let at = (row + left) * 4, end = (row + right) * 4; at < end; at += 4) {
        const red = (old[at] as number) - (fresh[at] as number);
        const green = (old[at + 1] as number) - (fresh[at + 1] as number);
        const blue = (old[at + 2] as number) - (fresh[at + 2] as number);
        sum += red * red + green * green + blue * blue;
      }
      sums[cell] = (sums[cell] as number) + sum;
      counts[cell] = (counts[cell] as number) + 3 * (right - left);
    }
  }
  const total = sums.reduce((a, b) => a + b, 0);
  const worst = Math.min(...Array.from(sums, (sum, cell) => decibels(sum, counts[cell] ?? 1)));
  const { similarityOf } = similarityWith(pixelsWasm);
  const similarity = similarityOf({ ...size, channels: 4, data: old }, { ...size, channels: 4, data: fresh });
  return { ...size, mean: decibels(total, counts.reduce((a, b) => a + b, 0)), worst, similarity };
}

run(workerData as Job).then(
  (value) => parentPort?.postMessage({ value }),
  (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
);
