// The sweep of directories against jdupes, in the same run on the same warm tree; and how fast a tree of small files is listed.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, open, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { seededRandom } from './pictures.mjs';
import { cli, root, start } from './pipeline.mjs';

const run = promisify(execFile);
const built = path.join(root, 'dist/libs/duplicates/src/sweep.js');

/** Files of photo sizes, a quarter of them copies of others, some that differ only in the middle. */
export async function makeTree(place, { bytes }) {
  const random = seededRandom(11);
  const block = Buffer.alloc(16 * 1024 * 1024);
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  let written = 0;
  const files = [];
  for (let index = 0; written < bytes; index++) {
    const folder = path.join(place, `folder ${index % 40}`);
    if (index < 40) await mkdir(folder, { recursive: true });
    const file = path.join(folder, `IMG_${String(index).padStart(5, '0')}.JPG`);
    const kind = random();
    const earlier = files[Math.floor(random() * files.length)];
    if (earlier && kind < 0.3) {
      await copyFile(earlier.file, file);
      if (kind > 0.25) {
        // the same size, beginning and end: only its middle tells it apart
        const handle = await open(file, 'r+');
        await handle.write(Buffer.from([index % 256, index >> 8, 1]), 0, 3, earlier.size >> 1);
        await handle.close();
      }
      files.push({ file, size: earlier.size });
    } else {
      const size = kind > 0.97 ? 12_000_000 : 600_000 + Math.floor(random() * 5_000_000);
      const head = Buffer.from(`${index}`.padEnd(64));
      const from = Math.floor(random() * (block.length - size));
      await writeFile(file, Buffer.concat([head, block.subarray(from, from + size - 64)]));
      files.push({ file, size });
    }
    written += files.at(-1).size;
  }
  return { files: files.length, bytes: written };
}

const quiet = (program, args) => run(program, args, { maxBuffer: 256 * 1024 * 1024 });
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { seconds: (performance.now() - began) / 1000, result };
}
const setsOf = (text) => text.trim().split('\n\n').map((set) => set.split('\n').filter(Boolean).sort().join('|')).filter(Boolean).sort();

/** In a process of its own, as jdupes is: start and end of Node count. */
const inProcess = (place) => quiet(process.execPath, ['-e', `require(${JSON.stringify(built)}).sweepDirectories([process.argv[1]]).then(({sets})=>process.stdout.write(sets.map((set)=>set.map(({path})=>path).join('\\n')).join('\\n\\n')+'\\n'))`, place]);

export async function sweepAgainstJdupes(place, { bytes = 2_500_000_000, turns = 5 } = {}) {
  const tree = path.join(place, 'tree');
  const made = await makeTree(tree, { bytes });
  await quiet('jdupes', ['-r', '-q', tree]).catch(() => {
    throw new Error('jdupes is not installed (apt-get install jdupes)');
  });
  const times = { jdupes: [], sweep: [], command: [], inside: [] };
  let [theirs, ours] = [[], []];
  const { sweepDirectories } = createRequire(import.meta.url)(built);
  for (let turn = 0; turn < turns; turn++) {
    const jdupes = await timed(() => quiet('jdupes', ['-r', '-q', tree]));
    const sweep = await timed(() => inProcess(tree));
    const inside = await timed(() => sweepDirectories([tree]));
    const command = await timed(async () => {
      const child = start(cli, ['duplicates', 'sweep', tree, '--json', '--library', path.join(place, 'none')], {}, ['ignore', 'ignore', 'ignore']);
      await once(child, 'exit');
    });
    times.jdupes.push(jdupes.seconds);
    times.sweep.push(sweep.seconds);
    times.command.push(command.seconds);
    times.inside.push(inside.seconds);
    theirs = setsOf(jdupes.result.stdout);
    ours = setsOf(sweep.result.stdout);
  }
  return { ...made, sets: ours.length, same: theirs.length === ours.length && theirs.every((set, index) => set === ours[index]), seconds: Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)])) };
}

/** Many small files: names, sizes and versions alone, as DEDUPLICATION_DIRECTORIES are listed. */
export async function listing(place, { files = 100_000 } = {}) {
  const tree = path.join(place, 'small');
  for (let folder = 0; folder * 500 < files; folder++) await mkdir(path.join(tree, `folder ${folder}`), { recursive: true });
  let at = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let index = at++; index < files; index = at++) await writeFile(path.join(tree, `folder ${Math.floor(index / 500)}`, `${index}.jpg`), `${index % 90_000}`.padStart(20));
  }));
  const { listDirectories, sweepDirectories } = createRequire(import.meta.url)(built);
  await listDirectories([tree], () => undefined);
  const listed = await timed(() => listDirectories([tree], () => undefined));
  const swept = await timed(() => sweepDirectories([tree]));
  return { files: listed.result.files, listSeconds: listed.seconds, sweepSeconds: swept.seconds };
}
