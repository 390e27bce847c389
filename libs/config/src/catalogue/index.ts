import type { Setting, SettingGroup } from '../setting';
import { databases, google, icloud, messages, operation, pixel, supabase, telegram } from './connections';
import { folderSource, library } from './places';
import { switches } from './switches';
import { archive, bridge, browser, compression, deduplication, running } from './work';

/** The chapters of docs/CONFIGURATION.md, in order. */
export const settingGroups: readonly SettingGroup[] = [
  library, folderSource, switches, deduplication, compression, bridge, archive, running, databases, messages, icloud, pixel, google, supabase, telegram, browser, operation,
];

/** Every key of settings.env. A new setting is one line in one of the files beside this one. */
export const settingsCatalogue = {
  ...library.settings,
  ...folderSource.settings,
  ...switches.settings,
  ...deduplication.settings,
  ...compression.settings,
  ...bridge.settings,
  ...archive.settings,
  ...running.settings,
  ...databases.settings,
  ...messages.settings,
  ...icloud.settings,
  ...pixel.settings,
  ...google.settings,
  ...supabase.settings,
  ...telegram.settings,
  ...browser.settings,
  ...operation.settings,
};

export type SettingKey = keyof typeof settingsCatalogue;
/** The parsed value of every key; null where an optional one is not set. */
export type SettingValues = { readonly [K in SettingKey]: (typeof settingsCatalogue)[K] extends Setting<infer T> ? T : never };

export const settingKeys = Object.keys(settingsCatalogue) as readonly SettingKey[];
export const isSettingKey = (name: string): name is SettingKey => Object.hasOwn(settingsCatalogue, name);
