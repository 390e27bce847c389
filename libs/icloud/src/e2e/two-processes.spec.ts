import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { endpointsFor } from '..';
import { SessionCipher } from '../session/cipher';
import { SessionStore } from '../session/store';
import { Worker } from './processes';
import { password, Scene, secretsKey, username } from './scene';
import type { Setup } from './session-worker';

const hourMs = 3_600_000;
let scene: Scene;
let workers: Worker[];
let setup: Setup;

beforeEach(async () => {
  scene = await Scene.set({ trustLifetimeMs: 10_000 * hourMs, signInLimit: { count: 1000, windowMs: hourMs, status: 429 } });
  setup = { username, password, sessionFile: scene.sessionFile, secretsKey, endpoints: endpointsFor('global', scene.icloud.endpoints) };
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map(async (worker) => await worker.kill()));
  await scene.end();
});

async function start(changes: Partial<Setup> = {}): Promise<Worker> {
  const worker = await Worker.start({ ...setup, ...changes });
  workers.push(worker);
  return worker;
}
const now = (): { readonly now: number } => ({ now: scene.clock.now() });
const store = (): SessionStore => new SessionStore(scene.sessionFile, username, new SessionCipher(secretsKey));
const fine = (times: number): unknown => Array(times).fill({ answered: true });
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5);
}
const locked = async (): Promise<boolean> => (await stat(`${scene.sessionFile}.lock`).catch(() => null)) !== null;

it('a code that one process asked for is given by another one', async () => {
  const [one, two] = await Promise.all([start(), start({ password: null })]);
  expect(await one.do({ do: 'sign_in', ...now() })).toMatchObject({ kind: 'code_needed' });
  expect(await two.do({ do: 'sign_in', ...now() })).toMatchObject({ kind: 'code_needed' });
  expect(await two.do({ do: 'code', ...now(), code: scene.wrongCode })).toEqual({ error: 'ICLOUD_CODE_WRONG' });
  expect(await two.do({ do: 'code', ...now(), code: scene.code })).toMatchObject({ kind: 'signed_in' });
  expect(await one.do({ do: 'call', ...now() })).toEqual(fine(1));
  expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
});

it('however the session ends, and however many ask at once, one of two processes signs in and both go on', async () => {
  await (await scene.signedIn({ secretsKey })).close();
  const [one, two] = await Promise.all([start(), start()]);
  const ends = fc.constantFrom<'none' | 'session' | 'tokens'>('none', 'session', 'tokens', 'tokens');
  const times = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(ends, times, times, fc.integer({ min: 0, max: 60 }), async (end, first, second, lateMs) => {
      scene.clock.advance(4 * hourMs);
      if (end !== 'none') scene.icloud.account.expireSession({ loginToken: end === 'tokens' });
      const { signIns, accountLogins } = scene.icloud.account;
      const late = pause(lateMs).then(async () => await two.do({ do: 'call', ...now(), times: second }));
      expect(await Promise.all([one.do({ do: 'call', ...now(), times: first }), late])).toEqual([fine(first), fine(second)]);
      expect(scene.icloud.account.signIns - signIns).toBe(end === 'tokens' ? 1 : 0);
      expect(scene.icloud.account.accountLogins - accountLogins).toBe({ none: 0, session: 1, tokens: 3 }[end]);
    }),
    { numRuns: 14 },
  );
  expect(scene.counts.pushes).toBe(1);
});

it('a process that is killed while it signs in gives way to the other one', async () => {
  await (await scene.signedIn({ secretsKey })).close();
  const [one, two] = await Promise.all([start(), start()]);
  scene.icloud.account.expireSession({ loginToken: true });
  const { signIns } = scene.counts;
  scene.icloud.faults.slowMs = 1_000;
  scene.icloud.faults.always('slow');
  void one.do({ do: 'call', ...now() }).catch(() => undefined);
  await until(locked);
  await one.kill();
  expect(await locked()).toBe(true);
  scene.icloud.faults.clear();

  expect(await two.do({ do: 'call', ...now() })).toEqual(fine(1));
  expect(scene.counts).toEqual({ signIns: signIns + 1, pushes: 1, sms: 0 });
  expect(await locked()).toBe(false);
});

