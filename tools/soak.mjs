// npm run soak [-- PATTERN…] [--minutes N]: runs the tests that draw lots (properties, random kills) over and over, each round with a new seed.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, nxEnvironment } from './setup/build.mjs';
import { setUpTests } from './setup/index.mjs';
import { node } from './setup/runtime.mjs';
import { elapsed, runMain } from './setup/say.mjs';
import { root, runThrough } from './setup/shell.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string', default: '10' }, help: { type: 'boolean', short: 'h', default: false } } });
const limitMs = Number(values.minutes) * 60_000;

const jest = path.join(root, 'node_modules/jest/bin/jest.js');

/** The specs that use fast-check or a crash seed, themselves or by what they import, and whose path holds one of the patterns (all of them without one). */
function seededTests(patterns) {
  const lines = (command, args) => spawnSync(command, args, { cwd: root, encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  const importing = lines('git', ['grep', '-lE', "from 'fast-check'|= crashSeed", '--', '*.ts', '*.mjs']);
  const specs = lines(node, [jest, '--listTests', '--findRelatedTests', ...importing]).map((file) => path.relative(root, file));
  return patterns.length === 0 ? specs : specs.filter((spec) => patterns.some((pattern) => spec.includes(pattern)));
}

await runMain(async () => {
  if (values.help || !(limitMs > 0)) {
    process.stdout.write('Usage: npm run soak [-- PATTERN…] [--minutes N]\n  PATTERN      only the tests whose path holds it (default: all)\n  --minutes N  rounds begin for this long (default: 10); it ends at the first round that fails\n');
    return values.help ? 0 : 2;
  }
  await setUpTests();
  await build();
  const specs = seededTests(positionals);
  if (specs.length === 0) {
    process.stderr.write(`no such test's path holds ${positionals.join(' or ')}\n`);
    return 2;
  }
  const since = performance.now();
  for (let round = 1; round === 1 || performance.now() - since < limitMs; round++) {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`\n== round ${round}, seed ${seed}, ${specs.length} specs\n`);
    const env = { ...nxEnvironment(), NO_COLOR: '1', MEDIA_PIPELINE_PROPERTY_SEED: String(seed), MEDIA_PIPELINE_CRASH_SEED: String(seed % 4_000) };
    const code = await runThrough(node, [jest, '--runTestsByPath', ...specs, '--forceExit', '--silent'], { cwd: root, env });
    if (code !== 0) {
      process.stdout.write(`\nRound ${round} failed after ${elapsed(since)}. Again: MEDIA_PIPELINE_PROPERTY_SEED=${seed} MEDIA_PIPELINE_CRASH_SEED=${seed % 4_000} npm test -- PATTERN\n`);
      return 1;
    }
  }
  process.stdout.write(`\nNothing found in ${elapsed(since)}.\n`);
  return 0;
});
