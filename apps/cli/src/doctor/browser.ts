import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '@media-pipeline/config';
import { errnoOf } from '@media-pipeline/files';
import { installedChromium } from '@media-pipeline/stage';
import { haltAdvice, needsBrowser, uploadHaltOf } from '../icloud/uploads';
import { fail, ok, reasonOf, warn, type Finding } from './finding';

const run = promisify(execFile);
const patienceMs = 30_000;
const install = 'sudo apt-get install chromium; CHROMIUM_PATH names one that lies elsewhere. Or ICLOUD_UPLOAD_ROUTE=http, which needs none.';

/**
 * The Chromium that uploads to iCloud use, tried with a page of its own, whether its sandbox can be had, and whether Apple's page has halted
 * uploads; nothing where none is used.
 */
export async function checkBrowser(config: Config, isRoot = process.getuid?.() === 0): Promise<Finding[]> {
  if (!needsBrowser(config)) return [];
  const halt = await uploadHaltOf(config);
  return [...(await checkChromium(config, isRoot)), ...(halt ? [warn('iCloud uploads', `halted since ${halt.at}: ${halt.reason}`, haltAdvice)] : [])];
}

async function checkChromium(config: Config, isRoot: boolean): Promise<Finding[]> {
  const program = config.browser.executable ?? (await installedChromium());
  // By route auto or http the browser is the second choice.
  const missing = config.icloud.upload.route === 'browser' ? fail : warn;
  if (program === null) return [missing('Chromium', 'not installed, and uploads to iCloud use it', install)];
  try {
    const { stdout } = await run(program, ['--version'], { timeout: patienceMs });
    return [ok('Chromium', `${/(\d+(?:\.\d+)+)/.exec(stdout)?.[1] ?? 'unknown version'} (${program})`), await checkSandbox(program, isRoot)];
  } catch (error) {
    return [missing('Chromium', errnoOf(error) === 'ENOENT' ? `${program} is not there` : `${program} does not run: ${reasonOf(error)}`, install)];
  }
}

async function checkSandbox(program: string, isRoot: boolean): Promise<Finding> {
  const about = 'Chromium sandbox';
  if (isRoot) {
    const broken = await showPage(program, ['--no-sandbox']);
    return broken === null ? warn(about, 'off: Chromium refuses it to root', 'Run the pipeline as a user of its own, not as root.') : fail('Chromium', `does not start: ${broken}`, install);
  }
  const broken = await showPage(program, []);
  if (broken === null) return ok(about, 'on');
  const without = await showPage(program, ['--no-sandbox']);
  if (without !== null) return fail('Chromium', `does not start: ${without}`, install);
  return warn(about, 'off: this machine offers no user namespaces to it, so that it runs without', 'Let users make namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0); in a container, a seccomp profile that allows them.');
}

/** @returns what went wrong; null: an empty page was shown */
async function showPage(program: string, more: readonly string[]): Promise<string | null> {
  const profile = await mkdtemp(path.join(tmpdir(), 'media-pipeline-doctor-'));
  try {
    await run(program, ['--headless', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, ...more, '--dump-dom', 'about:blank'], { timeout: patienceMs, killSignal: 'SIGKILL' });
    return null;
  } catch (error) {
    return reasonOf(error);
  } finally {
    // Chromium's helpers may still write for a moment.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
