import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { loadConfig, settingKeys, settingsCatalogue, SettingsError } from './index';
import { parseSetting } from './load';
import type { Setting } from './setting';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'settings-'));
});
afterEach(() => rm(directory, { recursive: true }));

const settingsFile = async (content: string): Promise<string> => {
  const file = path.join(directory, 'settings.env');
  await writeFile(file, content);
  return file;
};
const problemsOf = (load: () => unknown): readonly string[] => {
  try {
    load();
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
};

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const { config, warnings } = loadConfig({ env: {} });
    const root = path.resolve('library');
    expect(warnings).toEqual([]);
    expect(config.library.root).toBe(root);
    expect(config.library.areas['bridge/icloud']).toBe(path.join(root, 'bridge/icloud'));
    expect(config.database).toEqual({ kind: 'sqlite', file: path.join(root, '.media-pipeline/media-pipeline.sqlite') });
    expect(config.compression).toMatchObject({ jpegQuality: null, qualityTarget: 'high', qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: ['screenshot', 'spatial'], memoryLimit: null, initialResizePercentage: 100, initialVideoResolution: null, maxFiles: null });
    expect(config.bridge).toMatchObject({ maxBytes: 5_000_000_000, maxFiles: 500, maxWaitMs: 300_000 });
    expect(config.bus).toEqual({ url: 'nats://127.0.0.1:4222', external: false });
  });

  it('takes flags before environment before secrets directory before file before default', async () => {
    const file = await settingsFile('JPEG_QUALITY=71\nVIDEO_CRF=21\nMAX_PROCESSING_FILES=11\nSECRETS_DIR=' + path.join(directory, 'secrets'));
    await mkdir(path.join(directory, 'secrets'));
    await writeFile(path.join(directory, 'secrets/VIDEO_CRF'), '22\n');
    await writeFile(path.join(directory, 'secrets/JPEG_QUALITY'), '72\n');
    await writeFile(path.join(directory, 'secrets/unrelated'), 'x');
    const { config } = loadConfig({ file, env: { JPEG_QUALITY: '73' }, overrides: {} });
    expect([config.compression.jpegQuality, config.compression.videoCrf, config.bridge.maxFiles]).toEqual([73, 22, 11]);
    expect(loadConfig({ file, env: { JPEG_QUALITY: '73' }, overrides: { JPEG_QUALITY: '74' } }).config.compression.jpegQuality).toBe(74);
  });

  it('is frozen to the bottom', () => {
    const { config } = loadConfig({ env: {} });
    expect(Object.isFrozen(config.library.areas) && Object.isFrozen(config.folderSource.patterns)).toBe(true);
  });

  it('counts relative paths of the file from the file, and an area from the library', async () => {
    const { config } = loadConfig({ file: await settingsFile('NAS_MOUNT=photos\nSORTED_DIR=archive\nCLEANUP_DIR=/var/tmp/cleanup\nDATABASE_URL=sqlite:db/x.sqlite'), env: {} });
    expect(config.library.root).toBe(path.join(directory, 'photos'));
    expect(config.library.areas.sorted).toBe(path.join(directory, 'photos/archive'));
    expect(config.library.areas.cleanup).toBe('/var/tmp/cleanup');
    expect(config.database).toEqual({ kind: 'sqlite', file: path.join(directory, 'photos/db/x.sqlite') });
  });

  it('reads MEDIA_PIPELINE_CONFIG, and says so when a named file is not there', async () => {
    const file = await settingsFile('LOG_LEVEL=debug');
    expect(loadConfig({ env: { MEDIA_PIPELINE_CONFIG: file } }).config).toMatchObject({ file, log: { level: 'debug' } });
    expect(problemsOf(() => loadConfig({ file: path.join(directory, 'missing.env'), env: {} }))[0]).toContain('cannot be read');
  });

  it('lists all problems at once, with what is accepted', async () => {
    const file = await settingsFile('JPEG_QUALITY=850\nENABLE_SORTING=maybe\nVIDEO_PRESET=quick\nPIPELINE_EXECUTION_MODE=scheduled\nICLOUD_UPLOAD_TIMEOUT=10\nICLOUD_UPLOAD_TIMEOUT_MS=20000\nTELEGRAM_BOT_TOKEN=123:abc');
    const problems = problemsOf(() => loadConfig({ file, env: {} }));
    expect(problems).toHaveLength(6);
    expect(problems.join('\n')).toContain('JPEG_QUALITY="850" is more than 100; accepts a whole number from 1 to 100');
    expect(problems.join('\n')).toContain('ENABLE_SORTING="maybe" is neither true nor false');
    expect(problems.join('\n')).toContain('PIPELINE_EXECUTION_INTERVAL_MINUTES is missing');
    expect(problems.join('\n')).toContain('TELEGRAM_CHAT_ID is missing');
  });

  it('refuses areas that overlap and a source inside the library', () => {
    const problems = problemsOf(() => loadConfig({ env: {}, overrides: { NAS_MOUNT: '/lib', SORTED_DIR: 'originals/sorted', FOLDER_SOURCE_PATH: '/lib/originals' } }));
    expect(problems.join('\n')).toContain('SORTED_DIR="/lib/originals/sorted" overlaps ORIGINALS_DIR');
    expect(problems.join('\n')).toContain('FOLDER_SOURCE_PATH="/lib/originals" lies in');
    expect(problemsOf(() => loadConfig({ env: {}, overrides: { NAS_MOUNT: '/photos/lib', FOLDER_SOURCE_PATH: '/photos' } })).join()).toContain('holds the library');
    expect(problemsOf(() => loadConfig({ env: {}, overrides: { NAS_MOUNT: '/lib', FOLDER_SOURCE_PATH: '/lib/inbox' } }))).toEqual([]);
  });

  it('lets nothing be made that is uploaded and not taken, or that the encoder does not know', () => {
    const load = (more: Record<string, string>) => () => loadConfig({ env: { VIDEO_ENCODER: 'svt-av1', VIDEO_CRF: '55', ...more } });
    const offline = { ENABLE_ICLOUD_UPLOAD: 'false', ENABLE_PIXEL_UPLOAD: 'false' };
    expect(problemsOf(load({})).join('\n')).toContain('VIDEO_ENCODER="svt-av1" makes AV1');
    expect(problemsOf(load(offline))).toEqual([]);
    expect(problemsOf(load({ ...offline, VIDEO_ENCODER: 'x265' })).join('\n')).toContain('VIDEO_CRF="55" is more than x265 knows');
  });

  it('warns of unknown keys with the nearest name, and of lines that mean nothing, but only in the file', async () => {
    const file = await settingsFile('JPG_QUALITY=80\nENABLE_SORTING false\nCOMPLETELY_DIFFERENT=1\n# fine\nVIDEO_CRF="2\n3"\n');
    const load = (): unknown => loadConfig({ file, env: { JPEG_QUALITI: '1' } });
    expect(load).toThrow('VIDEO_CRF');
    const { warnings } = loadConfig({ file: await settingsFile('JPG_QUALITY=80\nENABLE_SORTING false\nCOMPLETELY_DIFFERENT=1\n# fine\n'), env: { JPEG_QUALITI: '1' } });
    expect(warnings).toEqual([
      expect.stringContaining('settings.env:2: this line is ignored'),
      expect.stringContaining('unknown setting JPG_QUALITY; did you mean JPEG_QUALITY?'),
      expect.stringContaining('unknown setting COMPLETELY_DIFFERENT; see docs/CONFIGURATION.md'),
    ]);
  });

  it('never prints a secret', () => {
    const secret = 'hunter2,:@secret';
    const encoded = encodeURIComponent(secret);
    const overrides = { ICLOUD_PASSWORD: secret, DATABASE_URL: `postgres://u:${encoded}@h/db?sslpassword=${encoded}`, NATS_URL: `nats://a:${encoded}@h:1,nats://${encoded}@h:2`, JPEG_QUALITY: 'x' };
    const message = problemsOf(() => loadConfig({ env: {}, overrides })).join('\n');
    expect(message).toContain('JPEG_QUALITY');
    expect(message).not.toContain('hunter2');
    expect(problemsOf(() => loadConfig({ env: {}, overrides: { DATABASE_URL: `mysql://u:${secret}@h/db` } })).join()).not.toContain('hunter2');
    expect(problemsOf(() => loadConfig({ env: {}, overrides: { DATABASE_URL: `postgres://u:${secret}@h:x/db` } })).join()).not.toContain('hunter2');
    const { redact, effective } = loadConfig({ env: {}, overrides: { ...overrides, ICLOUD_USERNAME: 'anna', JPEG_QUALITY: '80' } });
    expect(redact(`failed: postgres://u:${encoded}@h and ${secret}`)).toBe('failed: postgres://u:********@h and ********');
    expect(JSON.stringify(effective)).not.toContain('hunter2');
  });
});

