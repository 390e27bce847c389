import { ManualClock } from '../clock';
import type { LocalICloud } from '../server';
import { SrpClient, stripped } from '../spec-support/srp-client';
import type { Challenge } from '../spec-support/srp-client';
import { eachWithItsOwnICloud } from '../spec-support/own-icloud';
import { WebClient } from '../spec-support/web-client';
import { serverPublic } from './srp';

jest.setTimeout(60_000);

const clock = new ManualClock();
let cloud: LocalICloud;
let client: WebClient;
eachWithItsOwnICloud(clock, (opened) => ({ cloud, client } = opened));

describe('signin/init and signin/complete', () => {
  it.each(['s2k', 's2k_fo'] as const)('takes the right password stretched by %s and asks for the second factor', async (protocol) => {
    cloud.account.protocol = protocol;
    const answer = await client.signIn();
    expect([answer.status, answer.body]).toEqual([409, { authType: 'hsa2' }]);
    expect(answer.headers.get('X-Apple-ID-Session-Id')).not.toBeNull();
    expect(answer.headers.get('X-Apple-ID-Account-Country')).toBe('USA');
    expect(cloud.account.signIns).toBe(1);
  });

  it('takes the name in any case, as long as the proof hashes it in lower case', async () => {
    const right = new WebClient(cloud, 'Anna@Example.com');
    expect((await right.signIn()).status).toBe(409);
    const wrong = new WebClient(cloud, 'Anna@Example.com');
    expect((await wrong.signIn({ srp: new SrpClient('Anna@Example.com') })).status).toBe(401);
    await Promise.all([right.close(), wrong.close()]);
  });

  it('refuses a wrong password with -20101 and, after some, locks the account with -20209', async () => {
    const guesser = new WebClient(cloud, undefined, 'wrong');
    for (let guess = 1; guess < cloud.account.wrongPasswordLimit; guess += 1) {
      const answer = await guesser.signIn();
      expect([answer.status, answer.body]).toEqual([401, expect.objectContaining({ serviceErrors: [expect.objectContaining({ code: '-20101' })] })]);
    }
    expect((await guesser.signIn()).headers.get('X-Apple-I-Ercd')).toBe('-20209');
    expect((await client.signIn()).status).toBe(403);
    cloud.account.locked = false;
    expect((await client.signIn()).status).toBe(409);
    await guesser.close();
  });

  it('refuses an account it does not know with 403, only at the end', async () => {
    const stranger = new WebClient(cloud, 'nobody@example.com');
    expect((await stranger.signIn()).status).toBe(403);
    await stranger.close();
  });

  it('refuses A = 0 mod N, an unknown protocol, and what is not base64', async () => {
    const init = (a: string, protocols: string[]) => client.idmsa('POST', '/signin/init', { a, accountName: client.username, protocols });
    const { a } = new SrpClient(client.username);
    expect((await init(Buffer.alloc(256).toString('base64'), ['s2k'])).status).toBe(400);
    expect((await init(a, ['s3k'])).status).toBe(400);
    expect((await init('ä', ['s2k'])).status).toBe(400);
  });

  it('takes a proof once, and only for its own challenge', async () => {
    const srp = new SrpClient(client.username);
    const init = await client.idmsa('POST', '/signin/init', { a: srp.a, accountName: client.username, protocols: ['s2k'] });
    const challenge = init.body as Challenge & { c: string };
    expect((await client.complete(srp, { ...challenge, c: 'd-1-other:MSA' })).status).toBe(400);
    expect((await client.complete(srp, challenge)).status).toBe(409);
    expect((await client.complete(srp, challenge)).status).toBe(400);
  });

  it.each(['X-Apple-Widget-Key', 'X-Apple-OAuth-Client-Id', 'X-Apple-OAuth-State', 'X-Apple-OAuth-Redirect-URI'])('refuses a sign-in without %s', async (name) => {
    client.without = [name];
    expect((await client.signIn()).status).toBe(403);
  });

  it('refuses a stale session context at init with 401, and starts anew without one', async () => {
    await client.signIn();
    clock.advance(cloud.account.contextLifetimeMs + 1);
    expect((await client.signIn()).status).toBe(401);
    [client.scnt, client.sessionId] = [null, null];
    expect((await client.signIn()).status).toBe(409);
    cloud.faults.once('init.401');
    expect((await client.signIn()).status).toBe(401);
  });

  it('says how long to wait after too many sign-ins', async () => {
    cloud.account.signInLimit = { count: 2, windowMs: 60_000, status: 503 };
    await client.signIn();
    clock.advance(20_000);
    await client.signIn();
    const answer = await client.signIn();
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '40']);
    clock.advance(40_000);
    expect((await client.signIn()).status).toBe(409);
    expect(cloud.account.signIns).toBe(3);
  });

  it('lets the faults strike: 401 at the end, 412 with the repair', async () => {
    cloud.faults.once('complete.401');
    expect((await client.signIn()).status).toBe(401);
    cloud.account.secondFactor = false;
    cloud.faults.once('complete.412');
    expect((await client.signIn()).status).toBe(412);
    expect((await client.accountLogin()).body).toMatchObject({ hsaTrustedBrowser: true });
    expect((await client.idmsa('POST', '/repair/complete', {})).status).toBe(200);
    expect((await client.accountLogin()).status).toBe(200);
    expect((await client.idmsa('POST', '/repair/complete', {})).status).toBe(412);
  });
});

