import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import type { Batch } from '@media-pipeline/schema';
import { eachInItsOwnScene } from './own-scene';
import { once, photos } from './samples';
import type { UploadScene } from './scene';

const wrong = 'Not-The-Password-9';
let scene: UploadScene;
let said: string[];
/** Whatever was logged, thrown, or saved of a page tells nothing. Looked at before the scene is closed. */
afterEach(async () => {
  const saved = await Promise.all((await scene.under('logs')).filter((name) => name.endsWith('.html')).map(async (name) => await readFile(path.join(scene.library.areas.logs, name), 'utf8')));
  const { account } = scene.icloud;
  const lent = await scene.asAnother(async (client) => await client.lendCookies());
  const secrets = [account.password, wrong, account.latestCode, account.latestSms(1), ...account.trustTokens, ...lent.cookies.map(({ value }) => value).filter((value) => value.length > 12)];
  const heard = [...said, ...saved].join('\n');
  expect(heard).not.toBe('');
  expect(secrets.filter((secret) => secret !== null && heard.includes(secret))).toEqual([]);
});

eachInItsOwnScene((opened) => {
  scene = opened;
  said = [];
});

const deliver = async (batch: Batch, settings: Record<string, string> = {}): Promise<unknown> => {
  try {
    return await scene.deliver(batch, scene.service({ ICLOUD_UPLOAD_ROUTE: 'browser', ...settings }, said));
  } catch (error) {
    said.push(inspect(error, { depth: 8, showHidden: true }));
    throw error;
  }
};
const counts = () => ({ signIns: scene.icloud.account.signIns, pushes: scene.icloud.account.pushes });
const status = async () => await scene.asAnother(async (client) => await client.status());

it('keeps what the page has renewed, and goes on with it', async () => {
  const batch = await scene.batch(photos(2));
  await scene.signIn();
  const lend = async () => await scene.asAnother(async (client) => await client.lendCookies());
  const before = await lend();
  const token = ({ cookies }: typeof before): string | undefined => cookies.find(({ name }) => name === 'X-APPLE-WEBAUTH-TOKEN')?.value;
  await deliver(batch);
  const after = await lend();
  expect(after.login).toBe(before.login);
  expect(token(after)).not.toBe(token(before));
  await scene.asAnother(async (client) => { expect(await client.signIn()).toMatchObject({ kind: 'signed_in' }); });
  expect(counts()).toEqual({ signIns: 1, pushes: 1 });
});

it.each(['en-us', 'de-de'] as const)('signs in on the page when that asks for it (%s), without a code while this client is trusted; the next time nobody is asked', async (language) => {
  const files = photos(2);
  const [batch, next] = [await scene.batch(files), await scene.batch({ 'other.JPG': Buffer.concat([...Object.values(photos(3))]) })];
  await scene.signIn();
  scene.icloud.page.language = language;
  scene.icloud.page.asksToSignIn = 'once';
  scene.icloud.account.expireSession({ loginToken: true });
  expect(await deliver(batch)).toMatchObject({ kind: 'done' });
  expect(scene.copies()).toEqual(once(files));
  // one of the client's own, one of the page
  expect(counts()).toEqual({ signIns: 3, pushes: 1 });
  expect(await status()).toMatchObject({ state: 'signed_in', signInsLately: 3 });
  expect(await deliver(next)).toMatchObject({ kind: 'done' });
  expect(counts()).toEqual({ signIns: 3, pushes: 1 });
});

it('waits for the code when this client is trusted no more, and the page asks for none of its own', async () => {
  const batch = await scene.batch(photos(2));
  await scene.signIn();
  scene.icloud.account.revokeTrust();
  await expect(deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_CODE_NEEDED' });
  await expect(deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_CODE_NEEDED' });
  await scene.asAnother(async (client) => await client.submitCode(scene.icloud.account.latestCode ?? ''));
  expect(await deliver(batch)).toMatchObject({ kind: 'done' });
  expect(counts()).toEqual({ signIns: 2, pushes: 2 });
});

it.each([2, 0])('takes the code that the page has had sent for one of its own, given by whichever process (%d devices)', async (devices) => {
  const files = photos(2);
  const batch = await scene.batch(files);
  await scene.signIn();
  const { account, page } = scene.icloud;
  page.asksToSignIn = 'once';
  page.knowsTrust = false;
  account.trustedDevices = devices;
  const sent = () => account.pushes + account.smsSent;
  for (let n = 0; n < 2; n++) {
    await expect(deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_CODE_NEEDED' });
    expect({ signIns: account.signIns, sent: sent() }).toEqual({ signIns: 2, sent: 2 });
  }
  expect(await status()).toMatchObject({ state: 'code_needed', pending: { via: devices > 0 ? 'trusted_device' : 'sms', phones: [{ id: 1 }, { id: 2 }] } });
  page.knowsTrust = true;
  const code = (devices > 0 ? account.latestCode : account.latestSms(1)) ?? '';
  expect(await scene.asAnother(async (client) => await client.submitCode(code))).toMatchObject({ kind: 'signed_in' });
  expect(await deliver(batch)).toMatchObject({ kind: 'done' });
  expect(scene.copies()).toEqual(once(files));
  expect({ signIns: account.signIns, sent: sent() }).toEqual({ signIns: 3, sent: 2 });
});

it('tries a password that Apple refuses once', async () => {
  const batch = await scene.batch(photos(2));
  await scene.signIn();
  scene.icloud.page.asksToSignIn = 'once';
  scene.icloud.page.language = 'de-de';
  for (let n = 0; n < 2; n++) {
    await expect(deliver(batch, { ICLOUD_PASSWORD: wrong })).rejects.toMatchObject({ code: 'ICLOUD_PASSWORD_WRONG' });
    expect(scene.icloud.account.wrongPasswords).toBe(1);
  }
  // the session that was open is not given up for it
  expect(await scene.asAnother(async (client) => await client.signIn())).toMatchObject({ kind: 'signed_in' });
});

it('keeps to the number of sign-ins that is allowed', async () => {
  const batch = await scene.batch(photos(2));
  await scene.signIn();
  for (let n = 0; n < 2; n++) {
    scene.icloud.account.expireSession({ loginToken: true });
    await scene.asAnother(async (client) => await client.signIn());
  }
  scene.icloud.page.asksToSignIn = 'once';
  await expect(deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_SIGN_IN_LIMIT' });
  expect(counts()).toEqual({ signIns: 3, pushes: 1 });
});

it('stops at a page that asks to sign in whatever is done, until somebody has looked', async () => {
  const batch = await scene.batch(photos(2));
  await scene.signIn();
  scene.icloud.page.asksToSignIn = 'always';
  for (let n = 0; n < 2; n++) {
    await expect(deliver(batch)).rejects.toMatchObject({ code: 'ICLOUD_PAGE_UNKNOWN' });
    expect(counts()).toEqual({ signIns: 2, pushes: 1 });
  }
  expect((await scene.under('logs')).filter((name) => name.startsWith('icloud-upload/'))).toHaveLength(2);
});
