import type { Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import type { SignIn } from '@media-pipeline/icloud';
import { openAccount, withAccount } from '../icloud/account';
import { askAtTerminal, hasTerminal } from '../icloud/questions';
import { signInAtTerminal, type Ended } from '../icloud/sign-in-at-terminal';
import { consentUnattended, laterWords, signedInWords } from '../icloud/sign-in-words';

/**
 * Signs in to iCloud before the stages start, with somebody at the terminal where there is one. It never keeps the other sources from going on.
 * @returns why iCloud cannot be read for now; null when it can, or is not wanted
 */
export async function prepareICloud(config: Config, say: (line: string) => void, signal: AbortSignal): Promise<string | null> {
  const { username } = config.icloud;
  if (!config.enable.icloudDownload) return null;
  if (username === null) return 'ICLOUD_USERNAME is not set';
  try {
    const state = await (hasTerminal()
      ? signInAtTerminal((password) => openAccount(config, password), config.icloud.password, { questions: askAtTerminal(signal), signal })
      : withAccount(config, (account) => account.signIn({ by: 'service', signal })));
    if (state.kind === 'signed_in') {
      say(signedInWords(username, state.trustedUntil, new Date()));
      return null;
    }
    if (signal.aborted) return 'the end was asked for';
    const { reason, lines } = inTheWay(state, new Date());
    for (const line of [...lines, goingOn]) say(line);
    return reason;
  } catch (thrown) {
    if (signal.aborted) return 'the end was asked for';
    const error = toPipelineError(thrown);
    for (const line of [`iCloud ${error.code}: ${error.message}`, error.advice, goingOn]) say(line);
    return `${error.code}: ${error.message}`;
  }
}

const goingOn = 'The other sources go on meanwhile; iCloud is read as soon as it can be.';

/** What a person is to do, in lines, and in short why nothing is read. */
export function inTheWay(state: Exclude<SignIn | Ended, { kind: 'signed_in' }>, now: Date): { readonly reason: string; readonly lines: readonly string[] } {
  if (state.kind === 'consent_needed') return { reason: 'ICLOUD_CONSENT_NEEDED: the question on the iPhone is not answered yet', lines: [consentUnattended] };
  const pending = state.kind === 'code_needed' ? state.request : state.pending;
  if (pending) return { reason: 'ICLOUD_CODE_NEEDED: Apple waits for the code', lines: laterWords(pending, now) };
  return { reason: 'nobody has signed in', lines: ['Not signed in to iCloud: `media-pipeline icloud login`.'] };
}

/** Whether nobody has signed in meanwhile either (`icloud code`, another process). */
export const stillOut = async (config: Config): Promise<boolean> =>
  config.icloud.username === null || (await withAccount(config, (account) => account.status()).catch(() => null))?.state !== 'signed_in';
