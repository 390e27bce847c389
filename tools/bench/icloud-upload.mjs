// Measurements of uploads to iCloud against the local iCloud, which runs in a process of its own on the same cores.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { client, withCloud } from './icloud.mjs';
import { residentMegabytes } from './pipeline.mjs';
import { withStages } from './stages.mjs';

const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const round = (value, digits = 2) => Number(value.toFixed(digits));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const head = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
async function fresh(folder, count, bytes) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index++) await writeFile(path.join(folder, `IMG_${String(index).padStart(4, '0')}.JPG`), Buffer.concat([head, randomBytes(bytes - head.length)]));
}

const settings = ({ endpoints, pageUrl, username, password }, session, more) => ({ ICLOUD_USERNAME: username, ICLOUD_PASSWORD: password, ICLOUD_AUTH_URL: endpoints.auth, ICLOUD_SETUP_URL: endpoints.setup, ICLOUD_PHOTOS_URL: pageUrl, ICLOUD_SESSION_FILE: session, ...more });

/**
 * What uploads take beyond the bare transfer of the same number of bytes in as many lanes: the session, the looks before and after, the put, the
 * database; for the browser its start and the page. The stand-in shows a photo at once: Apple's 14 to 20 seconds are not in it.
 */
export async function uploadOverhead(place, { count = 100, batch = 50, megabytes = 2, rounds = 3 } = {}) {
  const bytes = megabytes * 1e6;
  const [folder, session] = [path.join(place, 'upload'), path.join(place, 'session.json')];
  return await withCloud({ indexingMs: 0 }, async (facts, ask) => {
    await client('signin', { ...facts, place, atOnce: 1 });
    const found = { http: [], browser: [] };
    const ready = [];
    for (let turn = 0; turn < rounds; turn++) {
      for (const [route, atOnce] of [['http', 4], ['browser', 3]]) {
        await fresh(folder, count, bytes);
        const { seconds: bare } = await client('bare', { folder, urls: await ask(`urls ${count} ${bytes}`), atOnce }, 'upload-client.mjs');
        const env = settings(facts, session, { ICLOUD_UPLOAD_ROUTE: route, ICLOUD_BATCH_SIZE: String(batch) });
        const done = await client('task', { folder, library: path.join(place, `library-${route}-${turn}`), env }, 'upload-client.mjs');
        if (done.uploaded !== count) throw new Error(`${route}: ${JSON.stringify(done)}`);
        found[route].push({ bare, ours: done.seconds });
        ready.push(...done.ready);
      }
    }
    const copies = await ask('copies');
    if (copies.some((times) => times !== 1)) throw new Error('something is there twice');
    const batches = Math.ceil(count / batch);
    const rows = Object.entries(found).flatMap(([route, turns]) => {
      const beyond = median(turns.map(({ bare, ours }) => ours - bare));
      const all = turns.map(({ bare, ours }) => `${round(ours)} s for ${round(bare)} s`).join(', ');
      return [
        row(`icloud upload, ${route}: beyond the bare transfer, a batch of ${batch}`, round(beyond / batches), 's', undefined, undefined, `${count} files of ${megabytes} MB, ${batches} batches: ${all}`),
        row(`icloud upload, ${route}: the same, a file`, round((beyond / count) * 1000, 0), 'ms'),
      ];
    });
    return [...rows, row('icloud upload, browser: until the page can be used', median(ready), 'ms', undefined, undefined, `of each batch, in it; ${ready.length} times`)];
  });
}

/** What Chromium processes of a stage use, MB: pages that they share are counted once (PSS). */
async function chromiumMegabytes(pid) {
  let kilobytes = 0;
  for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
    if (!line.includes(`media-pipeline-chromium-${pid}-`)) continue;
    const [, pss] = /^Pss:\s+(\d+)/m.exec(await readFile(`/proc/${id}/smaps_rollup`, 'utf8').catch(() => '')) ?? [];
    kilobytes += Number(pss ?? 0);
  }
  return kilobytes / 1024;
}

