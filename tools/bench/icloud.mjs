// Measurements of the iCloud client against the local iCloud, each side in a process of its own.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import { root, start } from './pipeline.mjs';
import { withStages } from './stages.mjs';

const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const round = (value, digits = 2) => Number(value.toFixed(digits));

/** @param {(facts: object, ask: (line: string) => Promise<unknown>) => Promise<T>} use @template T */
export async function withCloud(options, use) {
  const server = start(path.join(root, 'tools/bench/cloud-server.mjs'), [JSON.stringify(options)], {}, ['pipe', 'pipe', 'inherit']);
  const exited = once(server, 'exit');
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  const facts = JSON.parse(await next());
  try {
    return await use(facts, async (line) => {
      server.stdin.write(`${line}\n`);
      return JSON.parse(await next());
    });
  } finally {
    server.stdin.end();
    await exited;
  }
}

/** One measurement in a process of its own. */
export async function client(what, facts, program = 'cloud-client.mjs') {
  const child = start(path.join(root, 'tools/bench', program), [what, JSON.stringify(facts)], {});
  const exited = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  const [code] = await exited;
  if (code !== 0) throw new Error(`${what} ended with ${code}`);
  return JSON.parse(text);
}

/**
 * A bare fetch loop that writes files, against the client, which also hashes, compares and syncs, and against the stage, which also writes
 * down, names and announces each; three rounds, the middle one counts.
 */
export async function cloudDownload(place, { count = 150, megabytes = 3, atOnce = 6 } = {}) {
  const files = path.join(place, 'cloud');
  await mkdir(files, { recursive: true });
  const head = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  for (let index = 0; index < count; index++) await writeFile(path.join(files, `IMG_${index}.JPG`), Buffer.concat([head, randomBytes(megabytes * 1e6)]));
  return await withCloud({ files }, async (facts) => {
    const ask = { ...facts, place, atOnce };
    await client('signin', ask);
    await client('bare', ask);
    const rounds = [];
    for (let turn = 0; turn < 3; turn++) {
      const { seconds: bare } = await client('bare', ask);
      const { seconds: lean } = await client('lean', ask);
      const { seconds: ours } = await client('client', ask);
      rounds.push({ client: bare / ours, lean: lean / ours, stage: bare / (await stageSeconds(path.join(place, `library-${turn}`), { ...ask, count })) , rate: round((count * megabytes) / ours, 0) });
    }
    const median = (key) => round(rounds.map((one) => one[key]).toSorted((a, b) => a - b)[1]);
    const all = (key) => rounds.map((one) => round(one[key])).join(', ');
    const about = `${count} files of ${megabytes} MB, ${atOnce} at a time`;
    return [
      row('icloud: download, client ÷ bare fetch loop', median('client'), '×', '≥ 0.8', median('client') >= 0.8, `${about}: ${all('client')}; ${all('rate')} MB/s`),
      row('icloud: the same ÷ a loop on undici.request', median('lean'), '×', undefined, undefined, all('lean')),
      row('icloud: ingest as a stage ÷ bare fetch loop', median('stage'), '×', undefined, undefined, `${all('stage')}; listed, written down, downloaded, named, announced`),
    ];
  });
}

/** What the ingest stage takes for all files, from the second that arrived on. */
async function stageSeconds(library, { endpoints, username, password, atOnce, count }) {
  const env = { ENABLE_FOLDER_DOWNLOAD: 'false', ENABLE_ICLOUD_DOWNLOAD: 'true', ICLOUD_USERNAME: username, ICLOUD_PASSWORD: password, ICLOUD_AUTH_URL: endpoints.auth, ICLOUD_SETUP_URL: endpoints.setup, ICLOUD_DOWNLOADS_AT_ONCE: String(atOnce) };
  return await withStages(library, path.join(library, '..', 'no-folder'), async ({ startStage, untilState }) => {
    startStage('ingest', env);
    await untilState('discovered', 2);
    const began = performance.now();
    await untilState('discovered', count);
    return ((performance.now() - began) / 1000) * (count / (count - 2));
  });
}

/** A library of 100,000 assets: listed in full, then asked what is new when nothing is. */
export async function cloudListing(place, { assets = 100_000 } = {}) {
  return await withCloud({ synthetic: assets }, async (facts, askServer) => {
    const ask = { ...facts, place, atOnce: 1 };
    await client('signin', ask);
    const full = await client('listing', ask);
    const before = await askServer('traffic');
    const unchanged = await client('unchanged', { ...ask, tokens: full.tokens });
    const requests = (await askServer('traffic')) - before;
    return [
      row(`icloud: full listing of ${full.assets} assets`, round(full.seconds, 1), 's', undefined, undefined, `${round(full.assets / full.seconds, 0)} assets/s`),
      row('icloud: peak memory of that', round(full.peak, 0), 'MB', undefined, undefined, `${round(full.before, 0)} MB before it began`),
      row('icloud: the same, unchanged: requests', requests, '', '≤ 3', requests <= 3, `${unchanged.zones} zones had changes`),
      row('icloud: the same, unchanged: time', round(unchanged.seconds), 's', '≤ 2', unchanged.seconds <= 2),
    ];
  });
}
