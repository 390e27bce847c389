// npm test: sets up what is missing, then lint, dead code, types, unit and integration tests, the crash test; ends with the totals.
// npm test -- PATTERN: only the specs whose path matches.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { nxEnvironment } from './setup/build.mjs';
import { setUpTests } from './setup/index.mjs';
import { node } from './setup/runtime.mjs';
import { elapsed, runMain } from './setup/say.mjs';
import { root, runThrough } from './setup/shell.mjs';
import { closingLine, summarize } from './setup/totals.mjs';

const results = path.join(root, 'tmp', 'test-results');
const heading = (name) => process.stdout.write(`\n== ${name}\n`);

/** Runs one tool of ours on the pinned Node; without colours, so that what is tested prints the same at a terminal and in CI. @returns {Promise<number>} its exit code */
async function step(name, script, args, limitMs = 600_000) {
  heading(name);
  const since = performance.now();
  const code = await runThrough(node, [path.join(root, 'node_modules', script), ...args], { cwd: root, env: { ...nxEnvironment(), NO_COLOR: '1' }, limitMs });
  process.stdout.write(`-- ${name}: ${code === 0 ? 'ok' : `FAILED (exit code ${code})`} in ${elapsed(since)}\n`);
  return code;
}

/** One Jest run. @param {string[]} patterns first of its arguments: an option that takes a list would swallow them @returns {Promise<{ code: number, report: object | null }>} `report` is Jest's own JSON, null when it wrote none */
async function jest(name, patterns, args) {
  const file = path.join(results, `${name.replaceAll(' ', '-')}.json`);
  // A test that leaves something running is named by Jest; waiting for it would be for ever.
  const code = await step(name, 'jest/bin/jest.js', [...patterns, '--json', `--outputFile=${file}`, '--passWithNoTests', '--forceExit', ...args], 1_800_000);
  try {
    return { code, report: JSON.parse(readFileSync(file, 'utf8')) };
  } catch {
    return { code, report: null };
  }
}

await runMain(async () => {
  await setUpTests();
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const patterns = process.argv.slice(2);
  const workers = `--maxWorkers=${Math.max(1, Math.min(4, availableParallelism()))}`;
  const checks = [];
  const check = async (name, script, args) => checks.push({ name, failed: (await step(name, script, args)) !== 0 });
  if (patterns.length === 0) {
    await check('lint', 'eslint/bin/eslint.js', ['.']);
    await check('dead code', 'knip/bin/knip.js', ['--no-progress']);
    await check('types', 'typescript/bin/tsc', ['-p', 'tsconfig.json']);
  }
  const tests = await jest('unit and integration tests', patterns, [workers, '--testPathIgnorePatterns=/apps/[^/]+/e2e/']);
  // One after the other: these start the pipeline's processes and need the machine for themselves.
  const crash = await jest('crash and end-to-end tests', patterns, ['--runInBand', '--testPathIgnorePatterns=^(?!.*/apps/[^/]+/e2e/)']);
  const summary = summarize(checks, [tests, crash], patterns);
  process.stdout.write('\n');
  for (const problem of summary.problems) process.stdout.write(`FAILED: ${problem}\n`);
  process.stdout.write(`${closingLine(summary)}\n`);
  return summary.failed === 0 ? 0 : 1;
});
