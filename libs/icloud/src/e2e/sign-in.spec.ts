import { scenario } from './scene';

const hourMs = 3_600_000;
const dayMs = 24 * 3_600_000;

it('these tests hear a secret that is said aloud', async () => {
  const talk = scenario({}, async (scene) => {
    await (await scene.open()).signIn();
    scene.log.info({ note: `the code is ${scene.code}` }, 'talking too much');
  });
  await expect(talk()).rejects.toThrow('said aloud');
  const errors = scenario({ secondFactor: false }, async (scene) => {
    await (await scene.open()).signIn();
    const { sessionToken } = await scene.session();
    await scene.refusal(Promise.reject(new Error('failed', { cause: { headers: { token: sessionToken } } })));
  });
  await expect(errors()).rejects.toThrow('said aloud');
});

describe('signing in for the first time', () => {
  it(
    'has a code sent once, takes it, and is trusted',
    scenario({}, async (scene) => {
      const account = await scene.open();
      expect(await account.status()).toMatchObject({ state: 'never', pending: null, trustedUntil: null });

      const first = await account.signIn();
      expect(first).toMatchObject({ kind: 'code_needed', request: { via: 'trusted_device', phone: null, wrongTries: 0 } });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
      expect(await account.status()).toMatchObject({ state: 'code_needed', signInsLately: 1, pending: { via: 'trusted_device' } });

      const trustedUntil = new Date(scene.clock.now() + 60 * dayMs);
      expect(await account.submitCode(scene.code)).toEqual({ kind: 'signed_in', trustedUntil });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
      expect(await account.status()).toMatchObject({ state: 'signed_in', pending: null, warn: false, trustedUntil, lastChecked: new Date(scene.clock.now()) });
    }),
  );

  it.each(['s2k', 's2k_fo'] as const)('works with %s', async (protocol) => {
    await scenario({ protocol, secondFactor: false }, async (scene) => {
      expect(await (await scene.open()).signIn()).toEqual({ kind: 'signed_in', trustedUntil: null });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 0, sms: 0 });
    })();
  });

  it.each(['stripped', 'padded'] as const)('never fails for numbers that begin with a zero byte, %s', async (srpBytes) => {
    await scenario({ srpBytes, secondFactor: false, iterations: 1000, signInLimit: { count: 1000, windowMs: hourMs, status: 429 } }, async (scene) => {
      for (let n = 0; n < 60; n++) {
        const account = await scene.open({ sessionFile: `${scene.folder}/${n}.session` });
        expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      }
      expect(scene.icloud.account.wrongPasswords).toBe(0);
      expect(scene.counts.signIns).toBe(60);
    })();
  });

  it(
    'takes the user name in any case',
    scenario({ secondFactor: false }, async (scene) => {
      expect(await (await scene.open({ username: ' Jane@Example.COM' })).signIn()).toMatchObject({ kind: 'signed_in' });
    }),
  );

  it(
    'ends a sign-in that Apple sends to be repaired',
    scenario({ secondFactor: false }, async (scene) => {
      scene.icloud.faults.once('complete.412');
      expect(await (await scene.open()).signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.icloud.traffic.count('/repair/complete')).toBe(1);
    }),
  );

  it(
    'proves the password a second time where Apple asks for it',
    scenario({ escrow: true }, async (scene) => {
      const account = await scene.signedIn();
      expect(await account.status()).toMatchObject({ state: 'signed_in' });
      scene.icloud.account.expireSession({ loginToken: true });
      expect(await account.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 1, sms: 0 });
    }),
  );

  it(
    'asks for the password when the process that has the code does not know it, and only then',
    scenario({ escrow: true }, async (scene) => {
      await (await scene.open()).signIn();
      const other = await scene.open({ password: null });
      expect(await scene.refusal(other.submitCode(scene.code))).toBe('ICLOUD_PASSWORD_MISSING');
    }),
  );

  it(
    'says that no password is set before it asks Apple anything',
    scenario({}, async (scene) => {
      const account = await scene.open({ password: null });
      expect(await scene.refusal(account.signIn())).toBe('ICLOUD_PASSWORD_MISSING');
      expect(scene.icloud.traffic.requests).toEqual([]);
      expect(await account.status()).toMatchObject({ state: 'signed_out' });
    }),
  );
});
