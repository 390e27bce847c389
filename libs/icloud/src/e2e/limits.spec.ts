import { password, scenario, type Scene } from './scene';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe('signing in is not overdone', () => {
  it(
    'a wrong password is tried once, until it changes',
    scenario({}, async (scene) => {
      const account = await scene.open({ password: 'not-the-password' });
      for (const by of ['service', 'person', 'service'] as const) expect(await scene.refusal(account.signIn({ by }))).toBe('ICLOUD_PASSWORD_WRONG');
      const again = await scene.open({ password: 'not-the-password' });
      expect(await scene.refusal(again.signIn({ by: 'person' }))).toBe('ICLOUD_PASSWORD_WRONG');
      expect(scene.icloud.account.wrongPasswords).toBe(1);
      expect(await again.status()).toMatchObject({ state: 'signed_out', refusedPassword: true, signInsLately: 1 });

      const mended = await scene.open({ password });
      expect(await mended.signIn({ by: 'service' })).toMatchObject({ kind: 'code_needed' });
      expect(await mended.status()).toMatchObject({ refusedPassword: false });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'the password is proven at most three times an hour and eight times a day, whoever asks and however often the process starts',
    scenario({ secondFactor: false, signInLimit: { count: 1000, windowMs: hourMs, status: 429 } }, async (scene) => {
      const results: string[] = [];
      for (let n = 0; n < 24 * 4; n++) {
        scene.icloud.account.expireSession({ loginToken: true });
        const account = await scene.open();
        results.push(await scene.refusal(account.signIn({ by: n % 2 === 0 ? 'service' : 'person' })));
        scene.clock.advance(15 * minuteMs);
      }
      expect(results.slice(0, 5)).toEqual([...Array<string>(3).fill('no error but {"kind":"signed_in","trustedUntil":null}'), 'ICLOUD_SIGN_IN_LIMIT', results[0]]);
      expect(results.filter((result) => result === results[0])).toHaveLength(8);
      expect(scene.counts.signIns).toBe(8);
      const { nextSignInAt, signInsLately } = await (await scene.open()).status();
      expect({ nextSignInAt, signInsLately }).toEqual({ nextSignInAt: null, signInsLately: 7 });
    }),
  );

  it(
    'what was kept of an older sign-in is dropped when Apple does not know it any more',
    scenario({}, async (scene) => {
      scene.icloud.faults.once('init.401');
      expect(await (await scene.open()).signIn()).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
      scene.icloud.faults.always('init.401');
      expect(await scene.refusal((await scene.open({ sessionFile: `${scene.folder}/other` })).signIn())).toBe('ICLOUD_ANSWER_UNKNOWN');
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'the service waits as long as Apple asks to, and does not sign in meanwhile',
    scenario({ signInLimit: { count: 2, windowMs: hourMs, status: 503 }, secondFactor: false }, async (scene) => {
      const account = await scene.open();
      for (let n = 0; n < 2; n++) {
        scene.icloud.account.expireSession({ loginToken: true });
        expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      }
      scene.icloud.account.expireSession({ loginToken: true });
      expect(await scene.refusal(account.signIn())).toBe('ICLOUD_RATE_LIMITED');
      scene.icloud.traffic.clear();
      expect(await scene.refusal(account.signIn())).toBe('ICLOUD_RATE_LIMITED');
      expect(scene.icloud.traffic.requests).toEqual([]);
      const { nextSignInAt } = await account.status();
      expect(nextSignInAt).not.toBeNull();
      scene.clock.advance(Number(nextSignInAt) - scene.clock.now() + 1);
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts.signIns).toBe(3);
    }),
  );
});

describe('when only a person can help', () => {
  const after = async (scene: Scene, code: string): Promise<void> => {
    const account = await scene.open();
    expect(await scene.refusal(account.signIn())).toBe(code);
    expect(await account.status()).toMatchObject({ state: 'signed_out', pending: null });
    const tried = scene.icloud.traffic.count('/signin/init');
    expect(await scene.refusal(account.signIn({ by: 'service' }))).toBe(code);
    expect(scene.icloud.traffic.count('/signin/init')).toBe(tried);
    expect(await scene.refusal(account.signIn({ by: 'person' }))).toBe(code);
    expect(scene.icloud.traffic.count('/signin/init')).toBeGreaterThan(tried);
    expect(scene.counts).toMatchObject({ pushes: 0, sms: 0 });
  };

  it(
    'security keys are named',
    scenario({ securityKeys: true, securityKeyNames: ['YubiKey 5C'] }, async (scene) => {
      await after(scene, 'ICLOUD_SECURITY_KEYS');
      expect(scene.said).toContain('YubiKey 5C');
    }),
  );

  it(
    'a locked account is not tried again',
    scenario({ locked: true }, async (scene) => {
      await after(scene, 'ICLOUD_ACCOUNT_LOCKED');
      expect(scene.icloud.account.wrongPasswords).toBe(0);
    }),
  );

  it(
    'new terms are accepted only when the owner says so',
    scenario({ secondFactor: false, termsPending: true }, async (scene) => {
      const account = await scene.open();
      for (const by of ['service', 'person'] as const) expect(await scene.refusal(account.signIn({ by }))).toBe('ICLOUD_TERMS');
      expect(scene.icloud.account.termsPending).toBe(true);
      expect(scene.icloud.traffic.count('repairDone')).toBe(0);
      expect(await (await scene.open()).signIn({ by: 'person', acceptTerms: true })).toMatchObject({ kind: 'signed_in' });
      expect(scene.icloud.account.termsPending).toBe(false);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 0, sms: 0 });
    }),
  );

  it(
    'terms that were accepted elsewhere let the service on without a new sign-in',
    scenario({ termsPending: true }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      expect(await scene.refusal(account.submitCode(scene.code))).toBe('ICLOUD_TERMS');
      scene.icloud.account.termsPending = false;
      expect(await account.signIn({ by: 'service' })).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'an account of the other region says which setting to change',
    scenario({ secondFactor: false, region: 'china' }, async (scene) => {
      const account = await scene.open();
      expect(await scene.refusal(account.signIn())).toBe('SETTINGS_INVALID');
      expect(scene.said).toContain('ICLOUD_REGION=china');
    }),
  );
});
