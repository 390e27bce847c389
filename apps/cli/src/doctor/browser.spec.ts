import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { checkBrowser } from './browser';

const config = (env: Record<string, string>) => loadConfig({ env: {}, overrides: { ICLOUD_USERNAME: 'anna@example.com', ...env } }).config;

it('none is looked for where none is used', async () => {
  expect(await checkBrowser(config({ ENABLE_ICLOUD_UPLOAD: 'false' }))).toEqual([]);
});

describe('the Chromium that is looked at', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'doctor-'))));
  afterEach(async () => await rm(folder, { recursive: true }));

  /** A program that says what version it is, and runs with these arguments only. */
  async function browser(runs: string): Promise<string> {
    const program = path.join(folder, 'chromium');
    await writeFile(program, `#!/bin/sh\nif [ "$1" = --version ]; then echo "Chromium 143.0.1.2 built on Debian"; exit; fi\ncase "$*" in ${runs}) exit 0;; esac\necho "No usable sandbox!" >&2; exit 1\n`);
    await chmod(program, 0o755);
    return program;
  }

  it('is missing: how to install it', async () => {
    const elsewhere = { CHROMIUM_PATH: path.join(folder, 'none') };
    expect(await checkBrowser(config(elsewhere))).toMatchObject([{ level: 'fail', about: 'Chromium', advice: expect.stringContaining('apt-get install chromium') as unknown }]);
    expect(await checkBrowser(config({ ...elsewhere, ICLOUD_UPLOAD_ROUTE: 'auto' }))).toMatchObject([{ level: 'warn' }]);
  });

  it.each([
    ['its sandbox', '*', false, 'ok', 'on'],
    ['no user namespaces', '*--no-sandbox*', false, 'warn', 'user namespaces'],
    ['root', '*--no-sandbox*', true, 'warn', 'root'],
    ['nothing that runs', 'never', false, 'fail', 'does not start'],
  ] as const)('has %s', async (_, runs, isRoot, level, detail) => {
    const [version, sandbox] = await checkBrowser(config({ CHROMIUM_PATH: await browser(runs) }), isRoot);
    expect(version).toMatchObject({ level: 'ok', detail: expect.stringMatching(/^143\.0\.1\.2 \(/) as unknown });
    expect(sandbox).toMatchObject({ level, detail: expect.stringContaining(detail) as unknown });
  });

  it('is the real one, where it is installed', async () => {
    const [found, sandbox] = await checkBrowser(config({}));
    if (found?.level !== 'ok') {
      console.warn('skipped: no Chromium is installed');
      return;
    }
    expect(sandbox?.level).not.toBe('fail');
  }, 120_000);
});
