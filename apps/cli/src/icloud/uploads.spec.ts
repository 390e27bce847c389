import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { Library } from '@media-pipeline/files';
import { haltUploads, liftUploadHalt } from '@media-pipeline/icloud';
import { checkBrowser } from '../doctor/browser';
import { overviewLines, overviewOf } from './overview';
import { needsBrowser, uploadHaltOf } from './uploads';

const configOf = (env: Record<string, string>) => loadConfig({ env: {}, overrides: { ICLOUD_USERNAME: 'anna@example.com', ...env } }).config;

it.each([
  [{}, true],
  [{ ICLOUD_UPLOAD_ROUTE: 'auto' }, true],
  [{ ICLOUD_UPLOAD_ROUTE: 'http' }, true],
  [{ ICLOUD_UPLOAD_ROUTE: 'http', ICLOUD_REFUSED_TYPES: 'keep' }, false],
  [{ ENABLE_ICLOUD_UPLOAD: 'false' }, false],
  [{ ICLOUD_USERNAME: '' }, false],
] as const)('a browser is needed with %j: %s', (env, expected) => {
  expect(needsBrowser(configOf(env))).toBe(expected);
});

it('a page that nobody knows is told by status and doctor until uploads go on', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'uploads-'));
  try {
    const env = { NAS_MOUNT: folder, CHROMIUM_PATH: path.join(folder, 'none') };
    const config = configOf(env);
    const library = new Library(config.library.areas, config.library.root);
    const repositories = { cursors: { list: () => Promise.resolve([]) }, assets: { countGone: () => Promise.resolve({ hidden: 0, trashed: 0, purged: 0 }) } } as unknown as Parameters<typeof overviewOf>[1];
    expect(await overviewOf(config, repositories)).toMatchObject({ uploadHalt: null });

    await haltUploads(library, { at: '2026-11-23T05:00:00.000Z', reason: 'no control for uploading was found (logs/icloud-upload/x)', selectors: 'a' });
    const overview = await overviewOf(config, repositories);
    expect(overview).toMatchObject({ attention: true, uploadHalt: { selectors: 'a' } });
    expect(overviewLines(overview).at(-1)).toMatch(/^Uploads by iCloud's page are halted since 2026-11-23.*logs\/icloud-upload\/x.*ICLOUD_SELECTORS_FILE.*dlq retry/);
    expect(await checkBrowser(config)).toContainEqual(expect.objectContaining({ level: 'warn', about: 'iCloud uploads', detail: expect.stringContaining('logs/icloud-upload/x') as unknown }));
    expect(await uploadHaltOf(configOf({ ...env, ICLOUD_UPLOAD_ROUTE: 'http', ICLOUD_REFUSED_TYPES: 'keep' }))).toBeNull();

    await liftUploadHalt(library);
    expect(await uploadHaltOf(config)).toBeNull();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
