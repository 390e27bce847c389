import { readFile } from 'node:fs/promises';
import path from 'node:path';
import wabt from 'wabt';
import { huffmanWasm } from './huffman.wasm';
import { pixelsWasm } from './pixels.wasm';

it.each([
  ['huffman', huffmanWasm],
  ['pixels', pixelsWasm],
])('%s.wasm.ts is what %s.wat compiles to (npm run kernels)', async (name, bytes) => {
  const file = `${name}.wat`;
  const { buffer } = (await wabt()).parseWat(file, await readFile(path.join(__dirname, file), 'utf8'), { simd: true }).toBinary({});
  expect(Buffer.from(buffer).toString('base64')).toBe(bytes);
});
