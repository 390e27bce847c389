import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './say.mjs';
import { capture, root } from './shell.mjs';

/** The pinned Node, whatever `node` the machine itself has. */
export const node = path.join(root, 'node_modules', '.bin', 'node');

/** Proves that the pinned Node is there, runs, and is the pinned one. */
export async function checkRuntime() {
  const name = `node-${process.platform}-${process.arch}`;
  const pins = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).optionalDependencies;
  const pin = pins[name];
  if (!pin) {
    const known = Object.keys(pins).filter((key) => key.startsWith('node-')).map((key) => key.slice('node-'.length));
    throw new SetupError(`This machine is ${process.platform}-${process.arch}; Media Pipeline runs on ${known.join(' and ')}. On other systems use the containers: docs/OPERATIONS.md.`);
  }
  if (!existsSync(node)) {
    throw new SetupError(`The npm package ${name}@${pin}, which brings Node ${pin}, is not installed. Was npm told to omit optional packages? Remove node_modules and run the command again.`);
  }
  const { code, output } = await capture(node, ['--version']);
  if (code !== 0 || output.trim() !== `v${pin}`) {
    throw new SetupError(`${node} should be Node ${pin} and says: ${output.trim() || `exit code ${code}`}. Remove node_modules and run the command again.`);
  }
}
