import type { SettingType } from './types';

/**
 * What of a value may be shown: all of it, none of it (`whole`), or all but the credentials inside it (`url`).
 */
export type Secrecy = 'none' | 'whole' | 'url';

/** One key of settings.env. `T` is what the program gets; null stands for "not set". */
export interface Setting<T = unknown> {
  readonly type: SettingType<NonNullable<T>>;
  /** Text as it would stand in the file; null when the setting has no default. */
  readonly default: string | null;
  readonly description: string;
  /** A value that a person might write, for the generated example file. */
  readonly example: string;
  readonly secrecy: Secrecy;
  /** Phantom: carries `T` to the inferred value type; never there at run time. */
  readonly value?: T;
}

interface Details {
  readonly example?: string;
  readonly secrecy?: Secrecy;
}

/** A setting that always has a value. `fallback` is written as in the file. */
export const setting = <T>(type: SettingType<NonNullable<T>>, fallback: string, description: string, details: Details = {}): Setting<NonNullable<T>> => ({
  type,
  default: fallback,
  description,
  example: details.example ?? fallback,
  secrecy: details.secrecy ?? 'none',
});

/** A setting that may be left out. */
export const optional = <T>(type: SettingType<NonNullable<T>>, example: string, description: string, secrecy: Secrecy = 'none'): Setting<NonNullable<T> | null> => ({
  type,
  default: null,
  description,
  example,
  secrecy,
});

/** Keys that belong together, as a chapter of docs/CONFIGURATION.md. */
export interface SettingGroup<K extends Record<string, Setting> = Record<string, Setting>> {
  readonly title: string;
  readonly about: string;
  readonly settings: K;
}

export const group = <K extends Record<string, Setting>>(title: string, about: string, settings: K): SettingGroup<K> => ({ title, about, settings });
