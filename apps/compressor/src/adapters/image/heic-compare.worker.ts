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
  const columns = Math.ceil(before.width / square);
  const sums = new Float64Array(columns * Math.ceil(before.height / square));
  const counts = new Float64Array(sums.length);
  for (let y = 0; y < before.height; y++) {
    const row = Math.floor(y / square) * columns;
    for (let x = 0; x < before.width; x++) {
      const at = (y * before.width + x) * 4;
      const red = (before.data[at] ?? 0) - (after.data[at] ?? 0);
      const green = (before.data[at + 1] ?? 0) - (after.data[at + 1] ?? 0);
      const blue = (before.data[at + 2] ?? 0) - (after.data[at + 2] ?? 0);
      const cell = row + Math.floor(x / square);
      sums[cell] = (sums[cell] ?? 0) + red * red + green * green + blue * blue;
      counts[cell] = (counts[cell] ?? 0) + 3;
    }
  }
  const total = sums.reduce((a, b) => a + b, 0);
  const worst = Math.min(...Array.from(sums, (sum, cell) => decibels(sum, counts[cell] ?? 1)));
  const { similarityOf } = similarityWith(pixelsWasm);
  const similarity = similarityOf({ ...size, channels: 4, data: bytesOf(before.data) }, { ...size, channels: 4, data: bytesOf(after.data) });
  return { ...size, mean: decibels(total, counts.reduce((a, b) => a + b, 0)), worst, similarity };
}

run(workerData as Job).then(
  (value) => parentPort?.postMessage({ value }),
  (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
);
