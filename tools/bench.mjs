// npm run bench [-- NAME…] [-- --small]: measures, prints a table and JSON. What was last measured stands in docs/BENCHMARKS.md.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { small: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
const measures = await import('./bench/measures.mjs');
const dedupe = await import('./bench/dedupe.mjs');
const { compression } = await import('./bench/compression.mjs');
const { adapter } = await import('./bench/adapter.mjs');
const { video } = await import('./bench/video.mjs');
const { x265 } = await import('./bench/x265.mjs');
const cloud = await import('./bench/icloud.mjs');
const upload = await import('./bench/icloud-upload.mjs');
const suite = {
  compression: (place) => compression(place, values.small ? { heic: false } : {}),
  video: (place) => video(place, values.small ? { preset: 'veryfast' } : {}),
  x265: (place) => x265(place),
  overhead: (place) => measures.overhead(place, values.small ? { files: 300 } : {}),
  adapter: (place) => adapter(place, values.small ? { count: 4, turns: 3 } : {}),
  images: (place) => measures.images(place, values.small ? { count: 8 } : {}),
  scaling: (place) => measures.scaling(place, values.small ? { count: 12 } : {}),
  memory: (place) => measures.idleMemory(place),
  sweep: (place) => dedupe.sweep(place, values.small ? { bytes: 3e8 } : {}),
  listing: (place) => dedupe.listing(place, values.small ? { files: 5000 } : {}),
  similar: (place) => dedupe.similarSearch(place, values.small ? { sizes: [20_000] } : {}),
  likeness: (place) => dedupe.likeness(place, values.small ? { scenes: 4 } : {}),
  icloud: async (place) => [
    ...(await cloud.cloudDownload(place, values.small ? { count: 20 } : {})),
    ...(await cloud.cloudListing(place, values.small ? { assets: 5_000 } : {})),
  ],
  'icloud-upload': async (place) => [
    ...(await upload.uploadOverhead(place, values.small ? { count: 12, batch: 6, rounds: 1 } : {})),
    ...(await upload.uploadMemory(place, values.small ? { files: 60, batch: 10 } : {})),
  ],
  rescan: (place) => measures.rescan(place, values.small ? { files: 2000 } : {}),
};

if (values.help) {
  process.stdout.write(`Usage: npm run bench [-- NAME…] [--small] [--keep]\n  NAME     one or more of: ${Object.keys(suite).join(', ')} (default: all)\n  --small  fewer files: a quick look, not a measurement\n  --keep   leave the folders it worked in\n`);
  process.exit(0);
}
const names = positionals.length > 0 ? positionals : Object.keys(suite);
const unknown = names.filter((name) => !Object.hasOwn(suite, name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${Object.keys(suite).join(', ')}\n`);
  process.exit(2);
}

const rows = [];
for (const name of names) {
  const place = await mkdtemp(path.join(tmpdir(), `media-bench-${name}-`));
  process.stderr.write(`${name} …\n`);
  try {
    for (const row of await suite[name](place)) {
      rows.push(row);
      const verdict = row.target === undefined ? '' : row.met ? `target ${row.target}: met` : `target ${row.target}: MISSED`;
      process.stdout.write(`${row.what.padEnd(46)} ${String(row.value).padStart(8)} ${row.unit.padEnd(11)} ${verdict.padEnd(24)} ${row.note ?? ''}\n`);
    }
  } finally {
    if (!values.keep) await rm(place, { recursive: true, force: true });
  }
}
process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), machine: { cores: availableParallelism(), model: cpus()[0]?.model ?? 'unknown', memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }, rows })}\n`);
