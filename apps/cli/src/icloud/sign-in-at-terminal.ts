import { setTimeout as pause } from 'node:timers/promises';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import type { CodeRequest, ICloudAccount, SignIn } from '@media-pipeline/icloud';
import { isYes, readAnswer, readChoice } from './answer';
import type { Questions } from './questions';
import { againWarning, codeHelp, codePrompt, codeRequestWords, consentWords, phoneList, smsWarning } from './sign-in-words';

/** What of an account a conversation needs. */
export type AccountAtTerminal = Pick<ICloudAccount, 'signIn' | 'submitCode' | 'sendSms' | 'close'>;

/** How it ended: signed in, or left for later while Apple waits for something. */
export type Ended = Extract<SignIn, { kind: 'signed_in' }> | { readonly kind: 'left'; readonly pending: CodeRequest | null };

interface Conversation {
  readonly questions: Questions;
  readonly signal: AbortSignal;
  /** Between two looks at whether the iPhone's question was answered. */
  readonly consentPollMs?: number;
}

const mostPasswords = 3;

/**
 * Signs in with somebody at the terminal: asks for the password where the settings have none, and for the code as often as it takes.
 * @param open the account with this password
 * @param password that of the settings. A wrong one is not asked for again: it would come back at the next start
 * @throws ICLOUD_PASSWORD_WRONG and whatever else keeps the account from being signed in
 */
export async function signInAtTerminal(open: (password: string | null) => Promise<AccountAtTerminal>, password: string | null, conversation: Conversation): Promise<Ended> {
  const { questions, signal } = conversation;
  let typed: string | null = null;
  for (let asked = 0; ; ) {
    const account = await open(typed ?? password);
    try {
      return await seeThrough(account, await account.signIn({ by: 'person', signal }), conversation);
    } catch (thrown) {
      if (signal.aborted) return { kind: 'left', pending: null };
      const error = toPipelineError(thrown);
      const again = error.code === 'ICLOUD_PASSWORD_MISSING' || (error.code === 'ICLOUD_PASSWORD_WRONG' && typed !== null && asked < mostPasswords);
      if (!again) throw error;
      if (error.code === 'ICLOUD_PASSWORD_WRONG') questions.tell('Apple does not take this password. (An app-specific password does not work here.)');
    } finally {
      await account.close();
    }
    typed = await questions.askSecret('Password of the Apple ID (it is not shown, and not kept): ');
    asked += 1;
    if (typed === null || typed === '') return { kind: 'left', pending: null };
  }
}

async function seeThrough(account: AccountAtTerminal, first: SignIn, conversation: Conversation): Promise<Ended> {
  let state = first;
  let told: number | null = null;
  for (;;) {
    if (state.kind === 'signed_in') return state;
    if (state.kind === 'consent_needed') {
      state = await waitForConsent(account, conversation);
      if (state.kind === 'consent_needed') return { kind: 'left', pending: null };
      continue;
    }
    if (told !== state.request.since.getTime()) {
      conversation.questions.tell(codeRequestWords(state.request, new Date()));
      if (told === null) conversation.questions.tell(codeHelp);
      told = state.request.since.getTime();
    }
    const next = await oneAnswer(account, state.request, conversation);
    if (next === 'left') return { kind: 'left', pending: state.request };
    if (next !== 'stay') state = next;
  }
}

/** One question, and what its answer comes to. */
async function oneAnswer(account: AccountAtTerminal, request: CodeRequest, { questions, signal }: Conversation): Promise<SignIn | 'stay' | 'left'> {
  const typed = await questions.ask(codePrompt);
  if (typed === null) return 'left';
  const answer = readAnswer(typed);
  switch (answer.kind) {
    case 'leave':
      return 'left';
    case 'unclear':
      questions.tell(answer.why);
      return 'stay';
    case 'sms':
      return await bySms(account, request, questions, signal);
    case 'again':
      return isYes(await questions.ask(againWarning)) ? await account.signIn({ by: 'person', newCode: true, signal }) : 'stay';
    case 'code':
      return await account.submitCode(answer.code, { signal }).catch((thrown: unknown) => {
        const error = toPipelineError(thrown);
        if (error.code !== 'ICLOUD_CODE_WRONG' && error.code !== 'ICLOUD_CODE_EXPIRED') throw error;
        questions.tell(error.code === 'ICLOUD_CODE_WRONG' ? 'That was not the code; the newest one counts. Look again.' : 'That code came too late. Type `again` for a new one.');
        return 'stay';
      });
  }
}

async function bySms(account: AccountAtTerminal, { phones }: CodeRequest, questions: Questions, signal: AbortSignal): Promise<SignIn | 'stay'> {
  if (phones.length === 0) {
    questions.tell('Apple named no phone number for this account.');
    return 'stay';
  }
  questions.tell(`${smsWarning}\n${phoneList(phones)}`);
  const phone = readChoice((await questions.ask('Send it to which one? (Enter: none) ')) ?? '', phones);
  return phone === null ? 'stay' : await account.sendSms(phone.id, { signal });
}

async function waitForConsent(account: AccountAtTerminal, { questions, signal, consentPollMs = 5_000 }: Conversation): Promise<SignIn> {
  questions.tell(consentWords);
  for (;;) {
    await pause(consentPollMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new PipelineError('ICLOUD_CONSENT_NEEDED', 'The question on the iPhone has not been answered yet.');
    const state = await account.signIn({ by: 'person', signal });
    if (state.kind !== 'consent_needed') return state;
  }
}
