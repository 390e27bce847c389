import { rm } from 'node:fs/promises';
import type { Config } from '@media-pipeline/config';
import { PipelineError } from '@media-pipeline/contracts';
import { endpointsFor, ICloudAccount } from '@media-pipeline/icloud';
import { createLogger } from '@media-pipeline/stage';
import type { ICloudSettings } from './account-words';

export const settingsOf = ({ icloud, enable }: Config): ICloudSettings => ({
  enabled: enable.icloudDownload,
  username: icloud.username,
  hasPassword: icloud.password !== null,
  sessionFile: icloud.sessionFile,
});

/** @throws SETTINGS_INVALID without ICLOUD_USERNAME */
export function requireUsername({ icloud }: Config): string {
  if (icloud.username === null) throw new PipelineError('SETTINGS_INVALID', 'ICLOUD_USERNAME is not set. It is the Apple ID; `media-pipeline icloud status` tells how to begin.');
  return icloud.username;
}

/** The account of the settings, with a password that may have been typed; whoever opens it closes it. @throws SETTINGS_INVALID, ICLOUD_SESSION_UNREADABLE */
export async function openAccount(config: Config, password: string | null = config.icloud.password): Promise<ICloudAccount> {
  const { sessionFile, secretsKey, region, authUrl, setupUrl } = config.icloud;
  return await ICloudAccount.open({
    username: requireUsername(config),
    password,
    sessionFile,
    secretsKey,
    endpoints: endpointsFor(region, { auth: authUrl, setup: setupUrl }),
    log: createLogger({ level: config.log.level === 'debug' || config.log.level === 'trace' ? config.log.level : 'error' }, 'media-pipeline'),
  });
}

/** Opens, works, closes. */
export async function withAccount<T>(config: Config, work: (account: ICloudAccount) => Promise<T>): Promise<T> {
  const account = await openAccount(config);
  try {
    return await work(account);
  } finally {
    await account.close();
  }
}

/** Removes a session that nobody can read any more. */
export const discardSession = async ({ icloud }: Config): Promise<void> => rm(icloud.sessionFile, { force: true });
