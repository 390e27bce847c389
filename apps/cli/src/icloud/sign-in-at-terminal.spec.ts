import { setTimeout as pause } from 'node:timers/promises';
import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';
import type { AccountStatus, CodeRequest, SignIn } from '@media-pipeline/icloud';
import type { Questions } from './questions';
import { signInAtTerminal, type AccountAtTerminal, type Ended } from './sign-in-at-terminal';

const request: CodeRequest = { since: new Date(), expiresAt: new Date(Date.now() + 600_000), via: 'trusted_device', phone: null, phones: [{ id: 7, number: '•••• 45' }, { id: 9, number: '•••• 99' }], wrongTries: 0 };
const codeNeeded: SignIn = { kind: 'code_needed', request };
const signedIn: SignIn = { kind: 'signed_in', trustedUntil: null };

interface Played {
  readonly ended: Ended | ErrorCode;
  readonly said: string;
  /** What Apple was asked for. */
  readonly calls: readonly string[];
  readonly answersLeft: number;
}

/** Plays a conversation: `answers` are typed one after the other, null is Ctrl-D. The account knows the password `right` and the code 123456. */
async function play(answers: readonly (string | null)[], { password = 'right', first = codeNeeded, consentMs = 0, terms = false }: { password?: string | null; first?: SignIn; consentMs?: number; terms?: boolean } = {}): Promise<Played> {
  const typed = [...answers];
  const said: string[] = [];
  const calls: string[] = [];
  let opened = 0;
  const next = (text: string): Promise<string | null> => {
    said.push(text);
    const answer = typed.shift();
    if (answer === undefined) throw new Error(`nobody answers: ${text}`);
    return Promise.resolve(answer);
  };
  const questions: Questions = { tell: (line) => void said.push(line), ask: next, askSecret: next };
  let asking = false;
  const open = (given: string | null): Promise<AccountAtTerminal> => {
    opened += 1;
    const fail = (code: ErrorCode): never => {
      throw new PipelineError(code, code);
    };
    return Promise.resolve({
      signIn: async (options) => {
        calls.push('signIn');
        if (given === null) fail('ICLOUD_PASSWORD_MISSING');
        if (given !== 'right') fail('ICLOUD_PASSWORD_WRONG');
        if (terms && options?.acceptTerms !== true) fail('ICLOUD_TERMS');
        asking = consentMs > 0;
        await pause(consentMs);
        return first;
      },
      sendAgain: async () => {
        calls.push('sendAgain');
        return { kind: 'code_needed', request: { ...request, since: new Date(Date.now() + 1) } };
      },
      status: async () => ({ state: asking ? 'consent_needed' : 'signed_out' }) as AccountStatus,
      submitCode: async (code) => {
        calls.push(`code ${code}`);
        if (code === '000000') fail('ICLOUD_CODE_WRONG');
        if (code === '999999') fail('ICLOUD_CODE_EXPIRED');
        return signedIn;
      },
      sendSms: async (phoneId) => {
        calls.push(`sms ${phoneId}`);
        return { kind: 'code_needed', request: { ...request, via: 'sms', phone: '•••• 99', since: new Date(Date.now() + 2) } };
      },
      close: () => Promise.resolve(void (opened -= 1)),
    });
  };
  const ended = await signInAtTerminal(open, password, { questions, signal: new AbortController().signal, lookEveryMs: 1 }).catch((error: unknown) => (error as PipelineError).code);
  expect(opened).toBe(0);
  return { ended, said: said.join('\n'), calls, answersLeft: typed.length };
}

describe('signing in at a terminal', () => {
  it('asks nothing when the session holds', async () => {
    expect(await play([], { first: signedIn })).toMatchObject({ ended: signedIn, calls: ['signIn'], said: '' });
  });

  it('asks for the code until it is right, with one push', async () => {
    const { ended, calls, said } = await play(['000000', 'what?', '12 34', '123 456']);
    expect([ended, calls]).toEqual([signedIn, ['signIn', 'code 000000', 'code 123456']]);
    expect(said.match(/Apple shows a six-digit code/g)).toHaveLength(1);
    expect(said).toContain('That was not the code');
    expect(said).toContain('six digits; that were 4');
  });

  it('asks for the password only where the settings have none, and again when it was mistyped', async () => {
    expect(await play(['wrong', 'right', '123456'], { password: null })).toMatchObject({ ended: signedIn, said: expect.stringContaining('does not take this password') as string });
    expect(await play(['wrong', 'wrong', 'wrong'], { password: null })).toMatchObject({ ended: 'ICLOUD_PASSWORD_WRONG', answersLeft: 0 });
    expect(await play([], { password: 'wrong' })).toMatchObject({ ended: 'ICLOUD_PASSWORD_WRONG' });
    expect(await play([''], { password: null })).toMatchObject({ ended: { kind: 'left', pending: null } });
  });

  it('pushes again only after a yes, for it voids the first code', async () => {
    const no = await play(['again', '', '123456']);
    expect(no.calls).toEqual(['signIn', 'code 123456']);
    expect(no.said).toContain('worthless');
    const yes = await play(['again', 'y', '123456']);
    expect(yes.calls).toEqual(['signIn', 'sendAgain', 'code 123456']);
    expect(yes.said.match(/Apple shows a six-digit code/g)).toHaveLength(2);
  });

  it('offers a new code for one that came too late', async () => {
    expect(await play(['999999', 'y', '123456'])).toMatchObject({ ended: signedIn, calls: ['signIn', 'code 999999', 'signIn', 'code 123456'] });
    expect(await play(['999999', ''])).toMatchObject({ ended: { kind: 'left' } });
  });

  it('sends an SMS to the phone that is chosen, or to none', async () => {
    const { calls, said } = await play(['sms', '2', '123456']);
    expect(calls).toEqual(['signIn', 'sms 9', 'code 123456']);
    expect(said).toContain('  2  •••• 99');
    expect(said).toContain('by SMS to •••• 99');
    expect((await play(['sms', '', '123456'])).calls).toEqual(['signIn', 'code 123456']);
  });

  it('leaves what is pending for later', async () => {
    for (const word of ['later', '', null]) expect((await play([word])).ended).toEqual({ kind: 'left', pending: request });
  });

  it('says that the iPhone asks something, while it waits for the answer', async () => {
    const answered = await play([], { first: signedIn, consentMs: 50 });
    expect(answered.ended).toEqual(signedIn);
    expect(answered.said.match(/Advanced Data Protection/g)).toHaveLength(1);
    expect(await play([], { first: { kind: 'consent_needed', since: new Date() } })).toMatchObject({ ended: { kind: 'left', pending: null }, said: expect.stringContaining('answer the question on your iPhone') as string });
  });

  it('accepts new terms for nobody who has not said yes', async () => {
    expect(await play([''], { first: signedIn, terms: true })).toMatchObject({ ended: 'ICLOUD_TERMS' });
    expect(await play(['yes'], { first: signedIn, terms: true })).toMatchObject({ ended: signedIn, calls: ['signIn', 'signIn'] });
  });
});
