import { ManualClock } from '../clock';
import type { LocalICloud } from '../server';
import { SrpClient } from '../spec-support/srp-client';
import type { Challenge } from '../spec-support/srp-client';
import { eachWithItsOwnICloud } from '../spec-support/own-icloud';
import type { WebClient } from '../spec-support/web-client';

jest.setTimeout(60_000);

const clock = new ManualClock();
let cloud: LocalICloud;
let client: WebClient;
eachWithItsOwnICloud(clock, (opened) => ({ cloud, client } = opened));
beforeEach(async () => {
  await client.signIn();
});

const push = () => client.idmsa('PUT', '/verify/trusteddevice/securitycode');
const sms = (id: number) => client.idmsa('PUT', '/verify/phone', { phoneNumber: { id }, mode: 'sms' });
const submitSms = (id: number, code: string) =>
  client.idmsa('POST', '/verify/phone/securitycode', { phoneNumber: { id }, securityCode: { code }, mode: 'sms' });
const code = (): string => cloud.account.latestCode ?? '';

describe('codes on the trusted devices', () => {
  it('sends none by itself; a push shows one and voids the one before', async () => {
    expect(cloud.account.latestCode).toBeNull();
    expect((await push()).status).toBe(202);
    const first = code();
    await push();
    expect(cloud.account.pushes).toBe(2);
    expect((await client.submit(first)).status).toBe(400);
    expect((await client.submit(code())).status).toBe(204);
  });

  it('answers the ways of before iOS 26.4 with 405', async () => {
    expect((await client.idmsa('GET', '/verify/trusteddevice')).status).toBe(405);
    expect((await client.idmsa('POST', '/verify/trusteddevice', {})).status).toBe(405);
  });

  it('calls a wrong code -21669, then stops listening', async () => {
    await push();
    for (let wrong = 0; wrong < cloud.account.wrongCodeLimit; wrong += 1) {
      const answer = await client.submit('12345');
      expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ hasError: true, service_errors: [expect.objectContaining({ code: '-21669' })] })]);
    }
    const answer = await client.submit(code());
    expect([answer.status, answer.body]).toEqual([423, expect.objectContaining({ securityCode: expect.objectContaining({ securityCodeLocked: true }) as unknown })]);
  });

  it('lets a code run out, and a used one be of no more use', async () => {
    await push();
    const first = code();
    clock.advance(cloud.account.codeLifetimeMs + 1);
    expect((await client.submit(first)).status).toBe(400);
    await push();
    expect((await client.submit(code())).status).toBe(204);
    expect((await client.submit(code())).status).toBe(412);
  });

  it('stops sending after too many', async () => {
    cloud.account.codesSentLimit = 1;
    await push();
    const answer = await push();
    expect([answer.status, answer.headers.get('X-Apple-I-Ercd')]).toEqual([423, '-22981']);
  });

  it.each([null, 'https://idmsa.apple.com'])('takes no code and gives no trust from the origin %s', async (origin) => {
    await push();
    client.origin = origin;
    expect((await client.submit(code())).status).toBe(403);
    client.origin = 'https://www.icloud.com';
    expect((await client.submit(code())).status).toBe(204);
    client.origin = origin;
    expect((await client.idmsa('GET', '/2sv/trust')).status).toBe(403);
  });

  it('may answer a right code with 409, with and without a session token, and it counts', async () => {
    cloud.faults.once('code.409valid');
    await push();
    const answer = await client.submit(code());
    expect([answer.status, answer.body]).toEqual([409, expect.objectContaining({ securityCode: expect.objectContaining({ valid: true }) as unknown })]);
    expect(answer.headers.get('X-Apple-Session-Token')).not.toBeNull();

    await client.signIn();
    cloud.faults.once('code.409valid.noToken');
    await push();
    const bare = await client.submit(code());
    expect([bare.status, bare.headers.get('X-Apple-Session-Token')]).toEqual([409, null]);
    expect((await client.idmsa('GET', '/2sv/trust')).status).toBe(204);
    expect((await client.accountLogin()).body).toMatchObject({ hsaTrustedBrowser: true });
  });
});

