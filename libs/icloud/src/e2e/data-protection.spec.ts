import { scenario } from './scene';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

describe('Advanced Data Protection', () => {
  it(
    'has the owner asked once, and goes on when the answer is there',
    scenario({ advancedDataProtection: true, pcsConsent: false, pcsWaits: 2, sessionLifetimeMs: 60 * dayMs }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      const since = new Date(scene.clock.now());
      expect(await account.submitCode(scene.code)).toEqual({ kind: 'consent_needed', since });
      expect(await account.signIn()).toEqual({ kind: 'consent_needed', since });
      expect(await account.status()).toMatchObject({ state: 'consent_needed', since });
      expect(scene.icloud.account.consentsAsked).toBe(1);
      expect(await scene.refusal(account.call('ckdatabasews', '/database/1/com.apple.photos.cloud/production/private/changes/database', { body: {} }))).toBe('ICLOUD_CONSENT_NEEDED');

      scene.icloud.account.approveConsent();
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.icloud.account.consentsAsked).toBe(1);
      expect(scene.icloud.account.pcsWaited).toBe(2);
      const names = (await account.lendCookies()).cookies.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['X-APPLE-WEBAUTH-PCS-Photos', 'X-APPLE-WEBAUTH-PCS-Sharing']));
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
      scene.icloud.traffic.clear();
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.icloud.traffic.requests).toHaveLength(1);
    }),
  );

  it(
    'waits for the owner when a person asks, until the signal or five minutes',
    scenario({ advancedDataProtection: true, pcsConsent: false, secondFactor: false }, async (scene) => {
      const account = await scene.open();
      const began = scene.clock.now();
      expect(await account.signIn({ by: 'person' })).toMatchObject({ kind: 'consent_needed' });
      expect(scene.clock.now() - began).toBeGreaterThan(4 * minuteMs);
      expect(scene.clock.now() - began).toBeLessThan(6 * minuteMs);

      const stop = new AbortController();
      const asking = account.signIn({ by: 'person', signal: stop.signal });
      stop.abort(new Error('enough'));
      expect(await scene.refusal(asking)).toMatch(/consent_needed|enough/);

      const sent = scene.icloud.traffic.count('requestWebAccessState');
      const waited = account.signIn({ by: 'person' });
      while (scene.icloud.traffic.count('requestWebAccessState') < sent + 3) await new Promise((resolve) => setImmediate(resolve));
      scene.icloud.account.approveConsent();
      expect(await waited).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 0, sms: 0 });
    }),
  );
});
