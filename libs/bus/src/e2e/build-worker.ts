import { transformFile, type Options } from '@swc/core';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const workspace = resolve(__dirname, '../../../..');

export interface BuiltWorker {
  readonly main: string;
  remove(): Promise<void>;
}

/** Transpiles worker.ts with what it needs of the workspace, below the ignored `tmp/`: a child process cannot run through Jest. */
export async function buildWorker(): Promise<BuiltWorker> {
  await mkdir(join(workspace, 'tmp'), { recursive: true });
  const target = await mkdtemp(join(workspace, 'tmp', 'bus-worker-'));
  const { exclude: _, $schema: __, ...settings } = JSON.parse(await readFile(join(workspace, '.swcrc'), 'utf8')) as Options & { $schema?: string };
  const options = { ...settings, swcrc: false, cwd: workspace, jsc: { ...settings.jsc, baseUrl: workspace } };
  for (const library of ['libs/contracts/src', 'libs/bus/src']) {
    for (const file of await readdir(join(workspace, library), { recursive: true })) {
      if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
      const { code } = await transformFile(join(workspace, library, file), options);
      const output = join(target, library, file.replace(/\.ts$/, '.js'));
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output, code);
    }
  }
  return { main: join(target, 'libs/bus/src/e2e/worker.js'), remove: () => rm(target, { recursive: true, force: true }) };
}