it('a process that stood still while another one signed in does not write over the newer session', async () => {
  await (await scene.signedIn({ secretsKey })).close();
  const [one, two] = await Promise.all([start(), start()]);
  scene.icloud.account.expireSession({ loginToken: true });
  scene.icloud.faults.slowMs = 1_500;
  scene.icloud.faults.always('slow');
  const stopped = one.do({ do: 'sign_in', ...now() });
  await until(() => scene.icloud.faults.hits('slow') > 0);
  one.child.kill('SIGSTOP');
  scene.icloud.faults.clear();

  expect(await two.do({ do: 'call', ...now() })).toEqual(fine(1));
  const { login, generation } = await store().read();
  one.child.kill('SIGCONT');
  expect(await stopped).toEqual({ error: 'ICLOUD_UNREACHABLE' });
  expect(await store().read()).toMatchObject({ login, generation });
  expect(await one.do({ do: 'call', ...now() })).toEqual(fine(1));
  expect(scene.counts.pushes).toBe(1);
});

describe('cookies that a page has renewed', () => {
  const token = 'X-APPLE-WEBAUTH-TOKEN';
  const user = 'X-APPLE-WEBAUTH-USER';

  it('are those of the other process, too, and take the place of none that it has renewed meanwhile', async () => {
    await (await scene.signedIn({ secretsKey })).close();
    const [one, two] = await Promise.all([start(), start()]);
    const before = await one.do({ do: 'lend', ...now() });
    // validate renews the token, in the file only
    scene.clock.advance(hourMs);
    expect(await two.do({ do: 'sign_in', ...now() })).toMatchObject({ kind: 'signed_in' });
    const { [token]: renewed } = (await two.do({ do: 'lend', ...now() })) as Record<string, string>;
    expect(before).not.toMatchObject({ [token]: renewed });
    await one.do({ do: 'return', ...now(), renewed: { [token]: 'older', [user]: 'by the page' } });
    expect(await two.do({ do: 'lend', ...now() })).toMatchObject({ [token]: renewed, [user]: 'by the page' });
    expect(await one.do({ do: 'lend', ...now() })).toMatchObject({ [token]: renewed, [user]: 'by the page' });
  });

  it('are given up when the session is another one by now', async () => {
    await (await scene.signedIn({ secretsKey })).close();
    const [one, two] = await Promise.all([start(), start()]);
    await one.do({ do: 'lend', ...now() });
    scene.icloud.account.expireSession();
    expect(await two.do({ do: 'call', ...now() })).toEqual(fine(1));
    const { generation } = await store().read();
    await one.do({ do: 'return', ...now(), renewed: { [user]: 'of the session before' } });
    expect((await store().read()).generation).toBe(generation);
    expect(await two.do({ do: 'call', ...now() })).toEqual(fine(1));
  });

  it('come from two browsers at once, and none is lost', async () => {
    await (await scene.signedIn({ secretsKey })).close();
    const [one, two] = await Promise.all([start(), start()]);
    await Promise.all([one.do({ do: 'lend', ...now() }), two.do({ do: 'lend', ...now() })]);
    const { generation } = await store().read();
    await Promise.all([one.do({ do: 'return', ...now(), renewed: { [token]: 'of one' } }), two.do({ do: 'return', ...now(), renewed: { [user]: 'of two' } })]);
    expect(await one.do({ do: 'lend', ...now() })).toMatchObject({ [token]: 'of one', [user]: 'of two' });
    // Nothing new is not written.
    await one.do({ do: 'return', ...now(), renewed: {} });
    expect((await store().read()).generation).toBe(generation + 2);
  });
});

it('no change of the session is lost when two processes write', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const times = 40;
  await Promise.all([one.do({ do: 'count', ...now(), times }), two.do({ do: 'count', ...now(), times })]);
  const { signIns, generation } = await store().read();
  expect({ signIns: signIns.length, generation }).toEqual({ signIns: 2 * times, generation: 2 * times });
});

it.each([null, secretsKey])('whoever reads while a writer is killed finds a whole session (key: %#)', async (key) => {
  const reader = new SessionStore(scene.sessionFile, username, new SessionCipher(key));
  for (let round = 0; round < 6; round++) {
    const writer = await start({ secretsKey: key });
    await writer.do({ do: 'storm', ...now() });
    await reader.read();
    const until = performance.now() + 50 + Math.random() * 250;
    for (let reads = 0; reads < 20 || performance.now() < until; reads++) {
      const { scnt, generation } = await reader.read();
      expect(scnt).toHaveLength((generation * 7919) % 40_000);
    }
    await writer.kill();
    const said = writer.unheard.filter((line) => typeof line === 'number').at(-1) ?? 0;
    const { scnt, generation } = await reader.read();
    expect(generation).toBeGreaterThanOrEqual(said);
    expect(scnt).toHaveLength((generation * 7919) % 40_000);
    expect((await stat(scene.sessionFile)).mode & 0o777).toBe(0o600);
  }
});
