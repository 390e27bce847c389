import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { PipelineError } from '@media-pipeline/contracts';
import { loadConfig, type Config, type LoadedConfig } from '@media-pipeline/config';
import { hideSecrets } from '../failure';

/** The flags that every command about a library takes. */
export interface LibraryFlags {
  readonly config?: string;
  readonly library?: string;
}

export const withLibrary = (command: Command): Command =>
  command
    .addOption(new Option('--library <dir>', 'the library (default: NAS_MOUNT, else ./library)'))
    .addOption(new Option('--config <file>', 'settings file (default: MEDIA_PIPELINE_CONFIG, else ./settings.env)'));

/** The settings in effect; warnings go to stderr. @throws SETTINGS_INVALID */
export function readSettings(flags: LibraryFlags, overrides: Readonly<Record<string, string>> = {}): LoadedConfig {
  const loaded = loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    overrides: { ...(flags.library === undefined ? {} : { NAS_MOUNT: path.resolve(flags.library) }), ...overrides },
  });
  hideSecrets(loaded.redact);
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  return loaded;
}

/** What `--source DIR` means as settings. */
export const sourceOverrides = (source: string | undefined): Record<string, string> =>
  source === undefined ? {} : { FOLDER_SOURCE_PATH: path.resolve(source), ENABLE_FOLDER_DOWNLOAD: 'true' };

/** @throws SETTINGS_INVALID when `--source` or FOLDER_SOURCE_PATH names no folder */
export async function requireSource({ enable, folderSource }: Config, flag: string | undefined): Promise<void> {
  const folder = folderSource.path;
  if (!enable.folderDownload || folder === null) return;
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) throw new PipelineError('SETTINGS_INVALID', `${flag === undefined ? 'FOLDER_SOURCE_PATH' : '--source'}: ${folder} is ${found ? 'not a folder' : 'not there'}.`);
}
