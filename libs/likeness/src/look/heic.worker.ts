/** Decodes one HEIC in a thread that ends with it: libheif as WebAssembly never gives its memory back. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import decode from 'heic-decode';

if (!isMainThread) {
  const { bytes } = workerData as { readonly bytes: Uint8Array };
  decode({ buffer: bytes }).then(
    ({ data, width, height }) => parentPort?.postMessage({ data, width, height }, [data.buffer as ArrayBuffer]),
    (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
}
