import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { SessionCipher } from './cipher';
import { freshDocument } from './document';
import { isRefused, remember } from './refused-password';
import { SessionStore } from './store';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mp-session-'));
  file = path.join(folder, 'deep', 'icloud.session');
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const username = 'jane@example.com';
const store = (key: string | null, who = username): SessionStore => new SessionStore(file, who, new SessionCipher(key));
const write = async (key: string | null, trustToken: string): Promise<unknown> => await store(key).exclusively(undefined, async ({ document, save }) => await save({ ...document, trustToken }));
const codeOf = async (work: Promise<unknown>): Promise<unknown> => await work.then(() => 'fine', (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error));

it('is fresh where there is no file', async () => {
  expect(await store(null).read()).toMatchObject({ username, generation: 0, state: 'never' });
});

it.each([null, 'a key'])('gives back what was written (key: %p), to its owner alone', async (key) => {
  await write(key, 'trust-me-not');
  expect(await store(key).read()).toMatchObject({ trustToken: 'trust-me-not', generation: 1 });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  expect((await readFile(file, 'utf8')).includes('trust-me-not')).toBe(key === null);
  expect(await readdir(path.dirname(file))).toEqual(['icloud.session']);
});

it('is closed to others when somebody has opened it', async () => {
  await write(null, 'x');
  await chmod(file, 0o644);
  await store(null).read();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('cannot be read with another key, nor without one', async () => {
  await write('the key', 'x');
  expect(await codeOf(store('another key').read())).toBe('ICLOUD_SESSION_UNREADABLE');
  expect(await codeOf(store(null).read())).toBe('ICLOUD_SESSION_UNREADABLE');
  expect(await codeOf(store('another key').exclusively(undefined, async ({ document, save }) => await save(document)))).toBe('ICLOUD_SESSION_UNREADABLE');
  expect(await store('the key').read()).toMatchObject({ trustToken: 'x' });
});

it('is encrypted with the next writing once there is a key', async () => {
  await write(null, 'readable');
  expect(await store('now a key').read()).toMatchObject({ trustToken: 'readable' });
  await write('now a key', 'unreadable');
  expect(await readFile(file, 'utf8')).not.toContain('readable');
});

it('is refused when a bit of it was changed, without a word of what it holds', async () => {
  const cipher = new SessionCipher('key');
  const text = await cipher.seal({ ...freshDocument(username), trustToken: 'top-secret-token' });
  const { data, tag, nonce } = JSON.parse(text) as { data: string; tag: string; nonce: string };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(data, tag, nonce), fc.nat(), async (part, at) => {
      const bytes = Buffer.from(part, 'base64');
      bytes[at % bytes.length]! ^= 1 << at % 8;
      expect(await codeOf(cipher.open(text.replace(part, bytes.toString('base64'))))).toBe('ICLOUD_SESSION_UNREADABLE');
    }),
    { numRuns: 60 },
  );
});

it.each(['', '{}', 'not JSON', '{"format":"media-pipeline icloud session","version":1,"cipher":"none","session":{"trustToken":"top-secret"}}', '{"format":"media-pipeline icloud session","version":2}'])('is refused when it is %p', async (text) => {
  await write(null, 'x');
  await writeFile(file, text);
  const error: unknown = await store(null).read().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'ICLOUD_SESSION_UNREADABLE' });
  expect(String(error)).not.toContain('top-secret');
});

it('never uses a nonce twice', async () => {
  const cipher = new SessionCipher('key');
  const sealed = await Promise.all(Array.from({ length: 50 }, async () => (JSON.parse(await cipher.seal({})) as { nonce: string }).nonce));
  expect(new Set(sealed).size).toBe(50);
});

it('of another account is not used, and gives way to the new one', async () => {
  await write(null, 'of jane');
  expect(await store(null, 'john@example.com').read()).toMatchObject({ username: 'john@example.com', trustToken: null, state: 'never' });
});

it('is not written over by whoever read an older one', async () => {
  await write(null, 'older');
  const late = store(null).exclusively(undefined, async ({ document, save }) => {
    // A process whose lock was taken from it does not know: the generation tells.
    await writeFile(file, await new SessionCipher(null).seal({ ...document, generation: document.generation + 1, trustToken: 'newer' }));
    return await save({ ...document, trustToken: 'late' });
  });
  expect(await codeOf(late)).toBe('ICLOUD_UNREACHABLE');
  expect(await store(null).read()).toMatchObject({ trustToken: 'newer' });
});

it('loses what a killed writer left, with the next work under the lock', async () => {
  await write(null, 'x');
  await writeFile(`${file}.0123456789ab.part`, 'half');
  await write(null, 'y');
  expect(await readdir(path.dirname(file))).toEqual(['icloud.session']);
});

it('stops waiting for the lock when it is told to', async () => {
  await store(null).exclusively(undefined, async () => {
    expect(await codeOf(store(null).exclusively(AbortSignal.abort({ name: 'enough' }), async () => 'in'))).toEqual({ name: 'enough' });
  });
});

it('knows a refused password again, and no other', async () => {
  const refused = await remember('hunter2');
  expect(JSON.stringify(refused)).not.toContain('hunter2');
  expect([await isRefused('hunter2', refused), await isRefused('hunter3', refused), await isRefused('hunter2', null)]).toEqual([true, false, false]);
});
