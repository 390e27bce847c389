import { scenario, secretsKey } from './scene';

const dayMs = 24 * 3_600_000;

describe('later on', () => {
  it(
    'a valid session costs one question',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.traffic.clear();
      for (let n = 0; n < 3; n++) expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.icloud.traffic.requests.map(({ path }) => new URL(path, 'http://x').pathname)).toEqual(Array(3).fill('/setup/ws/1/validate'));
    }),
  );

  it(
    'a session that is over comes back with its tokens, without password and code',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.account.expireSession();
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'a session whose tokens are over too comes back with the password, without a code, while the trust lasts',
    scenario({ trustLifetimeMs: 400 * dayMs }, async (scene) => {
      const account = await scene.signedIn();
      for (let n = 0; n < 10; n++) {
        scene.clock.advance(30 * dayMs);
        scene.icloud.account.expireSession({ loginToken: true });
        expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      }
      expect(scene.counts).toEqual({ signIns: 11, pushes: 1, sms: 0 });
    }),
  );

  it(
    'a code is asked for when the trust is over; a person was warned before',
    scenario({ trustLifetimeMs: 60 * dayMs }, async (scene) => {
      const account = await scene.signedIn();
      scene.clock.advance(45 * dayMs);
      expect(await account.status()).toMatchObject({ warn: false });
      scene.clock.advance(2 * dayMs);
      expect(await account.status()).toMatchObject({ warn: true });
      scene.clock.advance(14 * dayMs);
      expect(await account.signIn()).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 2, sms: 0 });
      expect(await account.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
      expect(await account.status()).toMatchObject({ warn: false });
    }),
  );

  it(
    'a code is asked for when the owner has taken the trust away',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.account.revokeTrust();
      expect(await account.signIn()).toMatchObject({ kind: 'code_needed' });
      expect(await account.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 2, sms: 0 });
    }),
  );

  it(
    'another process goes on with the session as it is',
    scenario({}, async (scene) => {
      await scene.signedIn({ secretsKey });
      const other = await scene.open({ secretsKey, password: null });
      expect(await other.signIn()).toMatchObject({ kind: 'signed_in' });
      expect((await other.lendCookies()).cookies).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'X-APPLE-WEBAUTH-TOKEN' })]));
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'forgetting the session leaves nothing behind but the count that keeps the account from being locked',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      await account.forget();
      expect(await account.status()).toMatchObject({ state: 'signed_out', trustedUntil: null, signInsLately: 1 });
      expect((await account.lendCookies()).cookies).toEqual([]);
      expect(await account.signIn({ by: 'person' })).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 2, sms: 0 });
    }),
  );
});
