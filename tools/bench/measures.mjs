// The measurements. Each returns rows { what, value, unit, target?, met?, note? }: ratios within one run wherever a comparison is made.
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import { photos, smallFiles } from './pictures.mjs';
import { cli, peakMegabytes, residentMegabytes, runOnce, start } from './pipeline.mjs';
import { withStages } from './stages.mjs';

const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const round = (value, digits = 2) => Number(value.toFixed(digits));

/** End to end through all stages, compression off, every write durable. */
export async function overhead(place, { files = 2000 } = {}) {
  const source = path.join(place, 'overhead');
  await smallFiles(source, files);
  const { summary, wall, peak } = await runOnce(source, path.join(place, 'overhead-library'), { ENABLE_COMPRESSION: 'false' });
  if (summary.sorted !== files) throw new Error(`only ${summary.sorted} of ${files} were archived`);
  const rate = files / summary.seconds;
  const perStage = await stageSeconds(path.join(place, 'overhead-library'));
  return [
    row('overhead: assets end to end', round(rate, 0), 'assets/s', '≥ 150', rate >= 150, `${files} files in ${round(summary.seconds, 1)} s (process ${round(wall, 1)} s), peak ${round(peak, 0)} MB`),
    ...perStage.map(({ stage, seconds, messages }) => row(`overhead: ${stage}`, round((seconds / messages) * 1000, 2), 'ms/message', undefined, undefined, `${messages} messages, ${round(seconds, 1)} lane-seconds`)),
  ];
}

/** What each stage's handlers took, from the metrics that a run leaves in its library. */
async function stageSeconds(library) {
  const text = await readFile(path.join(library, 'logs', 'metrics.prom'), 'utf8').catch(() => '');
  const read = (name) => new Map([...text.matchAll(new RegExp(`^${name}\\{stage="([^"]+)"\\} ([0-9.e+-]+)$`, 'gm'))].map(([, stage, value]) => [stage, Number(value)]));
  const sums = read('media_message_seconds_sum');
  const counts = read('media_message_seconds_count');
  return [...sums].map(([stage, seconds]) => ({ stage, seconds, messages: counts.get(stage) ?? 1 }));
}

/** Files at a time over a list. */
async function inParallel(items, width, work) {
  const queue = [...items];
  await Promise.all(Array.from({ length: width }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  }));
}

const strict = { failOn: 'warning', ignoreIcc: true, sequentialRead: true };
/** What the compressor asks of sharp for one JPEG of fixed quality: decode, encode, decode the result for the proof. */
const bareCalls = {
  encode: async (source, target) => writeFile(target, await sharp(await readFile(source), strict).jpeg({ quality: 85, mozjpeg: true }).toBuffer()),
  'encode and prove': async (source, target) => {
    const { data, info } = await sharp(await readFile(source), strict).raw().toBuffer({ resolveWithObject: true });
    const result = await sharp(data, { raw: info }).jpeg({ quality: 85, mozjpeg: true }).toBuffer();
    await writeFile(target, result);
    await sharp(result, strict).raw().toBuffer();
  },
};

