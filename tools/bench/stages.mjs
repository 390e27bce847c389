// Stages as separate processes on a broker of their own, as compose runs them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { stageMain, start } from './pipeline.mjs';

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Gives `measure` a way to start stages and to wait for assets; ends everything afterwards. */
export async function withStages(library, source, measure) {
  await mkdir(library, { recursive: true });
  const port = await freePort();
  const store = path.join(library, '.bench-nats');
  await mkdir(store, { recursive: true });
  const config = path.join(store, 'nats.conf');
  await writeFile(config, `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(store)} }\n`);
  const { PATH, HOME } = process.env;
  const children = [spawn('nats-server', ['-c', config], { env: { PATH: `${PATH}:/usr/sbin:/usr/local/bin`, HOME }, stdio: 'ignore' })];
  const env = { NAS_MOUNT: library, FOLDER_SOURCE_PATH: source, FOLDER_SOURCE_STABLE_SECONDS: '0', NATS_URL: `nats://127.0.0.1:${port}`, ENABLE_FILE_PREPARATION: 'false' };
  const startStage = (stage, more = {}) => {
    const child = start(stageMain(stage), [], { ...env, ...more }, ['ignore', 'ignore', 'inherit']);
    children.push(child);
    return child;
  };
  // opened once: what watches shall not take a core from what is watched
  let database = null;
  const untilState = async (state, count) => {
    const file = path.join(library, '.media-pipeline', 'media-pipeline.sqlite');
    for (const end = Date.now() + 600_000; Date.now() < end; await pause(100)) {
      try {
        database ??= new Sqlite(file, { readonly: true, timeout: 5000 });
        const { found } = database.prepare('select count(*) as found from assets where state = ?').get(state);
        if (found >= count) return;
      } catch {
        // The stages are still making the database.
      }
    }
    throw new Error(`waited in vain for ${count} assets to be ${state}`);
  };
  try {
    return await measure({ startStage, untilState });
  } finally {
    database?.close();
    for (const child of children.toReversed()) {
      if (child.exitCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
  }
}
