import { setTimeout as pause } from 'node:timers/promises';
import { toPipelineError } from '@media-pipeline/contracts';
import type { CodeRequest, ICloudAccount, SignIn } from '@media-pipeline/icloud';
import { isYes, readAnswer, readChoice } from './answer';
import type { Questions } from './questions';
import { againWarning, codeHelp, codePrompt, codeRequestWords, consentUnattended, consentWords, phoneList, smsWarning, termsQuestion, tooLateQuestion } from './sign-in-words';

/** What of an account a conversation needs. */
export type AccountAtTerminal = Pick<ICloudAccount, 'signIn' | 'submitCode' | 'sendAgain' | 'sendSms' | 'status' | 'close'>;

/** How it ended: signed in, or left for later while Apple waits for something. */
export type Ended = Extract<SignIn, { kind: 'signed_in' }> | { readonly kind: 'left'; readonly pending: CodeRequest | null };

interface Conversation {
  readonly questions: Questions;
  readonly signal: AbortSignal;
  /** Between two looks at whether Apple waits for an answer on the iPhone. */
  readonly lookEveryMs?: number;
}

const mostPasswords = 3;
const left: Ended = { kind: 'left', pending: null };

/**
 * Signs in with somebody at the terminal: asks for the password where the settings have none, and for the code as often as it takes.
 * @param open the account with this password
 * @param password that of the settings. A wrong one is not asked for again: it would come back at the next start
 * @throws ICLOUD_PASSWORD_WRONG and whatever else keeps the account from being signed in
 */
export async function signInAtTerminal(open: (password: string | null) => Promise<AccountAtTerminal>, password: string | null, conversation: Conversation): Promise<Ended> {
  const { questions, signal } = conversation;
  let typed: string | null = null;
  let acceptTerms = false;
  for (let asked = 0; ; ) {
    const account = await open(typed ?? password);
    try {
      return await seeThrough(account, acceptTerms, conversation);
    } catch (thrown) {
      if (signal.aborted) return left;
      const error = toPipelineError(thrown);
      if (error.code === 'ICLOUD_TERMS' && !acceptTerms) {
        acceptTerms = isYes(await questions.ask(termsQuestion));
        if (!acceptTerms) throw error;
        continue;
      }
      const again = error.code === 'ICLOUD_PASSWORD_MISSING' || (error.code === 'ICLOUD_PASSWORD_WRONG' && typed !== null && asked < mostPasswords);
      if (!again) throw error;
      if (error.code === 'ICLOUD_PASSWORD_WRONG') questions.tell('Apple does not take this password. (An app-specific password does not work here.)');
    } finally {
      await account.close();
    }
    typed = await questions.askSecret('Password of the Apple ID (it is not shown, and not kept): ');
    asked += 1;
    if (typed === null || typed === '') return left;
  }
}

async function seeThrough(account: AccountAtTerminal, acceptTerms: boolean, conversation: Conversation): Promise<Ended> {
  const { questions, signal } = conversation;
  let state = await watchingForConsent(account, account.signIn({ by: 'person', acceptTerms, signal }), conversation);
  let told: number | null = null;
  for (;;) {
    if (state.kind === 'signed_in') return state;
    if (state.kind === 'consent_needed') {
      questions.tell(consentUnattended);
      return left;
    }
    if (told !== state.request.since.getTime()) {
      questions.tell(codeRequestWords(state.request, new Date()));
      if (told === null) questions.tell(codeHelp);
      told = state.request.since.getTime();
    }
    const next = await oneAnswer(account, state.request, acceptTerms, conversation);
    if (next === 'left') return { kind: 'left', pending: state.request };
    if (next !== 'stay') state = next;
  }
}

/** One question, and what its answer comes to. */
async function oneAnswer(account: AccountAtTerminal, request: CodeRequest, acceptTerms: boolean, conversation: Conversation): Promise<SignIn | 'stay' | 'left'> {
  const { questions, signal } = conversation;
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
      return await bySms(account, request, conversation);
    case 'again':
      return isYes(await questions.ask(againWarning)) ? await account.sendAgain({ signal }) : 'stay';
    case 'code':
      return await watchingForConsent(account, account.submitCode(answer.code, { by: 'person', acceptTerms, signal }), conversation).catch(async (thrown: unknown) => {
        const { code } = toPipelineError(thrown);
        if (code === 'ICLOUD_CODE_EXPIRED') return isYes(await questions.ask(tooLateQuestion)) ? await account.signIn({ by: 'person', acceptTerms, signal }) : 'left';
        if (code !== 'ICLOUD_CODE_WRONG') throw thrown;
        questions.tell('That was not the code; the newest one counts. Look again.');
        return 'stay';
      });
  }
}

async function bySms(account: AccountAtTerminal, { phones }: CodeRequest, { questions, signal }: Conversation): Promise<SignIn | 'stay'> {
  if (phones.length === 0) {
    questions.tell('Apple named no phone number for this account.');
    return 'stay';
  }
  questions.tell(`${smsWarning}\n${phoneList(phones)}`);
  const phone = readChoice((await questions.ask('Send it to which one? (Enter: none) ')) ?? '', phones);
  return phone === null ? 'stay' : await account.sendSms(phone.id, { signal });
}

/** A sign-in that waits for an answer on the iPhone says nothing while it does: the session file tells. */
async function watchingForConsent(account: AccountAtTerminal, work: Promise<SignIn>, { questions, lookEveryMs = 500 }: Conversation): Promise<SignIn> {
  const done = new AbortController();
  const watch = async (): Promise<void> => {
    while (!done.signal.aborted) {
      await pause(lookEveryMs, undefined, { signal: done.signal });
      if ((await account.status()).state === 'consent_needed') return questions.tell(consentWords);
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    return await work;
  } finally {
    done.abort();
    await watching;
  }
}
