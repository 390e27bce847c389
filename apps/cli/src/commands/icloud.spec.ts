import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalICloud } from '@media-pipeline/local-icloud';
import { type } from '../e2e/type';

let directory: string;
let settings: string;
let session: string;
let cloud: LocalICloud;

const write = async (...lines: string[]): Promise<void> => writeFile(settings, ['NAS_MOUNT=library', 'ENABLE_FOLDER_DOWNLOAD=false', ...lines].join('\n'));
const withAccount = (...lines: string[]): Promise<void> =>
  write('ENABLE_ICLOUD_DOWNLOAD=true', `ICLOUD_USERNAME=${cloud.account.username}`, `ICLOUD_PASSWORD="${cloud.account.password}"`, `ICLOUD_AUTH_URL=${cloud.endpoints.auth}`, `ICLOUD_SETUP_URL=${cloud.endpoints.setup}`, ...lines);
const icloud = (...words: string[]) => type('icloud', ...words, '--config', settings);
const status = async () => JSON.parse((await icloud('status', '--json')).out) as Record<string, unknown>;
const wrong = (code: string | null): string => (code === '123456' ? '654321' : '123456');

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'cli-icloud-'));
  settings = path.join(directory, 'settings.env');
  session = path.join(directory, 'library/.media-pipeline/icloud-session.json');
  cloud = await LocalICloud.start();
});
afterEach(async () => {
  await cloud.close();
  await rm(directory, { recursive: true, force: true });
});

describe('icloud', () => {
  it('tells how to begin where nothing is set', async () => {
    await write();
    const { out, code } = await icloud('status');
    expect([out.split('\n')[0], code]).toEqual(['iCloud is not set up. To begin:', 0]);
    expect(await status()).toMatchObject({ configured: false, enabled: false, account: null, attention: false });
    for (const words of [['login'], ['code', '123456'], ['sync'], ['logout']]) expect(await icloud(...words)).toMatchObject({ code: 2, err: expect.stringContaining('ICLOUD_USERNAME is not set') as string });
    expect(await icloud('code', '12345')).toMatchObject({ code: 2, err: expect.stringContaining('six digits') as string });
    await expect(stat(path.join(directory, 'library'))).rejects.toThrow(); // looking made nothing
  });

  it('signs in without a terminal, in two steps and with one push', async () => {
    await withAccount('SECRETS_KEY=a key');
    expect(await icloud('login')).toMatchObject({ code: 1, err: expect.stringContaining('media-pipeline icloud code 123456') as string });
    expect(await icloud('login')).toMatchObject({ code: 1 });
    expect(await status()).toMatchObject({ account: { state: 'code_needed', pending: { wrongTries: 0 } }, attention: true });
    expect(await icloud('code', wrong(cloud.account.latestCode))).toMatchObject({ code: 1, err: expect.stringContaining('error ICLOUD_CODE_WRONG') as string });
    expect(await icloud('code', cloud.account.latestCode ?? '')).toMatchObject({ code: 0, out: expect.stringContaining(`Signed in to iCloud as ${cloud.account.username}`) as string });
    expect([cloud.account.signIns, cloud.account.pushes]).toEqual([1, 1]);
    expect(await status()).toMatchObject({ account: { state: 'signed_in', trustIsGuess: true, encrypted: true }, attention: false, advice: [expect.stringContaining('Read it')] });
    expect((await icloud('login')).code).toBe(0);
    expect(cloud.account.signIns).toBe(1);
    expect(await readFile(session, 'utf8')).not.toContain('anna');
    expect((await icloud('code', '123456')).err).toContain('error ICLOUD_CODE_EXPIRED');
  });

  it('says what to do about a session that no key opens, and forgets it all the same', async () => {
    await withAccount('SECRETS_KEY=one');
    await icloud('login');
    await withAccount('SECRETS_KEY=another');
    expect(await icloud('status')).toMatchObject({ code: 1, err: expect.stringContaining('error ICLOUD_SESSION_UNREADABLE') as string });
    expect((await type('doctor', '--config', settings, '--json')).out).toMatch(/"iCloud session","level":"fail"/);
    expect((await icloud('logout')).code).toBe(0);
    await expect(stat(session)).rejects.toThrow();
    expect(await status()).toMatchObject({ account: { state: 'never' } });
  });

  it('keeps a password out of what it prints, and tries a wrong one once', async () => {
    cloud.account.password = 'another than in the settings';
    await withAccount();
    cloud.account.password = 'the new one';
    const first = await icloud('login');
    expect(first).toMatchObject({ code: 1, err: expect.stringContaining('error ICLOUD_PASSWORD_WRONG') as string });
    expect(`${first.out}${first.err}`).not.toContain('another than in the settings');
    await icloud('login');
    expect(cloud.account.signIns).toBeLessThanOrEqual(1);
    expect((await icloud('status')).out).toContain('Apple refused the password');
  });

  it('asks for a reading, which the next run does', async () => {
    await withAccount();
    expect(await icloud('sync', '--full')).toMatchObject({ code: 0, err: expect.stringContaining('the next run reads') as string });
    await write(`ICLOUD_USERNAME=${cloud.account.username}`);
    expect(await icloud('sync')).toMatchObject({ code: 2, err: expect.stringContaining('ENABLE_ICLOUD_DOWNLOAD is false') as string });
  });
});

describe('doctor', () => {
  it('looks at the session and at the way to Apple', async () => {
    await withAccount();
    await icloud('login');
    await icloud('code', cloud.account.latestCode ?? '');
    await chmod(session, 0o644);
    const { out } = await type('doctor', '--config', settings);
    expect(out).toMatch(/warn {2}iCloud session .*could be read by others \(mode 644\)/);
    expect(out).toMatch(/ok {4}iCloud session .*is signed in; trusted until about/);
    expect(out).toMatch(/ok {4}iCloud host .*answers/);
    expect((await stat(session)).mode & 0o777).toBe(0o600);
    await cloud.close();
    expect((await type('doctor', '--config', settings)).out).toMatch(/fail {2}iCloud host .*does not answer/);
    cloud = await LocalICloud.start();
  });
});
