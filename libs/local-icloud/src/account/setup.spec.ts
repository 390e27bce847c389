import { Agent } from 'undici';
import { ManualClock } from '../clock';
import type { LocalICloud } from '../server';
import { eachWithItsOwnICloud } from '../spec-support/own-icloud';
import type { WebClient } from '../spec-support/web-client';

jest.setTimeout(60_000);

const clock = new ManualClock();
let cloud: LocalICloud;
let client: WebClient;
eachWithItsOwnICloud(clock, (opened) => ({ cloud, client } = opened));

describe('accountLogin', () => {
  it('gives a trusted session: cookies, dsid and the hosts, all here', async () => {
    const answer = await client.signInFully();
    expect(answer.body).toMatchObject({
      dsInfo: { dsid: cloud.account.dsid, hsaVersion: 2, isWebAccessAllowed: true },
      hsaTrustedBrowser: true,
      hsaChallengeRequired: false,
      webservices: { ckdatabasews: { url: cloud.url, pcsRequired: true, status: 'active' }, photosupload: { url: cloud.url } },
    });
    expect([...client.cookies.keys()]).toEqual(expect.arrayContaining(['X-APPLE-WEBAUTH-TOKEN', 'X-APPLE-WEBAUTH-USER', 'X-APPLE-DS-WEB-SESSION-TOKEN', 'X-APPLE-WEBAUTH-PCS-Photos']));
    expect([...client.cookies.keys()].some((name) => name.startsWith('X-APPLE-WEBAUTH-HSA-TRUST-'))).toBe(true);
    expect(answer.headers.getSetCookie().find((line) => line.startsWith('X-APPLE-WEBAUTH-TOKEN'))).toMatch(/="v=2:t=.+~~";Expires=.+;Path=\/;Secure;HttpOnly$/u);
    expect((await client.zones()).status).toBe(200);
  });

  it('with the password alone answers that a challenge is due, and gives no session', async () => {
    await client.signIn();
    const answer = await client.accountLogin();
    expect(answer.body).toMatchObject({ hsaChallengeRequired: true, hsaTrustedBrowser: false });
    expect(client.cookies.has('X-APPLE-WEBAUTH-TOKEN')).toBe(false);
    expect(client.cookies.has('X-APPLE-WEBAUTH-HSA-LOGIN')).toBe(true);
    expect((await client.zones()).status).toBe(421);
    expect((await client.setup('/validate', null)).status).toBe(421);
  });

  it('refuses a token it never gave, one that is too old, none, and a missing country', async () => {
    await client.signInFully();
    expect(await client.accountLogin({ dsWebAuthToken: 'other' })).toMatchObject({ status: 400, body: { success: false, error: 'Invalid Session Token' } });
    expect(await client.accountLogin({ dsWebAuthToken: null })).toMatchObject({ status: 400, body: { error: 'Missing apple_id field' } });
    expect((await client.accountLogin({ accountCountryCode: null })).status).toBe(400);
    expect((await client.accountLogin()).status).toBe(200);
    clock.advance(cloud.account.loginTokenLifetimeMs + 1);
    expect((await client.accountLogin()).status).toBe(421);
  });

  it('sends an account of China to its own domain, and others away from it', async () => {
    cloud.account.region = 'china';
    expect((await client.signInFully()).body).toEqual({ domainToUse: 'iCloud.com.cn' });
    client.origin = 'https://www.icloud.com.cn';
    expect((await client.accountLogin()).body).toMatchObject({ hsaTrustedBrowser: true });
    cloud.account.region = 'global';
    expect((await client.accountLogin()).body).toEqual({ domainToUse: 'iCloud.com' });
  });
});

describe('a session', () => {
  it('is renewed by validate and ends by the clock; accountLogin brings another without a code', async () => {
    await client.signInFully();
    clock.advance(cloud.account.sessionLifetimeMs - 1000);
    const first = client.cookies.get('X-APPLE-WEBAUTH-TOKEN');
    expect((await client.setup('/validate', null)).body).toMatchObject({ dsInfo: { dsid: cloud.account.dsid } });
    expect(client.cookies.get('X-APPLE-WEBAUTH-TOKEN')).not.toBe(first);
    clock.advance(2000);
    expect((await client.zones()).status).toBe(200);
    clock.advance(cloud.account.sessionLifetimeMs);
    expect(await client.setup('/validate', null)).toMatchObject({ status: 421, body: { success: false, error: 'Invalid X-APPLE-WEBAUTH-TOKEN cookie' } });
    expect((await client.zones()).status).toBe(421);
    await client.accountLogin();
    expect((await client.zones()).status).toBe(200);
    expect(cloud.account.signIns).toBe(1);
  });

  it('can be ended from here, down to the password and down to the code', async () => {
    await client.signInFully();
    cloud.account.expireSession();
    expect((await client.zones()).status).toBe(421);
    expect((await client.accountLogin()).status).toBe(200);
    cloud.account.expireSession({ loginToken: true });
    expect((await client.accountLogin()).status).toBe(421);
    expect((await client.signIn({ trustTokens: [client.trustToken ?? ''] })).status).toBe(200);
  });

  it('counts how often a client had nothing but the password left', async () => {
    await client.signInFully();
    const { accountLogins } = cloud.account;
    for (const refusals of [1, 2, 1]) {
      cloud.faults.once('http200.rscd401', refusals);
      for (let time = 0; time <= refusals; time++) await client.accountLogin();
    }
    expect(cloud.account).toMatchObject({ loginsRefusedTwice: 1, accountLogins: accountLogins + 3 });
  });

  it('needs its own cookies and no other dsid', async () => {
    await client.signInFully();
    expect((await client.zones('')).status).toBe(200);
    expect((await client.zones('dsid=1')).status).toBe(421);
    client.cookies.delete('X-APPLE-WEBAUTH-USER');
    expect(await client.zones()).toMatchObject({ status: 421, body: { reason: 'Missing X-APPLE-WEBAUTH-USER cookie' } });
  });

  it('ends with logout, while trust stays', async () => {
    await client.signInFully();
    expect((await client.setup('/logout', { trustBrowser: true, allBrowsers: false })).body).toEqual({ success: true });
    expect((await client.setup('/validate', null)).status).toBe(421);
    expect(cloud.account.trustTokens).toHaveLength(1);
  });
});