/** As docker/Dockerfile starts a stage: left alone, V8 and glibc keep what they had at the busiest moment, on a machine with memory to spare. */
const asImage = { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=8' };

/** Memory of the stage and its Chromium after each batch, over many small files, with one browser for all of them. */
export async function uploadMemory(place, { files = 1_000, batch = 50 } = {}) {
  const source = path.join(place, 'small');
  await fresh(source, files, 20_000);
  const image = await memoryRun(path.join(place, 'image'), source, { files, batch }, asImage);
  const bare = await memoryRun(path.join(place, 'bare'), source, { files, batch }, {});
  return [growth('Chromium (PSS)', image.map(({ chromium }) => chromium), files, 10), growth('the stage, as its image runs it', image.map(({ node }) => node), files, 10), growth('the stage, by Node alone', bare.map(({ node }) => node), files)];
}

/** @param {number[]} samples MB after each batch @param {number} [most] percent */
function growth(of, samples, files, most) {
  // The first two batches fill caches and have code compiled.
  const settled = samples.slice(2);
  const fifth = Math.max(1, Math.round(settled.length / 5));
  const [first, last] = [median(settled.slice(0, fifth)), median(settled.slice(-fifth))];
  const grown = (last / first - 1) * 100;
  const note = `${round(first, 0)} → ${round(last, 0)} MB over ${files} files in ${samples.length} batches; peak ${round(Math.max(...samples), 0)} MB: ${samples.map((sample) => round(sample, 0)).join(' ')}`;
  return row(`icloud upload, memory of ${of}: last fifth to first`, round(grown, 0), '%', ...(most === undefined ? [undefined, undefined] : [`≤ ${most}`, grown <= most]), note);
}

async function memoryRun(place, source, { files, batch }, env) {
  const [library, session] = [path.join(place, 'library'), path.join(place, 'session.json')];
  await mkdir(place, { recursive: true });
  return await withCloud({ indexingMs: 200 }, async (facts, ask) => {
    await client('signin', { ...facts, place, atOnce: 1 });
    const samples = await withStages(library, source, async ({ startStage, untilState }) => {
      const more = settings(facts, session, { ENABLE_FILE_PREPARATION: 'true', ENABLE_COMPRESSION: 'false', ENABLE_PIXEL_UPLOAD: 'false', ICLOUD_BATCH_SIZE: String(batch), BRIDGE_MAX_WAIT_SECONDS: '2', CHROMIUM_UPLOADS: '10000' });
      for (const stage of ['ingest', 'dedupe', 'compressor', 'bridge']) startStage(stage, more);
      await untilState('bridged', files);
      const { pid } = startStage('icloud-uploader', { ...more, ...env });
      return await sampled(pid, path.join(library, '.media-pipeline', 'media-pipeline.sqlite'), files, batch);
    });
    const copies = await ask('copies');
    if (copies.length !== files || copies.some((times) => times !== 1)) throw new Error(`${copies.length} of ${files} are there`);
    return samples;
  });
}

/** One sample for each batch, when it is proven. */
async function sampled(pid, file, files, batch) {
  const database = new Sqlite(file, { readonly: true, timeout: 5000 });
  const samples = [];
  try {
    for (const end = Date.now() + 1_200_000; samples.length < Math.ceil(files / batch); await pause(50)) {
      const { proven } = database.prepare("select count(*) as proven from deliveries where destination = 'icloud' and state = 'proven'").get();
      if (proven >= Math.min(files, (samples.length + 1) * batch)) samples.push({ node: await residentMegabytes(pid), chromium: await chromiumMegabytes(pid) });
      if (Date.now() > end) throw new Error(`only ${proven} of ${files} are proven`);
    }
  } finally {
    database.close();
  }
  return samples;
}
