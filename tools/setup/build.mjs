import path from 'node:path';
import { node } from './runtime.mjs';
import { elapsed, say, SetupError } from './say.mjs';
import { capture, environment, root } from './shell.mjs';

/** The environment in which Nx keeps to this machine and leaves no process behind. */
export const nxEnvironment = () => environment({ NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false', NX_VERBOSE_LOGGING: 'false' });

/** @param {string[]} args what would follow `nx` */
export const nx = (args) => capture(node, [path.join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), ...args], { env: nxEnvironment() });

/** Builds what changed into dist/ (cached by Nx); quiet unless it fails. */
export async function build() {
  const since = performance.now();
  const { code, output } = await nx(['run-many', '-t', 'build', '--outputStyle=static', '--parallel=2']);
  if (code !== 0) throw new SetupError(`${output.trim()}\n\nThe build failed.`);
  const cached = /(\d+) out of (\d+) tasks/.exec(output);
  if (!cached || cached[1] !== cached[2]) say(`  built in ${elapsed(since)}`);
}