describe('each type of setting', () => {
  const valueOf = (key: Parameters<typeof parseSetting>[0], text: string): unknown => {
    const result = parseSetting(key, text);
    return 'value' in result ? result.value : result.problem;
  };

  it.each([
    ['ENABLE_SORTING', 'Yes', true],
    ['ENABLE_SORTING', 'off', false],
    ['ENABLE_SORTING', '1', true],
    ['DRAIN_SECONDS', '30', 30_000],
    ['DRAIN_SECONDS', '2m', 120_000],
    ['RETRY_DELAY', '1500', 1_500],
    ['CLEANUP_RETENTION_DAYS', '7', 7 * 86_400_000],
    ['PIPELINE_EXECUTION_INTERVAL_MINUTES', '90', 5_400_000],
    ['MAX_PROCESSING_SIZE_GB', '1.5', 1_500_000_000],
    ['MAX_PROCESSING_SIZE_GB', '500 MB', 500_000_000],
    ['MAX_PROCESSING_SIZE_GB', '2GiB', 2 ** 31],
    ['INITIAL_VIDEO_RESOLUTION', '1080p', 1080],
    ['INITIAL_VIDEO_RESOLUTION', '1920x1080', 1080],
    ['FOLDER_SOURCE_PATTERNS', ' *.jpg, *.{heic,mov} ', ['*.jpg', '*.{heic,mov}']],
    ['PUPPETEER_EXTRA_ARGS', '--lang=en --window-size=1,2,--x', ['--lang=en', '--window-size=1,2', '--x']],
    ['DATABASE_URL', 'sqlite:///var/db.sqlite', { kind: 'sqlite', file: '/var/db.sqlite' }],
    ['DATABASE_URL', 'postgresql://u@h/db', { kind: 'postgres', url: 'postgresql://u@h/db' }],
  ] as const)('%s=%s', (key, text, expected) => {
    expect(valueOf(key, text)).toEqual(expected);
  });

  it.each([
    ['DRAIN_SECONDS', '-1'],
    ['DRAIN_SECONDS', '2 hours'],
    ['MAX_PROCESSING_SIZE_GB', '0'],
    ['MOUNT_PERMISSIONS', '888'],
    ['SYNCTHING_URL', 'localhost:8384'],
    ['NATS_URL', 'http://x'],
    ['LOG_LEVEL', 'loud'],
    ['JPEG_QUALITY', '85.5'],
  ] as const)('%s=%s is refused', (key, text) => {
    expect(parseSetting(key, text)).toHaveProperty('problem');
  });

  it('prints what it parses and parses what it prints', () => {
    const texts = fc.oneof(fc.integer({ min: 0, max: 100_000 }).map(String), fc.constantFrom('true', 'no', '1.5', '90s', '20m', '2GiB', 'medium', 'none', 'a,b', '--x --y', '775', 'sqlite:/x', 'https://h/x', 'nats://h:1', 'info'), fc.string());
    fc.assert(
      fc.property(fc.constantFrom(...settingKeys), texts, (key, text) => {
        const parsed = parseSetting(key, text);
        if ('problem' in parsed) return;
        const printed = (settingsCatalogue[key] as Setting).type.codec.encode(parsed.value as never);
        expect(parseSetting(key, printed)).toEqual(parsed);
      }),
      { numRuns: 3_000 },
    );
  });

  it('has a default and an example that it accepts', () => {
    for (const key of settingKeys) {
      const { default: fallback, example } = settingsCatalogue[key];
      for (const text of [fallback, example]) if (text) expect([key, Object.keys(parseSetting(key, text))]).toEqual([key, ['value']]);
    }
  });
});
