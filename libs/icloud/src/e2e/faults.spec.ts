import type { FaultName } from '@media-pipeline/local-icloud';
import type { ICloudAccount } from '..';
import { scenario, type Scene } from './scene';

const path = '/database/1/com.apple.photos.cloud/production/private/changes/database';
const ask = async (account: ICloudAccount): Promise<unknown> => await account.call('ckdatabasews', path, { body: {} });
const answered: unknown = expect.objectContaining({ zones: expect.any(Array) });
const paths = (scene: Scene): string[] => scene.icloud.traffic.requests.map(({ path: full }) => new URL(full, 'http://x').pathname);

describe('calls of a service', () => {
  it(
    'work without signing in first when the file has a session',
    scenario({}, async (scene) => {
      await scene.signedIn();
      scene.icloud.traffic.clear();
      expect(await ask(await scene.open({ password: null }))).toEqual(answered);
      expect(paths(scene)).toEqual([path]);
    }),
  );

  it(
    'say that a code is needed, again without having one sent twice',
    scenario({}, async (scene) => {
      const account = await scene.open();
      for (let n = 0; n < 3; n++) expect(await scene.refusal(ask(account))).toBe('ICLOUD_CODE_NEEDED');
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
      const other = await scene.open();
      await other.submitCode(scene.code);
      expect(await ask(account)).toEqual(answered);
    }),
  );

  it(
    'open new connections after one 421, and sign in to nothing',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.traffic.clear();
      scene.icloud.faults.once('service.421');
      expect(await ask(account)).toEqual(answered);
      expect(paths(scene)).toEqual([path, path]);
    }),
  );

  it(
    'get a new session after 421 on new connections, by the tokens, once for all who wait',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.account.expireSession();
      const before = scene.icloud.account.accountLogins;
      expect(await Promise.all(Array.from({ length: 12 }, async () => await ask(account)))).toEqual(Array(12).fill(answered));
      expect(scene.icloud.account.accountLogins).toBe(before + 1);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'get a new session by the password when the tokens are over, once for all who wait, in both processes',
    scenario({}, async (scene) => {
      const one = await scene.signedIn();
      const two = await scene.open();
      scene.icloud.account.expireSession({ loginToken: true });
      const results = await Promise.all([one, two, one, two, one, two].map(async (account) => await ask(account)));
      expect(results).toEqual(Array(6).fill(answered));
      expect(scene.counts).toEqual({ signIns: 2, pushes: 1, sms: 0 });
    }),
  );

  it.each(['service.450', 'http200.rscd401', 'http200.hasError'] as const)('get a new session after %s', async (fault) => {
    await scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.once(fault);
      expect(await ask(account)).toEqual(answered);
      expect(scene.icloud.faults.hits(fault)).toBe(1);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    })();
  });

  it.each([1, 2, 3])('get a new session after %i refusals in a row, by the password only when the tokens were refused twice', async (refusals) => {
    await scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.once('http200.rscd401', refusals);
      expect(await ask(account)).toEqual(answered);
      expect(scene.icloud.faults.hits('http200.rscd401')).toBe(refusals);
      expect(scene.counts).toEqual({ signIns: refusals < 3 ? 1 : 2, pushes: 1, sms: 0 });
      expect(scene.icloud.account.loginsRefusedTwice).toBe(refusals < 3 ? 0 : 1);
    })();
  });

  it(
    'give up after one new session when 421 does not end',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.always('service.421');
      scene.icloud.traffic.clear();
      expect(await scene.refusal(ask(account))).toBe('ICLOUD_WEB_ACCESS_OFF');
      expect(scene.icloud.traffic.requests.length).toBeLessThan(8);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it.each(['any.429', 'any.503'] as const)('wait as long as %s asks for, and no longer', async (fault) => {
    await scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.retryAfterSeconds = 20;
      scene.icloud.faults.once(fault, 2);
      const began = scene.clock.now();
      expect(await ask(account)).toEqual(answered);
      expect(scene.clock.now() - began).toBeGreaterThanOrEqual(40_000);
      expect(scene.clock.now() - began).toBeLessThan(50_000);

      scene.icloud.faults.retryAfterSeconds = 3600;
      scene.icloud.faults.once(fault);
      expect(await scene.refusal(ask(account))).toBe('ICLOUD_RATE_LIMITED');
      expect(scene.clock.now() - began).toBeLessThan(50_000);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    })();
  });

  it(
    'stop waiting when they are told to',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.always('any.503');
      scene.icloud.faults.retryAfterSeconds = 60;
      const stop = new AbortController();
      const asking = account.call('ckdatabasews', path, { body: {}, signal: stop.signal });
      stop.abort(new Error('enough'));
      expect(await scene.refusal(asking)).toBe('Error: enough');
    }),
  );

  it(
    'survive dropped connections, and say so when there are too many',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.once('drop', 3);
      expect(await ask(account)).toEqual(answered);
      scene.icloud.faults.always('drop');
      expect(await scene.refusal(ask(account))).toBe('ICLOUD_UNREACHABLE');
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'say that the account has no such service',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      expect(await scene.refusal(account.call('no-such-service' as 'photosupload', path, { body: {} }))).toBe('ICLOUD_PHOTOS_OFF');
    }),
  );

  it(
    'fail when the client is closed meanwhile',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.always('slow');
      scene.icloud.faults.slowMs = 2_000;
      const asking = scene.refusal(ask(account));
      while (scene.icloud.faults.hits('slow') === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await account.close();
      expect(await asking).toBe('ICLOUD_UNREACHABLE');
      scene.icloud.faults.clear();
    }),
  );
});

