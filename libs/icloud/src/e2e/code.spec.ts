import { scenario } from './scene';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const phones = [
  { id: 1, number: '+15550100181' },
  { id: 2, number: '+4915550100242' },
];

describe('the code', () => {
  it(
    'is asked for once, however often signing in is tried, by however many',
    scenario({}, async (scene) => {
      const [one, two] = [await scene.open(), await scene.open()];
      await Promise.all([one.signIn(), two.signIn(), one.signIn({ by: 'person' }), two.signIn()]);
      for (let n = 0; n < 3; n++) expect(await two.signIn()).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
      expect(await two.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
      expect(await one.signIn()).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'is asked for again when it is wrong, and no other one is sent',
    scenario({}, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      expect(await scene.refusal(account.submitCode(scene.wrongCode))).toBe('ICLOUD_CODE_WRONG');
      expect(await account.status()).toMatchObject({ state: 'code_needed', pending: { wrongTries: 1 } });
      expect(await account.signIn()).toMatchObject({ kind: 'code_needed', request: { wrongTries: 1 } });
      const { code } = scene;
      expect(await account.submitCode(`${code.slice(0, 3)} ${code.slice(3)}`)).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'is not given to Apple when it has not six digits',
    scenario({}, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      for (const typed of ['', '12345', '1234567', 'abcdef', '12 34 5x']) expect(await scene.refusal(account.submitCode(typed))).toBe('ICLOUD_CODE_WRONG');
      expect(scene.icloud.traffic.count(/^POST .*securitycode/)).toBe(0);
    }),
  );

  it(
    'cannot be given when none is waited for',
    scenario({}, async (scene) => {
      const account = await scene.open();
      expect(await scene.refusal(account.submitCode('123456'))).toBe('ICLOUD_CODE_EXPIRED');
      expect(scene.icloud.traffic.requests).toEqual([]);
    }),
  );

  it.each(['code.409valid', 'code.409valid.noToken'] as const)('is right although Apple answers 409 (%s)', async (fault) => {
    await scenario({ phones }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      scene.icloud.faults.once(fault);
      expect(await account.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
      expect(scene.icloud.faults.hits(fault)).toBe(1);
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    })();
  });

  it(
    'is too late when its time is over; a service waits a day before it has another one sent, a person does not',
    scenario({ codeLifetimeMs: 10 * minuteMs }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      scene.clock.advance(11 * minuteMs);
      expect(await account.signIn({ by: 'service' })).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts.pushes).toBe(1);
      expect(await scene.refusal(account.submitCode(scene.code))).toBe('ICLOUD_CODE_EXPIRED');
      expect(await account.status()).toMatchObject({ state: 'signed_out', pending: null });

      expect(await account.signIn({ by: 'person' })).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 2, sms: 0 });
      scene.clock.advance(23 * hourMs);
      expect(await account.signIn({ by: 'service' })).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 2, pushes: 2, sms: 0 });
      scene.clock.advance(2 * hourMs);
      expect(await account.signIn({ by: 'service' })).toMatchObject({ kind: 'code_needed' });
      expect(scene.counts).toEqual({ signIns: 3, pushes: 3, sms: 0 });
      expect(await account.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
    }),
  );

  it(
    'is tried when it comes later than we thought a code lives',
    scenario({ codeLifetimeMs: hourMs }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      scene.clock.advance(15 * minuteMs);
      expect(await account.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it.each(['bridge', 'classic'] as const)('comes by SMS to a phone that a person chooses (%s page)', async (authPage) => {
    await scenario({ phones, authPage }, async (scene) => {
      const account = await scene.open();
      const first = await account.signIn();
      expect(first.kind === 'code_needed' && first.request.phones.map(({ id, number }) => [id, number.slice(-2), /\d/.test(number.slice(0, -2))])).toEqual([
        [1, '81', false],
        [2, '42', false],
      ]);
      const sent = await account.sendSms(2);
      expect(sent).toMatchObject({ kind: 'code_needed', request: { via: 'sms' } });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 1 });
      expect(await account.submitCode(scene.sms(2))).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 1 });
    })();
  });

  it(
    'comes by SMS of itself when no device can show it',
    scenario({ phones: phones.slice(0, 1), trustedDevices: 0 }, async (scene) => {
      const account = await scene.open();
      expect(await account.signIn()).toMatchObject({ kind: 'code_needed', request: { via: 'sms' } });
      expect(await account.submitCode(scene.sms(1))).toMatchObject({ kind: 'signed_in' });
      expect(scene.counts).toMatchObject({ signIns: 1, sms: 1 });
    }),
  );

  it(
    'is not sent to a phone that the account does not have, nor when nothing is pending',
    scenario({ phones }, async (scene) => {
      const account = await scene.open();
      expect(await scene.refusal(account.sendSms(1))).toBe('ICLOUD_CODE_EXPIRED');
      await account.signIn();
      expect(await scene.refusal(account.sendSms(7))).toBe('USAGE');
      expect(scene.counts.sms).toBe(0);
      expect(await account.submitCode(scene.code)).toMatchObject({ kind: 'signed_in' });
    }),
  );

  it(
    'is not tried for ever',
    scenario({ wrongCodeLimit: 3 }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      const { wrongCode } = scene;
      const refusals: string[] = [];
      for (let n = 0; n < 4; n++) refusals.push(await scene.refusal(account.submitCode(wrongCode)));
      expect(refusals.slice(0, 2)).toEqual(['ICLOUD_CODE_WRONG', 'ICLOUD_CODE_WRONG']);
      expect(refusals).toContain('ICLOUD_SIGN_IN_LIMIT');
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 0 });
    }),
  );

  it(
    'is not sent for ever',
    scenario({ phones, codesSentLimit: 2 }, async (scene) => {
      const account = await scene.open();
      await account.signIn();
      await account.sendSms(1);
      expect(await scene.refusal(account.sendSms(1))).toBe('ICLOUD_SIGN_IN_LIMIT');
      expect(scene.counts).toEqual({ signIns: 1, pushes: 1, sms: 1 });
      expect(await account.status()).toMatchObject({ pending: { via: 'sms' } });
      expect(await account.submitCode(scene.sms(1))).toMatchObject({ kind: 'signed_in' });
    }),
  );
});