/** The whole pipeline, start and end of the run included, against bare sharp loops of the same concurrency. */
export async function images(place, { count = 80 } = {}) {
  const source = path.join(place, 'images');
  await photos(source, { count, width: 2400, height: 1800 });
  const width = availableParallelism();
  sharp.concurrency(1);
  sharp.cache(false);
  const files = (await readdir(source)).map((name) => path.join(source, name));
  const bare = async (call) => {
    const out = path.join(place, 'bare');
    await mkdir(out, { recursive: true });
    const began = performance.now();
    await inParallel(files, width, (file) => bareCalls[call](file, path.join(out, path.basename(file))));
    return (performance.now() - began) / 1000;
  };
  const turns = [];
  let peak = 0;
  for (let turn = 0; turn < 3; turn++) {
    const encode = await bare('encode');
    const proven = await bare('encode and prove');
    const library = path.join(place, `images-library-${turn}`);
    const run = await runOnce(source, library, { JPEG_QUALITY: '85' });
    if (run.summary.compressed !== count) throw new Error(`only ${run.summary.compressed} of ${count} were compressed`);
    turns.push({ encode: encode / run.summary.seconds, proven: proven / run.summary.seconds, text: `${round(encode, 1)}, ${round(proven, 1)} and ${round(run.summary.seconds, 1)} s` });
    peak = Math.max(peak, run.peak);
    await rm(library, { recursive: true, force: true });
    const searching = await runOnce(source, library, { QUALITY_TARGET: 'high' });
    turns.at(-1).search = (searching.summary.seconds - run.summary.seconds) / run.summary.seconds;
    peak = Math.max(peak, searching.peak);
    await rm(library, { recursive: true, force: true });
  }
  const median = (key) => turns.map((turn) => turn[key]).toSorted((a, b) => a - b)[1];
  const note = `${count} JPEGs of 4.3 MP, ${width} at a time; encode, encode and prove, pipeline: ${turns.map(({ text }) => text).join('; ')}`;
  return [
    row('images: bare loop, same sharp calls ÷ pipeline', round(median('proven')), '×', '≥ 0.95', median('proven') >= 0.95, note),
    row('images: bare loop, encoding alone ÷ pipeline', round(median('encode')), '×', undefined, undefined, 'without the decoding that the proof needs'),
    row('images: what searching the quality adds', round(median('search') * 100, 0), '% of time', undefined, undefined, 'QUALITY_TARGET=high against JPEG_QUALITY=85, same files'),
    row('memory: peak during the image run', round(peak, 0), 'MB', '≤ 1024', peak <= 1024),
  ];
}

/** One against two compressor processes, everything before them done. */
export async function scaling(place, { count = 60 } = {}) {
  const source = path.join(place, 'scaling');
  await photos(source, { count, width: 2400, height: 1800 });
  const seconds = async (processes) => withStages(path.join(place, `scaling-${processes}`), source, async ({ untilState, startStage }) => {
    for (const stage of ['dedupe', 'ingest']) startStage(stage);
    await untilState('unique', count);
    // Ready processes are timed, not their start.
    const began = performance.now();
    for (let index = 0; index < processes; index++) startStage('compressor', { COMPRESSION_CONCURRENCY: '1' });
    await untilState('compressed', 2 * processes);
    const measured = performance.now();
    await untilState('compressed', count);
    return { rate: (count - 2 * processes) / ((performance.now() - measured) / 1000), began };
  });
  const one = await seconds(1);
  const two = await seconds(2);
  const ratio = two.rate / one.rate;
  return [row('scaling: two compressor processes ÷ one', round(ratio), '×', '≥ 1.85', ratio >= 1.85, `${round(one.rate)} and ${round(two.rate)} images/s, one image at a time each`)];
}

/** Resident memory of the one-process pipeline with nothing to do. */
export async function idleMemory(place) {
  const source = path.join(place, 'idle');
  await mkdir(source, { recursive: true });
  const child = start(cli, ['up', '--source', source, '--library', path.join(place, 'idle-library')], {}, ['ignore', 'ignore', 'ignore']);
  const exited = once(child, 'exit');
  const readings = [];
  for (let second = 0; second < 20; second++) {
    await pause(1000);
    readings.push(await residentMegabytes(child.pid));
  }
  const peak = await peakMegabytes(child.pid);
  child.kill('SIGTERM');
  await exited;
  const idle = readings.slice(-5).toSorted((a, b) => a - b)[2];
  return [row('memory: idle, all stages in one process', round(idle, 0), 'MB', '≤ 300', idle <= 300, `peak while starting ${round(peak, 0)} MB; nats-server apart`)];
}

/** `--once` again on an unchanged library. */
export async function rescan(place, { files = 20_000 } = {}) {
  const source = path.join(place, 'rescan');
  const library = path.join(place, 'rescan-library');
  await smallFiles(source, files);
  const first = await runOnce(source, library, { ENABLE_COMPRESSION: 'false' });
  const again = await runOnce(source, library, { ENABLE_COMPRESSION: 'false' });
  if (again.summary.assets !== first.summary.assets) throw new Error('the second run changed the library');
  return [row(`rescan: --once on ${files} unchanged files`, round(again.wall, 1), 's', '≤ 10', again.wall <= 10, `first run ${round(first.wall, 0)} s = ${round(files / first.wall, 0)} assets/s`)];
}
