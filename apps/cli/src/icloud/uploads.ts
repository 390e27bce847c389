import type { Config } from '@media-pipeline/config';
import { Library } from '@media-pipeline/files';
import { readUploadHalt, type UploadHalt } from '@media-pipeline/icloud';

/** Whether photos go into iCloud by a browser, as far as the settings say. */
export const needsBrowser = ({ enable, icloud }: Pick<Config, 'enable' | 'icloud'>): boolean =>
  enable.icloudUpload && icloud.username !== null && (icloud.upload.route !== 'http' || icloud.upload.refusedTypes === 'other-route');

/** Why nothing goes into iCloud by Apple's page until somebody has looked; null when it does, or is to go another way. */
export async function uploadHaltOf(config: Config): Promise<UploadHalt | null> {
  return needsBrowser(config) ? await readUploadHalt(new Library(config.library.areas, config.library.root)) : null;
}

const haltWords = ({ at, reason }: UploadHalt): string => `Uploads by iCloud's page are halted since ${at}: ${reason}.`;

export const haltAdvice = 'Look at the picture. If Apple has changed its page, name the control in ICLOUD_SELECTORS_FILE (docs/ICLOUD.md, "The two routes"); then `media-pipeline dlq retry all` tries again.';

/** What there is to do about uploads, in words; nothing where they go on. */
export const uploadAdvice = (halt: UploadHalt | null): string[] => (halt === null ? [] : [`${haltWords(halt)} ${haltAdvice}`]);
