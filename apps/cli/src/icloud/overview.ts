import type { Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import type { AccountStatus } from '@media-pipeline/icloud';
import type { Repositories } from '@media-pipeline/schema';
import { accountAdvice, needsAttention, stateWords } from './account-words';
import { settingsOf, withAccount } from './account';
import { readingsAdvice } from './reading-words';
import { readingsOf, type Readings } from './readings';

/** How iCloud stands: what the session file and the database know. */
export interface Overview {
  /** Null without ICLOUD_USERNAME, and where the session cannot be read: then `advice` says why. */
  readonly account: AccountStatus | null;
  readonly readings: Readings;
  /** A person should do something, now or soon. */
  readonly attention: boolean;
  readonly advice: readonly string[];
}

/** Asks Apple nothing. */
export async function overviewOf(config: Config, { cursors, assets }: Pick<Repositories, 'cursors' | 'assets'>): Promise<Overview> {
  const [found, gone] = await Promise.all([cursors.list('icloud'), assets.countGone('icloud')]);
  const readings = readingsOf(found, gone);
  if (config.icloud.username === null) return { account: null, readings, attention: false, advice: [] };
  try {
    const account = await withAccount(config, (opened) => opened.status());
    const now = new Date();
    const advice = [...accountAdvice(account, settingsOf(config), now), ...readingsAdvice(readings, account)];
    return { account, readings, attention: needsAttention(account), advice };
  } catch (thrown) {
    const error = toPipelineError(thrown);
    return { account: null, readings, attention: true, advice: [`${error.code}: ${error.message}. ${error.advice}`] };
  }
}

/** `anna@example.com: signed in`, with the first thing to do where there is one. */
export function overviewLines({ account, attention, advice }: Overview): string[] {
  const [first] = advice;
  return [...(account ? [`${account.username}: ${stateWords[account.state]}`] : []), ...(attention && first !== undefined ? [first] : [])];
}
