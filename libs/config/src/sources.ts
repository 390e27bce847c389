import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';
import { closest, distance } from 'fastest-levenshtein';
import { isSettingKey, settingKeys } from './catalogue';
import type { SettingKey } from './catalogue';
import type { SettingProblem } from './problems';

/** The text of one key and where it came from, for messages. */
export interface RawValue {
  readonly text: string;
  readonly from: string;
}
export interface RawSettings {
  readonly file: string | null;
  readonly values: ReadonlyMap<SettingKey, RawValue>;
  readonly warnings: readonly string[];
  readonly problems: readonly SettingProblem[];
}

export interface LoadOptions {
  /** The settings file; it must exist. Default: MEDIA_PIPELINE_CONFIG, else ./settings.env if it is there. */
  readonly file?: string;
  /** Default: the environment of the process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Flags of the command line, by key. */
  readonly overrides?: Readonly<Record<string, string>>;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** "did you mean" only where a slip of the finger explains it. */
function nearest(name: string): string {
  const candidate = closest(name.toUpperCase(), [...settingKeys]);
  return distance(name.toUpperCase(), candidate) <= Math.max(2, Math.floor(name.length / 3)) ? `; did you mean ${candidate}?` : '; see docs/CONFIGURATION.md';
}

/** Lines that dotenv passes over in silence, although somebody meant something by them. */
export function strayLines(content: string): number[] {
  const withoutQuoted = content.replace(/=[ \t]*(["'`])(?:\\[\s\S]|(?!\1)[\s\S])*?\1/g, (quoted) => `=${'\n'.repeat(quoted.split('\n').length - 1)}`);
  return withoutQuoted.split(/\r?\n/).flatMap((line, index) => (/^\s*(?:#.*)?$|^\s*(?:export\s+)?[\w.-]+\s*[=:]|^\s*$/.test(line) ? [] : [index + 1]));
}

function readSettingsFile(file: string): { entries: Record<string, string>; warnings: string[]; problems: SettingProblem[] } {
  try {
    const content = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    const entries = parse(content);
    const warnings = [
      ...strayLines(content).map((line) => `${file}:${line}: this line is ignored; a setting is written KEY=value`),
      ...Object.keys(entries)
        .filter((name) => !isSettingKey(name))
        .map((name) => `${file}: unknown setting ${name}${nearest(name)}`),
    ];
    return { entries, warnings, problems: [] };
  } catch (error) {
    return { entries: {}, warnings: [], problems: [{ key: 'settings file', value: file, problem: `cannot be read (${reasonOf(error)})`, accepts: 'a readable file in the form KEY=value' }] };
  }
}

/** Files named like settings. Others in the directory belong to somebody else and are not looked at. */
function readSecretsDirectory(directory: string): { entries: Record<string, string>; problems: SettingProblem[] } {
  try {
    const entries: Record<string, string> = {};
    for (const name of readdirSync(directory)) {
      const file = path.join(directory, name);
      if (isSettingKey(name) && statSync(file).isFile()) entries[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    }
    return { entries, problems: [] };
  } catch (error) {
    return { entries: {}, problems: [{ key: 'SECRETS_DIR', value: directory, problem: `cannot be read (${reasonOf(error)})`, accepts: 'a readable directory' }] };
  }
}

function chooseFile({ file, env = process.env }: LoadOptions): string | null {
  const named = file ?? (env['MEDIA_PIPELINE_CONFIG'] || undefined);
  if (named !== undefined) return path.resolve(named);
  const here = path.resolve('settings.env');
  return existsSync(here) ? here : null;
}

/**
 * Gathers the text of every key: overrides > environment > secrets directory > settings file.
 * An empty value counts as not set, so that `ICLOUD_PASSWORD=` in a file means what it looks like.
 */
export function gather(options: LoadOptions): RawSettings {
  const { env = process.env, overrides = {} } = options;
  const file = chooseFile(options);
  const fromFile: ReturnType<typeof readSettingsFile> = file === null ? { entries: {}, warnings: [], problems: [] } : readSettingsFile(file);
  const secretsDirectory = overrides['SECRETS_DIR'] || env['SECRETS_DIR'] || fromFile.entries['SECRETS_DIR'];
  const fromSecrets = secretsDirectory ? readSecretsDirectory(path.resolve(secretsDirectory)) : { entries: {}, problems: [] };

  const values = new Map<SettingKey, RawValue>();
  const layers: readonly [Record<string, string | undefined>, string][] = [
    [fromFile.entries, file ?? ''],
    [fromSecrets.entries, secretsDirectory ?? ''],
    [env, 'environment'],
    [overrides, 'command line'],
  ];
  for (const [entries, from] of layers) {
    for (const key of settingKeys) {
      const text = entries[key];
      if (text !== undefined && text.trim() !== '') values.set(key, { text, from });
    }
  }
  const unknown = Object.keys(overrides).filter((name) => !isSettingKey(name));
  return {
    file,
    values,
    warnings: fromFile.warnings,
    problems: [
      ...fromFile.problems,
      ...fromSecrets.problems,
      ...unknown.map((name) => ({ key: name, value: undefined, problem: `is not a setting${nearest(name)}`, accepts: 'a key of docs/CONFIGURATION.md' })),
    ],
  };
}
