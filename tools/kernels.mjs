// npm run kernels: compiles libs/media/src/kernels/*.wat into the TypeScript beside them. What is built and loaded is that text, so that
// neither the build nor a worker thread has a file to look for; kernels.spec.ts sees to it that it is up to date.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import wabt from 'wabt';

const directory = path.resolve(import.meta.dirname, '../libs/media/src/kernels');
const { parseWat } = await wabt();
for (const file of (await readdir(directory)).filter((name) => name.endsWith('.wat'))) {
  const name = path.basename(file, '.wat');
  const module = parseWat(file, await readFile(path.join(directory, file), 'utf8'), { simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  const text = `// ${file}, compiled by \`npm run kernels\`: not to be edited.\nexport const ${name}Wasm =\n  '${Buffer.from(buffer).toString('base64')}';\n`;
  await writeFile(path.join(directory, `${name}.wasm.ts`), text);
  process.stdout.write(`${name}.wasm.ts: ${buffer.length} bytes\n`);
}