describe('short numbers', () => {
  // A, B or S with a leading zero byte: one in 256 each, so they are looked for.
  function shortSecret(isShort: (value: bigint) => boolean): bigint {
    for (let secret = 3000n; ; secret += 1n) if (isShort(new SrpClient('', secret).publicKey)) return secret;
  }

  it('takes a short A, a short B and a short S in the bytes it was set to', async () => {
    const short = shortSecret((value) => stripped(value).length < 256);
    for (const form of ['stripped', 'padded'] as const) {
      cloud.account.srpBytes = form;
      cloud.account.signInLimit = { ...cloud.account.signInLimit, count: 1000 };
      const bytes = form === 'stripped' ? stripped : (value: bigint) => Buffer.from(value.toString(16).padStart(512, '0'), 'hex');
      expect((await client.signIn({ srp: new SrpClient(client.username, short, bytes) })).status).toBe(409);
      const shortB = await secretForShortB(cloud);
      cloud.account.srpSecret = () => shortB;
      expect((await client.signIn({ srp: new SrpClient(client.username, undefined, bytes) })).status).toBe(409);
      cloud.account.srpSecret = null;
    }
  });

  it('is strict about them: the other form of a short A is a wrong password', async () => {
    const short = shortSecret((value) => stripped(value).length < 256);
    cloud.account.srpBytes = 'padded';
    expect((await client.signIn({ srp: new SrpClient(client.username, short) })).status).toBe(401);
  });
});

async function secretForShortB(cloud: LocalICloud): Promise<bigint> {
  const verifier = await cloud.account.passwordVerifier();
  for (let secret = 3000n; ; secret += 1n) if (stripped(serverPublic(verifier, secret)).length < 256) return secret;
}

describe('the headers that rotate', () => {
  it('hands out new ones with every answer and refuses older ones', async () => {
    await client.signIn();
    const older = { scnt: client.scnt ?? '', 'X-Apple-ID-Session-Id': client.sessionId ?? '' };
    expect((await client.idmsa('PUT', '/verify/trusteddevice/securitycode')).status).toBe(202);
    expect(client.scnt).not.toBe(older.scnt);
    expect(client.sessionId).not.toBe(older['X-Apple-ID-Session-Id']);
    expect((await client.idmsa('GET', '/', undefined, older)).status).toBe(401);
    expect((await client.idmsa('GET', '/', undefined, { scnt: older.scnt })).status).toBe(401);
    expect((await client.idmsa('GET', '/')).status).toBe(200);
  });

  it('keeps them over an error, so that a wrong code can be put right', async () => {
    await client.signIn();
    await client.idmsa('PUT', '/verify/trusteddevice/securitycode');
    const before = client.scnt;
    expect((await client.submit('nope')).status).toBe(400);
    expect(client.scnt).toBe(before);
  });

  it('takes older ones when it is told to be as lenient as Apple seems to be', async () => {
    cloud.account.contextHeaders = 'any';
    await client.signIn();
    const older = { scnt: client.scnt ?? '', 'X-Apple-ID-Session-Id': client.sessionId ?? '' };
    await client.idmsa('PUT', '/verify/trusteddevice/securitycode');
    expect((await client.idmsa('GET', '/', undefined, older)).status).toBe(200);
  });

  it('needs both', async () => {
    await client.signIn();
    client.without = ['scnt'];
    expect((await client.idmsa('PUT', '/verify/trusteddevice/securitycode')).status).toBe(401);
    client.without = ['X-Apple-ID-Session-Id'];
    expect((await client.idmsa('PUT', '/verify/trusteddevice/securitycode')).status).toBe(401);
    expect(cloud.account.pushes).toBe(0);
  });
});

