// What `npm run bench` says about duplicates and similar pictures.
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import path from 'node:path';
import * as tree from './dedupe-sweep.mjs';
import * as pictures from './dedupe-likeness.mjs';
import { seededRandom } from './pictures.mjs';
import { root } from './pipeline.mjs';

const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const round = (value, digits = 2) => Number(value.toFixed(digits));
const percent = (part, whole) => Math.round((100 * part) / Math.max(1, whole));

/** Exact duplicates of a warm tree, against jdupes in the same run. */
export async function sweep(place, options) {
  const { files, bytes, sets, same, seconds } = await tree.sweepAgainstJdupes(place, options);
  if (!same) throw new Error('the sweep and jdupes found other sets');
  const size = `${files} files, ${round(bytes / 1e9, 1)} GB, the same ${sets} sets`;
  const cold = seconds.jdupes / seconds.sweep;
  return [
    row('sweep: jdupes ÷ sweep, both fresh processes', round(cold), '×', '≥ 0.80', cold >= 0.8, `${size}; ${round(seconds.jdupes)} s against ${round(seconds.sweep)} s, Node's start included`),
    row('sweep: jdupes ÷ sweep inside a running process', round(seconds.jdupes / seconds.inside), '×', undefined, undefined, `${round(seconds.inside)} s`),
    row('sweep: the whole command `duplicates sweep`', round(seconds.command), 's', undefined, undefined, 'loads the whole command line first'),
  ];
}

/** Names, sizes and versions of many small files. */
export async function listing(place, options) {
  const { files, listSeconds, sweepSeconds } = await tree.listing(place, options);
  return [
    row('listing: names, sizes, versions', Math.round(files / listSeconds), 'files/s', undefined, undefined, `${files} files in ${round(listSeconds)} s`),
    row('listing: sweep of the same tree (all of one size)', round(sweepSeconds), 's'),
  ];
}

/** All pairs, in a thread, while the event loop is watched. */
export async function similarSearch(_place, { sizes = [100_000, 1_000_000] } = {}) {
  const { searchPairs } = createRequire(import.meta.url)(path.join(root, 'dist/libs/likeness/src/index.js'));
  const targets = { 100_000: 1, 1_000_000: 60 };
  const rows = [];
  for (const count of sizes) {
    const random = seededRandom(count);
    const words = () => Uint32Array.from({ length: count }, () => Math.floor(random() * 2 ** 32));
    const [high, low, gradientHigh, gradientLow] = [words(), words(), words(), words()];
    // one in twenty is three bits from its neighbour
    for (let at = 0; at + 1 < count; at += 20) {
      high[at + 1] = high[at] ^ (1 << (at % 31));
      low[at + 1] = low[at] ^ (1 << (at % 29)) ^ (1 << ((at * 7 + 3) % 31));
      gradientHigh[at + 1] = gradientHigh[at];
      gradientLow[at + 1] = gradientLow[at];
    }
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const [began, before] = [performance.now(), process.cpuUsage()];
    const found = await searchPairs({ high, low, gradientHigh, gradientLow, distance: 11, gradientDistance: 28, turnedDistance: 7, maxPairs: 4_000_000 });
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(before);
    delay.disable();
    const target = targets[count];
    rows.push(row(`similar: all pairs of ${count.toLocaleString('en')}`, round(seconds), 's', target && `≤ ${target}`, target && seconds <= target, `up to 11 bits apart, turned ones up to 7; ${found.count} pairs; ${round((user + system) / 1e6)} s of CPU; event loop held up at most ${Math.round(delay.max / 1e6)} ms`));
  }
  return rows;
}

/** What is found, and what is taken for something else. */
export async function likeness(place, options) {
  const { rows, scenes, foreign, looksPerSecond, judgeMsPerPair } = await pictures.likeness(place, options);
  return [
    ...rows.map(({ row: what, copy, pairs, near, copies, bursts, alike }) =>
      copy
        ? row(`found: ${what}`, percent(copies + alike, pairs), '% proposed', undefined, undefined, `as a copy ${percent(copies, pairs)} %, as alike ${percent(alike, pairs)} %; by fingerprint ${percent(near, pairs)} % of ${pairs}`)
        : row(`not a copy: ${what}`, percent(copies, pairs), '% as a copy', undefined, undefined, `as a burst ${percent(bursts, pairs)} %, alike ${percent(alike, pairs)} % of ${pairs}`),
    ),
    row('different scenes taken for copies', foreign.copies, 'pairs', '0', foreign.copies === 0, `of ${foreign.pairs.toLocaleString('en')} pairs of ${scenes} scenes; ${foreign.alike} as alike, ${foreign.near} near by fingerprint`),
    row('looking at a picture', Math.round(looksPerSecond), 'pictures/s', undefined, undefined, `1.9 MP JPEG on one core; comparing a pair ${round(judgeMsPerPair)} ms`),
  ];
}
