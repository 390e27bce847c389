// One measurement of uploads in a process of its own: upload-client.mjs bare|task '<json>'. Prints one JSON line.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './pipeline.mjs';

const require = createRequire(import.meta.url);
const built = (lib) => require(path.join(root, `dist/libs/${lib}/src/index.js`));
const [what, json] = process.argv.slice(2);
const { folder, urls, atOnce, library: place, env } = JSON.parse(json);

const measures = {
  /** A loop on fetch that posts each file to an address that it was given, and does nothing else. */
  bare: async () => {
    const queue = (await readdir(folder)).map((name, at) => ({ file: path.join(folder, name), url: urls[at] }));
    const began = performance.now();
    await Promise.all(Array.from({ length: atOnce }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const answer = await fetch(next.url, { method: 'POST', body: await readFile(next.file) });
        if (!answer.ok) throw new Error(`the stand-in answers ${answer.status}`);
        await answer.arrayBuffer();
      }
    }));
    return { seconds: (performance.now() - began) / 1000 };
  },
  /** `icloud upload` without the start of its process: reads, hashes, looks, writes down, hands over, looks until all is there. */
  task: async () => {
    const { Library } = built('files');
    const { Database } = built('schema');
    const { createLogger, loadStage, runTask } = built('stage');
    const { config } = built('config').loadConfig({ env: {}, overrides: { NAS_MOUNT: place, ...env } });
    const library = Library.at(place);
    await library.prepare();
    const database = await Database.open({ kind: 'sqlite', file: path.join(place, '.media-pipeline', 'bench.sqlite') });
    const stage = await loadStage('icloud-uploader');
    const ready = [];
    const began = performance.now();
    const result = await runTask(stage, 'icloud-upload', { config, library, database, logger: createLogger({ level: 'fatal' }, 'bench') }, { directory: folder, dryRun: false, interactive: false, retries: 0, retryDelayMs: 0 }, {
      signal: AbortSignal.any([]),
      onEvent: ({ step }) => {
        const [, ms] = /^Photos interface ready after (\d+) ms$/.exec(step ?? '') ?? [];
        if (ms) ready.push(Number(ms));
      },
    });
    const seconds = (performance.now() - began) / 1000;
    await database.close();
    return { seconds, ready, ...result };
  },
};

process.stdout.write(`${JSON.stringify(await measures[what]())}\n`);
