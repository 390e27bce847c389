import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import path from 'node:path';

const service = 'apps/dedupe/src/dedupe.service.ts';
const boundary = '@nx/enforce-module-boundaries';
const imports = '@typescript-eslint/no-restricted-imports';
const syntax = 'no-restricted-syntax';

// [what is forbidden, the file it stands in, its content, the rule that must fire, words of the message]
const violations = [
  ['an app imports an app', service, "import { stage } from '../../bridge/src/bridge.module';\nexport const x = stage;", boundary, 'Projects cannot be imported by a relative'],
  ['the CLI imports a stage', 'libs/stage/src/definition.ts', "import { stage } from '../../../apps/bridge/src/bridge.module';\nexport const x = stage;", boundary, 'relative'],
  ['contracts imports another library', 'libs/contracts/src/stages.ts', "import { loadConfig } from '@media-pipeline/config';\nexport const x = loadConfig;", boundary, 'contracts'],
  ['contracts imports a package other than zod', 'libs/contracts/src/stages.ts', "import pino from 'pino';\nexport const x = pino;", imports, 'contracts imports only zod'],
  ['contracts imports a Node module', 'libs/contracts/src/stages.ts', "import { join } from 'node:path';\nexport const x = join;", imports, 'contracts imports only zod'],
  ['a lower layer imports a higher one (files → config)', 'libs/files/src/library.ts', "import type { Config } from '@media-pipeline/config';\nexport type X = Config;", boundary, 'scope:files'],
  ['a lower layer imports a higher one (media → schema)', 'libs/media/src/types.ts', "import type { Asset } from '@media-pipeline/schema';\nexport type X = Asset;", boundary, 'scope:media'],
  ['a lower layer imports a higher one (bus → config)', 'libs/bus/src/logger.ts', "import { loadConfig } from '@media-pipeline/config';\nexport const x = loadConfig;", boundary, 'scope:bus'],
  ['production code imports libs/testing', service, "import * as fakes from '@media-pipeline/testing';\nexport const x = fakes;", imports, 'specs and e2e tests only'],
  ['libs other than bus import @nats-io', service, "import { connect } from '@nats-io/transport-node';\nexport const x = connect;", imports, 'Only libs/bus'],
  ['… by import()', service, "export const x = import('@nats-io/jetstream');", syntax, 'Only libs/bus'],
  ['… as a type', service, "export type X = import('@nats-io/jetstream').JsMsg;", syntax, 'Only libs/bus'],
  ['… in a spec', 'libs/media/src/sniff.spec.ts', "import { connect } from '@nats-io/transport-node';\nexport const x = connect;", imports, 'Only libs/bus'],
  ['libs other than schema import typeorm', 'libs/stage/src/host.ts', "import { DataSource } from 'typeorm';\nexport const x = DataSource;", imports, 'Only libs/schema'],
  ['libs other than schema import better-sqlite3', 'libs/stage/src/host.ts', "import Sqlite from 'better-sqlite3';\nexport const x = Sqlite;", imports, 'Only libs/schema'],
  ['libs other than schema import pg', service, "import type { Pool } from 'pg';\nexport type X = Pool;", imports, 'Only libs/schema'],
  ['process.env outside libs/config', service, "export const x = process.env['HOME'];", syntax, 'Only libs/config'],
  ['globalThis.process.env', service, 'export const x = globalThis.process.env;', syntax, 'Only libs/config'],
  ['const { env } = process', service, 'const { env } = process;\nexport const x = env;', syntax, 'Only libs/config'],
  ["process['env']", service, "export const x = process['env'];", syntax, 'Only libs/config'],
  ['import from node:process', service, "import { env } from 'node:process';\nexport const x = env;", imports, 'Only libs/config'],
  ['readFileSync', service, "import { readFileSync } from 'node:fs';\nexport const x = readFileSync('a');", imports, 'Blocking calls'],
  ['fs.statSync', service, "import fs from 'node:fs';\nexport const x = fs.statSync('a');", syntax, 'Blocking calls'],
  ['execFileSync', service, "import { execFileSync } from 'node:child_process';\nexport const x = execFileSync('a');", imports, 'Blocking calls'],
  ['a promise that nobody waits for', service, 'export function x(): void {\n  Promise.resolve(1);\n}', '@typescript-eslint/no-floating-promises', ''],
  ['a switch that forgets a case', service, "export function x(y: 'a' | 'b'): number {\n  switch (y) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}", '@typescript-eslint/switch-exhaustiveness-check', '"b"'],
  ['any', service, 'export const x = (y: any): unknown => y;', '@typescript-eslint/no-explicit-any', ''],
  ['a circle of imports', 'libs/contracts/src/library-path.ts', "import { subjectNames } from './subjects';\nexport const LibraryPath = subjectNames;", 'import-x/no-cycle', ''],
  ['eslint-disable without a reason', service, '// eslint-disable-next-line no-console\nconsole.log(1);', 'comments/require-description', ''],
  ['eslint-disable for everything', service, '/* eslint-disable -- tired */\nexport const x = 1;', 'comments/no-unlimited-disable', ''],
  ['an eslint-disable that is not needed', service, '// eslint-disable-next-line no-eval -- was needed once\nexport const x = 1;', 'parse error', 'Unused eslint-disable'],
  ['a file of more than 300 lines', service, `${'export {};\n'.repeat(301)}`, 'max-lines', ''],
];

// [what is right, file, content, the rule that must stay silent]
const allowed = [
  ['process.env in libs/config', 'libs/config/src/load.ts', "export const x = process.env['HOME'];", syntax],
  ['a synchronous read in libs/config', 'libs/config/src/load.ts', "import { readFileSync } from 'node:fs';\nexport const x = readFileSync('a');", imports],
  ['@nats-io in libs/bus', 'libs/bus/src/logger.ts', "import { connect } from '@nats-io/transport-node';\nexport const x = connect;", imports],
  ['typeorm in libs/schema', 'libs/schema/src/records.ts', "import { DataSource } from 'typeorm';\nexport const x = DataSource;", imports],
  ['libs/testing in a spec', 'libs/media/src/sniff.spec.ts', "import * as fakes from '@media-pipeline/testing';\nexport const x = fakes;", boundary],
  ['a stage on any library', service, "import { identify } from '@media-pipeline/media';\nimport { hashFile } from '@media-pipeline/files';\nexport const x = [identify, hashFile];", boundary],
  ['zod in contracts', 'libs/contracts/src/stages.ts', "import { z } from 'zod';\nexport const x = z.string();", imports],
];

async function lint(cases) {
  const child = spawn(process.execPath, [path.join(__dirname, 'lint-texts.mjs')], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(cases.map(([, file, content]) => ({ file, text: `${content}\n` }))));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((resolve) => child.once('close', resolve))]);
  if (code !== 0) throw new Error(errors);
  return JSON.parse(output);
}

describe('lint', () => {
  let found;
  beforeAll(async () => {
    found = await lint([...violations, ...allowed]);
  }, 120_000);

  it.each(violations.map((violation, index) => [violation[0], violation, index]))('forbids: %s', (_name, [, , , rule, words], index) => {
    expect(found[index]).toContainEqual({ rule, message: expect.stringContaining(words) });
  });

  it.each(allowed.map((entry, index) => [entry[0], entry, violations.length + index]))('allows: %s', (_name, [, , , rule], index) => {
    expect(found[index].filter((message) => message.rule === rule)).toEqual([]);
  });
});