describe('terms that wait', () => {
  it('leave a session half until they are accepted', async () => {
    cloud.account.termsPending = true;
    expect((await client.signInFully()).body).toMatchObject({ termsUpdateNeeded: true });
    expect(client.cookies.has('X-APPLE-WEBAUTH-TOKEN')).toBe(false);
    expect(await client.setup('/requestPCS', { appName: 'photos', derivedFromUserAction: true })).toMatchObject({ status: 500, body: { error: 'Missing X-APPLE-WEBAUTH-TOKEN cookie' } });
    const terms = await client.setup('/getTerms', { locale: 'en_US' });
    expect(terms.body).toMatchObject({ iCloudTerms: { version: cloud.account.termsVersion } });
    expect((await client.setup('/repairDone', { acceptedICloudTerms: 1 })).status).toBe(400);
    expect((await client.setup('/repairDone', { acceptedICloudTerms: cloud.account.termsVersion })).status).toBe(200);
    expect((await client.accountLogin()).body).toMatchObject({ termsUpdateNeeded: false, hsaTrustedBrowser: true });
    expect((await client.zones()).status).toBe(200);
  });
});

describe('Advanced Data Protection', () => {
  it('asks a device, waits for its cookies, and then opens the photos', async () => {
    cloud.account.advancedDataProtection = true;
    await client.signInFully();
    expect((await client.zones()).status).toBe(423);
    expect((await client.setup('/requestWebAccessState')).body).toMatchObject({ isICDRSDisabled: true, isDeviceConsentedForPCS: false });
    expect((await client.setup('/enableDeviceConsentForPCS')).body).toMatchObject({ isDeviceConsentNotificationSent: true });
    const ask = () => client.setup('/requestPCS', { appName: 'photos', derivedFromUserAction: true });
    expect((await ask()).status).toBe(500);
    cloud.account.approveConsent();
    expect((await client.setup('/requestWebAccessState')).body).toMatchObject({ isDeviceConsentedForPCS: true });
    expect((await ask()).body).toMatchObject({ status: 'failure', message: 'Requested the device to upload cookies.' });
    expect((await ask()).body).toMatchObject({ status: 'failure', message: 'Cookies not available yet on server.' });
    expect((await ask()).body).toMatchObject({ status: 'success' });
    expect((await client.zones()).status).toBe(200);
  });

  it('is not what an ordinary account has', async () => {
    await client.signInFully();
    expect((await client.setup('/requestWebAccessState')).body).toEqual({ dsid: Number(cloud.account.dsid), isWebAccessAllowed: true });
  });
});

describe('web access that is off', () => {
  it('is said by accountLogin and refused by the photo service, in one of the two ways', async () => {
    cloud.account.webAccessOff = true;
    expect((await client.signInFully()).body).toMatchObject({ dsInfo: { isWebAccessAllowed: false } });
    expect(await client.zones()).toMatchObject({ status: 403, body: { serverErrorCode: 'ACCESS_DENIED', reason: 'private db access disabled for this account' } });
    cloud.account.webAccessRefusal = '421';
    expect((await client.zones()).status).toBe(421);
    expect((await client.setup('/validate', null)).status).toBe(421);
  });
});

describe('faults', () => {
  it('421 once is over with the next request; sticky, with the next connection', async () => {
    await client.signInFully();
    cloud.faults.once('setup.421');
    expect([(await client.setup('/validate', null)).status, (await client.setup('/validate', null)).status]).toEqual([421, 200]);
    cloud.faults.once('service.421.sticky');
    expect([(await client.zones()).status, (await client.zones()).status, (await client.setup('/validate', null)).status]).toEqual([421, 421, 421]);
    await client.close();
    client.agent = new Agent({ connections: 1 });
    expect((await client.zones()).status).toBe(200);
  });

  it('refusals inside a 200', async () => {
    await client.signInFully();
    cloud.faults.once('http200.rscd401');
    const refused = await client.zones();
    expect([refused.status, refused.headers.get('X-Apple-I-Rscd')]).toEqual([200, '401']);
    cloud.faults.once('http200.hasError');
    expect((await client.zones()).body).toMatchObject({ hasError: true, service_errors: [{ code: 'AUTH-401' }] });
  });

  it('throttling, a slow answer and a connection that breaks', async () => {
    cloud.faults.slowMs = 50;
    cloud.faults.once('slow');
    cloud.faults.once('any.429');
    cloud.faults.retryAfterSeconds = 7;
    const throttled = await client.setup('/validate', null);
    expect([throttled.status, throttled.headers.get('Retry-After')]).toEqual([429, '7']);
    cloud.faults.once('any.503');
    expect((await client.setup('/validate', null)).status).toBe(503);
    cloud.faults.once('drop');
    await expect(client.setup('/validate', null)).rejects.toThrow();
    expect(cloud.traffic.requests.map(({ status }) => status)).toEqual([429, 503, 0]);
    expect(cloud.traffic.count('/validate')).toBe(3);
  });
});