describe('codes by SMS', () => {
  it('lists the phones as JSON, and as boot_args of a page old and new', async () => {
    const json = await client.idmsa('GET', '/');
    expect(json.body).toMatchObject({ trustedPhoneNumbers: [{ id: 1, lastTwoDigits: '81', pushMode: 'sms' }, { id: 2 }] });
    const bridge = bootArgs((await client.idmsa('GET', '/', undefined, { Accept: 'text/html' })).body);
    expect(bridge).toMatchObject({ direct: { twoSV: { bridgeInitiateData: { phoneNumberVerification: { trustedPhoneNumbers: [{ id: 1 }, { id: 2 }] } } } } });
    cloud.account.authPage = 'classic';
    const classic = bootArgs((await client.idmsa('GET', '/', undefined, { Accept: 'text/html' })).body);
    expect(classic).toMatchObject({ direct: { twoSV: { phoneNumberVerification: { trustedPhoneNumbers: [{ id: 1 }, { id: 2 }] } } } });
  });

  it('takes the code of the phone it went to, and of no other', async () => {
    expect((await sms(9)).status).toBe(412);
    expect((await sms(2)).status).toBe(200);
    expect((await submitSms(1, cloud.account.latestSms(2) ?? '')).status).toBe(412);
    expect((await submitSms(2, '000')).status).toBe(400);
    expect((await submitSms(2, cloud.account.latestSms(2) ?? '')).status).toBe(200);
    expect([cloud.account.smsSent, cloud.account.pushes]).toEqual([1, 0]);
  });
});

function bootArgs(page: unknown): unknown {
  const [, json] = /<script type="application\/json" class="boot_args">(.*?)<\/script>/su.exec(String(page)) ?? [];
  return JSON.parse(json ?? 'null');
}

describe('trust', () => {
  it('spares the code for as long as it lasts', async () => {
    expect((await client.idmsa('GET', '/2sv/trust')).status).toBe(412);
    await push();
    await client.submit(code());
    expect((await client.idmsa('GET', '/2sv/trust')).status).toBe(204);
    const trustTokens = [client.trustToken ?? ''];
    expect((await client.signIn({ trustTokens })).status).toBe(200);
    clock.advance(cloud.account.trustLifetimeMs + 1);
    [client.scnt, client.sessionId] = [null, null];
    expect((await client.signIn({ trustTokens })).status).toBe(409);
  });

  it('can be taken away', async () => {
    await push();
    await client.submit(code());
    await client.idmsa('GET', '/2sv/trust');
    cloud.account.revokeTrust();
    expect(cloud.account.trustTokens).toEqual([]);
    expect((await client.signIn({ trustTokens: [client.trustToken ?? ''] })).status).toBe(409);
  });
});

test('security keys: the challenge names them and no code is sent', async () => {
  cloud.account.securityKeys = true;
  const answer = await client.signIn();
  expect([answer.status, answer.body]).toEqual([409, expect.objectContaining({ keyNames: ['YubiKey 5C'], fsaChallenge: expect.objectContaining({ rpId: 'apple.com' }) as unknown })]);
  expect((await client.idmsa('GET', '/')).body).toMatchObject({ keyNames: ['YubiKey 5C'] });
  expect((await push()).status).toBe(412);
});

test('escrow: a second proof without the name, before there is trust', async () => {
  cloud.account.escrow = true;
  await client.signIn();
  await push();
  const verified = await client.submit(code());
  expect([verified.status, verified.headers.get('X-Apple-EDP')]).toEqual([409, 'true']);
  expect((await client.idmsa('GET', '/2sv/trust')).status).toBe(412);

  const srp = new SrpClient('');
  const init = await client.idmsa('POST', '/escrow/init', { a: srp.a, accountName: '', protocols: ['s2k', 's2k_fo'] });
  const challenge = init.body as Challenge & { c: string };
  const proof = srp.answer(client.password, challenge);
  expect((await client.idmsa('POST', '/escrow/complete', { c: challenge.c, ...proof })).status).toBe(200);
  expect((await client.idmsa('GET', '/2sv/trust')).status).toBe(204);
  expect((await client.accountLogin()).body).toMatchObject({ hsaTrustedBrowser: true });
});
