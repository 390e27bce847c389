import type { Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import type { AccountStatus, UploadHalt } from '@media-pipeline/icloud';
import type { Repositories } from '@media-pipeline/schema';
import { accountAdvice, needsAttention, stateWords } from './account-words';
import { settingsOf, withAccount } from './account';
import { readingsAdvice } from './reading-words';
import { readingsOf, type Readings } from './readings';
import { uploadAdvice, uploadHaltOf } from './uploads';

/** How iCloud stands: what the session file and the database know. */
export interface Overview {
  /** Null without ICLOUD_USERNAME, and where the session cannot be read: then `advice` says why. */
  readonly account: AccountStatus | null;
  readonly readings: Readings;
  /** Why nothing is uploaded by Apple's page until somebody has looked. */
  readonly uploadHalt: UploadHalt | null;
  /** A person should do something, now or soon. */
  readonly attention: boolean;
  readonly advice: readonly string[];
}

/** Asks Apple nothing. */
export async function overviewOf(config: Config, { cursors, assets }: Pick<Repositories, 'cursors' | 'assets'>): Promise<Overview> {
  const [found, gone] = await Promise.all([cursors.list('icloud'), assets.countGone('icloud')]);
  const readings = readingsOf(found, gone);
  if (config.icloud.username === null) return { account: null, readings, uploadHalt: null, attention: false, advice: [] };
  const uploadHalt = await uploadHaltOf(config);
  try {
    const account = await withAccount(config, (opened) => opened.status());
    const now = new Date();
    const advice = [...accountAdvice(account, settingsOf(config), now), ...uploadAdvice(uploadHalt), ...readingsAdvice(readings, account)];
    return { account, readings, uploadHalt, attention: needsAttention(account) || uploadHalt !== null, advice };
  } catch (thrown) {
    const error = toPipelineError(thrown);
    return { account: null, readings, uploadHalt, attention: true, advice: [`${error.code}: ${error.message}. ${error.advice}`, ...uploadAdvice(uploadHalt)] };
  }
}

/** `anna@example.com: signed in`, with the first thing to do about the account where there is one, and what there is to do about uploads. */
export function overviewLines({ account, advice, uploadHalt }: Overview): string[] {
  const [first] = advice;
  const pressing = (account === null || needsAttention(account)) && first !== undefined ? [first] : [];
  return [...(account ? [`${account.username}: ${stateWords[account.state]}`] : []), ...pressing, ...uploadAdvice(uploadHalt)];
}
