import { homedir } from 'node:os';
import path from 'node:path';
import { buildConfig } from './build';
import { settingKeys, settingsCatalogue } from './catalogue';
import type { SettingKey, SettingValues } from './catalogue';
import type { Config } from './config';
import { SettingsError } from './problems';
import type { SettingProblem } from './problems';
import { relationProblems, relationWarnings } from './relations';
import { masked, redactor } from './secrets';
import type { Setting } from './setting';
import { gather } from './sources';
import type { LoadOptions, RawSettings, RawValue } from './sources';

export interface LoadedConfig {
  readonly config: Config;
  /** Unknown keys, stray lines, settings that are allowed and yet probably not meant. */
  readonly warnings: readonly string[];
  /** Replaces every secret of the settings in a text. */
  readonly redact: (text: string) => string;
  /** Every key with its value in effect (masked) and where it came from: `default`, a file, `environment`, `command line`. */
  readonly effective: readonly EffectiveSetting[];
}
export interface EffectiveSetting {
  readonly key: SettingKey;
  readonly value: string | null;
  readonly from: string;
}

/** The value of one key out of its text: what {@link loadConfig} does for each. */
export function parseSetting(key: SettingKey, text: string): { readonly value: unknown } | { readonly problem: string } {
  const result = (settingsCatalogue[key] as Setting).type.codec.safeDecode(text);
  return result.success ? { value: result.data } : { problem: result.error.issues[0]?.message ?? 'is not valid' };
}

function parseAll(raw: RawSettings): { values: SettingValues; problems: SettingProblem[] } {
  const values: Partial<Record<SettingKey, unknown>> = {};
  const problems: SettingProblem[] = [];
  for (const key of settingKeys) {
    const entry: Setting = settingsCatalogue[key];
    const given = raw.values.get(key);
    // a wrong value falls back to the default, so that the checks of relations still find everything else
    const parsed = given === undefined ? undefined : parseSetting(key, given.text);
    if (given !== undefined && parsed !== undefined && 'problem' in parsed) {
      problems.push({ key, value: masked(given.text, entry.secrecy), problem: parsed.problem, accepts: entry.type.accepts, from: given.from });
    }
    if (parsed !== undefined && 'value' in parsed) values[key] = parsed.value;
    else values[key] = entry.default === null ? null : entry.type.codec.decode(entry.default);
  }
  return { values: values as SettingValues, problems };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

/** Paths of the settings file count from the file, all others (flags, environment, defaults) from the current directory. */
const baseOf = (raw: RawSettings, key: SettingKey): string => {
  const from = raw.values.get(key)?.from;
  return raw.file !== null && from === raw.file ? path.dirname(raw.file) : process.cwd();
};

const secretValues = (values: ReadonlyMap<SettingKey, RawValue>) => [...values].map(([key, { text }]) => ({ value: text.trim(), secrecy: settingsCatalogue[key].secrecy }));

/**
 * Reads every setting: overrides (flags) > environment > secrets directory > settings file > default.
 * Throws {@link SettingsError} (SETTINGS_INVALID) with all problems at once; secrets are masked in it.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const raw = gather(options);
  const { values, problems } = parseAll(raw);
  const config = buildConfig(values, {
    file: raw.file,
    directory: baseOf(raw, 'DEDUPLICATION_DIRECTORIES'),
    libraryDirectory: baseOf(raw, 'NAS_MOUNT'),
    sourceDirectory: baseOf(raw, 'FOLDER_SOURCE_PATH'),
    home: homedir(),
  });
  const allProblems = [...raw.problems, ...problems, ...relationProblems(values, config)];
  const warnings = [...raw.warnings, ...relationWarnings(config)];
  if (allProblems.length > 0) throw new SettingsError(allProblems, warnings);
  const effective = settingKeys.map((key) => {
    const { secrecy, default: fallback } = settingsCatalogue[key];
    const given = raw.values.get(key);
    return { key, value: given ? masked(given.text.trim(), secrecy) : fallback, from: given?.from ?? 'default' };
  });
  return { config: freeze(config), warnings, redact: redactor(secretValues(raw.values)), effective };
}
