import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { emit } from '@media-pipeline/contracts';
import type { AccountStatus, ICloudAccount } from '@media-pipeline/icloud';
import { joinBroker } from '../library/visit';
import { withAccount } from './account';
import { signedInWords } from './sign-in-words';

interface Given {
  readonly ok: boolean;
  readonly words: string;
}

/** How long a running pipeline may take to try a code. */
const patienceMs = 30_000;
const lookEveryMs = 250;

/**
 * Gives a code to the pipeline that runs on the library, and watches the session for what comes of it; where none runs (or none answers)
 * the code is submitted from here.
 * @throws ICLOUD_CODE_WRONG, ICLOUD_CODE_EXPIRED and whatever else keeps the account from being signed in
 */
export async function giveCode(config: Config, username: string, code: string): Promise<Given> {
  return await withAccount(config, async (account) => {
    const bus = await joinBroker(config);
    if (bus) {
      const outcome = await throughPipeline(bus, account, code);
      if (outcome === 'signed_in') return { ok: true, words: `The running pipeline took the code. ${signedInWords(username, (await account.status()).trustedUntil, new Date())}` };
      if (outcome === 'wrong') return { ok: false, words: 'The running pipeline tried the code, and Apple says that it is wrong. The newest code counts: look again.' };
    }
    const state = await account.submitCode(code);
    if (state.kind === 'signed_in') return { ok: true, words: `${signedInWords(username, state.trustedUntil, new Date())}${bus ? '' : ' The next run reads iCloud.'}` };
    return { ok: false, words: state.kind === 'consent_needed' ? 'The code was right. Now answer the question on your iPhone (Advanced Data Protection), then `media-pipeline icloud login`.' : 'Apple wants another code: `media-pipeline icloud login`.' };
  });
}

async function throughPipeline(bus: Bus, account: ICloudAccount, code: string): Promise<'signed_in' | 'wrong' | 'unanswered'> {
  try {
    const before = await account.status();
    // nothing is pending: nobody could use it, and submitting says so
    if (before.pending === null) return 'unanswered';
    await bus.publish(emit('media.icloud.code', { code }, randomUUID()));
    for (const until = performance.now() + patienceMs; performance.now() < until; await pause(lookEveryMs)) {
      const outcome = whatBecame(before, await account.status());
      if (outcome !== null) return outcome;
    }
    return 'unanswered';
  } finally {
    await bus.close();
  }
}

/** What the session file tells of a code that somebody else submitted; null while nothing has happened. */
export function whatBecame(before: AccountStatus, after: AccountStatus): 'signed_in' | 'wrong' | null {
  if (after.state === 'signed_in' || after.state === 'consent_needed') return 'signed_in';
  return (after.pending?.wrongTries ?? 0) > (before.pending?.wrongTries ?? 0) ? 'wrong' : null;
}
