import { existsSync } from 'node:fs';
import path from 'node:path';
import { node } from './runtime.mjs';
import { say, SetupError } from './say.mjs';
import { capture, root, runThrough } from './shell.mjs';

/** The built command. */
export const cli = path.join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
/** Where the sample library is made. */
export const sample = path.join(root, 'tmp', 'sample');

const commands = new Set(['run', 'up', 'status', 'asset', 'publish', 'dlq', 'reconcile', 'icloud', 'config', 'nas', 'doctor', 'help', '--version', '-V']);
const asksForHelp = (args) => args.some((arg) => arg === '--help' || arg === '-h');
const hasFlag = (args, flag) => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));

/**
 * What `npm start -- …` means for `media-pipeline`: a command word is taken as it is, anything else belongs to `run`.
 * With no source named anywhere, `run` gets the sample library.
 * @param {string[]} args
 * @param {boolean} hasSettings whether a settings file or the environment may name a source
 * @returns {{ args: string[], needsSample: boolean }}
 */
export function commandFor(args, hasSettings) {
  if (commands.has(args[0])) return { args, needsSample: false };
  if (asksForHelp(args)) return { args: ['run', ...args], needsSample: false };
  const needsSample = !hasSettings && !hasFlag(args, '--source') && !hasFlag(args, '--config');
  return { args: ['run', ...args], needsSample };
}

/** Runs the built command where the user typed it, so that relative paths mean what they look like. @returns {Promise<number>} */
export async function runCommand(args) {
  if (!existsSync(cli)) throw new SetupError(`${cli} is missing after the build: remove dist/ and .nx/, then run the command again.`);
  return runThrough(node, ['--enable-source-maps', cli, ...args], { cwd: process.env.INIT_CWD || process.cwd() });
}

/** Makes the sample's photos and videos unless they are there. */
export async function makeSample() {
  const { code, output } = await capture(node, [path.join(root, 'tools', 'sample', 'make.mjs'), path.join(sample, 'source')]);
  if (code !== 0) throw new SetupError(`${output.trim()}\n\nThe sample library could not be made.`);
  if (output.trim()) say(output.trim());
}

/** What `npm start` does once everything is set up. @param {string[]} given @returns {Promise<number>} */
export async function startPipeline(given) {
  const where = process.env.INIT_CWD || process.cwd();
  const hasSettings = Boolean(process.env.FOLDER_SOURCE_PATH || process.env.MEDIA_PIPELINE_CONFIG) || existsSync(path.join(where, 'settings.env'));
  const { args, needsSample } = commandFor(given, hasSettings);
  if (needsSample) {
    await makeSample();
    // A library of its own: the sample's pictures never mix with a real library, and both go with one `rm -r tmp/sample`.
    const library = hasFlag(args, '--library') ? [] : ['--library', path.join(sample, 'library')];
    // At a terminal it watches on until Ctrl-C; where nobody can press that, a minute is left for a client to join in.
    const stay = process.stdout.isTTY || hasFlag(args, '--once') || hasFlag(args, '--stay') ? [] : ['--stay', '60'];
    args.push('--source', path.join(sample, 'source'), ...library, ...stay);
    say(`No --source given: running on the sample library in ${path.relative(where, path.join(sample, 'source')) || '.'}. Yours: npm start -- --source DIR --library DIR`);
  }
  return runCommand(args);
}
