// node make.mjs DIR: makes the sample photos and videos in DIR, unless the same version of them is there already.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exiftool } from 'exiftool-vendored';
import { files } from './library.mjs';

const folder = path.resolve(process.argv[2] ?? 'tmp/sample/source');
const stamp = `${folder}.stamp`;

/** The maker's own files: change one and the sample is made again. */
async function version() {
  const hash = createHash('sha256');
  for (const name of (await readdir(import.meta.dirname)).sort()) if (name.endsWith('.mjs') && !name.endsWith('.spec.mjs')) hash.update(await readFile(path.join(import.meta.dirname, name)));
  return hash.digest('hex');
}

const wanted = await version();
const found = await readFile(stamp, 'utf8').catch(() => '');
if (found !== wanted || (await readdir(folder).catch(() => [])).length === 0) {
  const since = performance.now();
  process.stdout.write('Making the sample library …\n');
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    const made = await files(draft);
    let bytes = 0;
    for (const { name, content, modified } of made) {
      const file = path.join(draft, name);
      await mkdir(path.dirname(file), { recursive: true });
      if (content) await writeFile(file, content);
      bytes += (await readFile(file)).length;
      await utimes(file, modified, modified);
    }
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    await writeFile(stamp, wanted);
    process.stdout.write(`  ${made.length} files, ${(bytes / 1e6).toFixed(1)} MB in ${((performance.now() - since) / 1000).toFixed(1)} s: ${folder}\n`);
  } finally {
    await exiftool.end();
  }
}
