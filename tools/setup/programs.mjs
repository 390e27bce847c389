import { elapsed, say, SetupError } from './say.mjs';
import { capture, which } from './shell.mjs';

/** System programs and the Debian/Ubuntu package of each. */
export const programs = [
  { program: 'nats-server', package: 'nats-server', why: 'carries the messages' },
  { program: 'ffmpeg', package: 'ffmpeg', why: 'compresses videos' },
  { program: 'ffprobe', package: 'ffmpeg', why: 'looks into videos' },
  { program: 'perl', package: 'perl', why: 'runs ExifTool' },
];

/** What only tests need. */
export const testPrograms = [{ program: 'chromium', package: 'chromium', why: 'shows the web page of the local iCloud' }];

/**
 * What to do about missing programs. Pure: `installSystemPrograms` does it.
 * @param {{ missing: string[], apt: boolean, root: boolean, sudo: boolean }} machine `missing` in packages; `sudo` works without a password
 * @returns {{ how: 'nothing' } | { how: 'run', prefix: string[] } | { how: 'ask', message: string }}
 */
export function planInstallation({ missing, apt, root, sudo }) {
  if (missing.length === 0) return { how: 'nothing' };
  const list = missing.join(' ');
  if (!apt) return { how: 'ask', message: `These programs are missing: ${list}. Install them with this system's package manager, then run the command again.` };
  if (root) return { how: 'run', prefix: [] };
  if (sudo) return { how: 'run', prefix: ['sudo', '-n'] };
  return { how: 'ask', message: `These system packages are missing: ${list}. Type this, then run the command again:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${list}\n` };
}

async function apt(prefix, args, settings = []) {
  const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...settings, 'apt-get', ...args];
  return capture(command, rest);
}

/** Sees to it that the programs are there; installs them where it may, else says what to type. @param {typeof programs} wanted */
export async function installSystemPrograms(wanted) {
  const absent = wanted.filter(({ program }) => which(program) === null);
  if (absent.length === 0) return;
  const missing = [...new Set(absent.map((entry) => entry.package))];
  const isRoot = process.getuid?.() === 0;
  const sudo = !isRoot && which('sudo') !== null && (await capture('sudo', ['-n', 'true'])).code === 0;
  const plan = planInstallation({ missing, apt: which('apt-get') !== null, root: isRoot, sudo });
  if (plan.how === 'ask') throw new SetupError(plan.message);
  const since = performance.now();
  say(`Installing system packages with apt: ${missing.join(' ')} …`);
  const update = await apt(plan.prefix, ['update', '-qq']);
  const install = await apt(plan.prefix, ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  const still = absent.filter(({ program }) => which(program) === null);
  if (install.code !== 0 || still.length > 0) {
    const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
    throw new SetupError(`${update.code === 0 ? '' : update.output}${install.output.trim()}\n\n${command} did not bring: ${(still.length > 0 ? still : absent).map(({ program }) => program).join(', ')}. Mend what apt says, then run the command again.`);
  }
  say(`  system packages installed in ${elapsed(since)}`);
}
