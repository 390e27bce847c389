/**
 * Runs in a thread of its own (libheif as WebAssembly is busy for seconds): decodes a HEIC and writes it as a JPEG, upright, pixels only.
 * The thread ends with its one job, since WebAssembly never gives its memory back.
 */
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import decode from 'heic-decode';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

/** Nothing of it can be seen, and no colour is halved: the JPEG is what iCloud will have for good. */
const quality = { quality: 95, chromaSubsampling: '4:4:4', mozjpeg: true } as const;

async function run(source: string, target: string): Promise<{ readonly width: number; readonly height: number }> {
  const { width, height, data } = await decode({ buffer: await readFile(source) });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  await sharp(pixels, { raw: { width, height, channels: 4 }, limitInputPixels: false }).removeAlpha().jpeg(quality).toFile(target);
  return { width, height };
}

const { source, target } = workerData as { readonly source: string; readonly target: string };
run(source, target).then(
  (value) => parentPort?.postMessage({ value }),
  (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
);