describe('web access that is off', () => {
  it.each(['access_denied', '421'] as const)('is not taken for throttling (%s)', async (webAccessRefusal) => {
    await scenario({ webAccessOff: true, webAccessRefusal }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      const given = await scene.refusal(account.submitCode(scene.code));
      const called = await scene.refusal(ask(account));
      expect([given, called, scene.said]).toEqual(['ICLOUD_WEB_ACCESS_OFF', 'ICLOUD_WEB_ACCESS_OFF', expect.not.stringContaining('RATE_LIMITED')]);
      expect(scene.counts.signIns).toBeLessThanOrEqual(2);
      expect(scene.counts.pushes).toBe(1);
    })();
  });

  it(
    'is what a 421 means that stays, and the service signs in no more because of it',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.always('setup.421');
      for (let n = 0; n < 4; n++) expect(await scene.refusal(account.signIn())).toBe('ICLOUD_WEB_ACCESS_OFF');
      expect(scene.counts).toEqual({ signIns: 2, pushes: 1, sms: 0 });
      scene.icloud.faults.clear();
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 1, sms: 0 });
    }),
  );

  it(
    'is not what one 421 means, nor one on each of two ways',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      for (const times of [1, 2]) {
        scene.icloud.faults.once('setup.421', times);
        expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      }
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'is not what a 421 means that sticks to a connection',
    scenario({}, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.once('setup.421.sticky');
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      scene.icloud.faults.once('service.421.sticky');
      expect(await ask(account)).toEqual(answered);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );
});

describe('signing in on a bad day', () => {
  const bad: readonly FaultName[] = ['any.503', 'any.429', 'drop', 'slow'];

  it.each(bad)('never has a second code sent, whatever request %s meets', async (fault) => {
    for (let request = 1; request <= 6; request++) {
      await scenario({ secondFactor: true }, async (scene) => {
        scene.icloud.faults.retryAfterSeconds = 3;
        scene.icloud.faults.slowMs = 30;
        const account = await scene.open();
        // Lets `request - 1` requests pass and strikes the next one.
        let seen = 0;
        const { take } = scene.icloud.faults;
        scene.icloud.faults.take = (name) => (name === fault && seen++ === request - 1 ? true : take.call(scene.icloud.faults, name));
        await scene.refusal(account.signIn());
        const again = await scene.refusal(account.signIn());
        expect(again).toContain('code_needed');
        expect(scene.counts.pushes).toBeLessThanOrEqual(1);
        expect(scene.counts.signIns).toBeLessThanOrEqual(2);
        expect(scene.icloud.account.wrongPasswords).toBe(0);
        if (scene.counts.pushes === 0) return;
        const given = await scene.refusal(account.submitCode(scene.code));
        if (given === 'ICLOUD_UNREACHABLE') await account.submitCode(scene.code);
        expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
        expect(scene.counts.pushes).toBe(1);
      })();
    }
  });

  it(
    'a proof that is refused for lack of time is given again; a 401 after that does not damn the password',
    scenario({ secondFactor: false }, async (scene) => {
      let proofs = 0;
      const { take } = scene.icloud.faults;
      scene.icloud.faults.take = (name) => take.call(scene.icloud.faults, name);
      scene.icloud.faults.retryAfterSeconds = 1;
      scene.icloud.faults.take = (name) => {
        const atComplete = scene.icloud.traffic.count('/signin/init') > 0 && scene.icloud.traffic.count('/accountLogin') === 0;
        if (name === 'any.503' && atComplete && proofs++ === 0) return true;
        return name === 'complete.401' && proofs > 0 ? true : take.call(scene.icloud.faults, name);
      };
      const account = await scene.open();
      expect(await scene.refusal(account.signIn())).toBe('ICLOUD_ANSWER_UNKNOWN');
      expect(await account.status()).toMatchObject({ refusedPassword: false });
      scene.icloud.faults.take = take.bind(scene.icloud.faults);
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
    }),
  );

  it(
    'a wrong password is what a 401 to the first proof means',
    scenario({ secondFactor: false }, async (scene) => {
      scene.icloud.faults.once('complete.401');
      const account = await scene.open();
      expect(await scene.refusal(account.signIn())).toBe('ICLOUD_PASSWORD_WRONG');
      expect(await account.status()).toMatchObject({ refusedPassword: true, signInsLately: 1 });
    }),
  );

  it(
    'without a server at all it says so, and nothing else',
    scenario({}, async (scene) => {
      const account = await scene.open({ endpoints: { auth: 'http://127.0.0.1:1/auth', setup: 'http://127.0.0.1:1/setup', origin: 'https://www.icloud.com' } });
      expect(await scene.refusal(account.signIn())).toBe('ICLOUD_UNREACHABLE');
      expect(await account.status()).toMatchObject({ signInsLately: 0, nextSignInAt: null });
    }),
  );

  it(
    'with all of it at random, codes and sign-ins stay within their bounds',
    scenario({ trustLifetimeMs: 400 * 86_400_000, signInLimit: { count: 1000, windowMs: 3_600_000, status: 429 } }, async (scene) => {
      const account = await scene.signedIn();
      scene.icloud.faults.retryAfterSeconds = 2;
      scene.icloud.faults.slowMs = 5;
      for (const fault of ['any.503', 'any.429', 'drop', 'slow', 'http200.rscd401', 'http200.hasError', 'setup.421', 'service.421', 'service.450', 'init.401'] as const) scene.icloud.faults.withProbability(fault, 0.08);
      const results: string[] = [];
      for (let n = 0; n < 120; n++) {
        if (n % 10 === 0) scene.icloud.account.expireSession({ loginToken: n % 20 === 0 });
        results.push(await scene.refusal(n % 3 === 0 ? account.signIn() : ask(account)));
        scene.clock.advance(2 * 3_600_000);
      }
      scene.icloud.faults.clear();
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(results.filter((result) => result.startsWith('no error')).length).toBeGreaterThan(90);
      expect(scene.counts.pushes).toBe(1);
      expect(scene.icloud.account.wrongPasswords).toBe(0);
      expect(scene.counts.signIns).toBeLessThan(40);
    }),
  );
});
