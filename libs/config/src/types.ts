import { z } from 'zod';

/**
 * How the text of a setting becomes a value and back: a zod codec (decode: text → value, or an issue; encode: value → text),
 * and what is accepted, in words that complete "accepts …".
 */
export interface SettingType<T> {
  readonly accepts: string;
  readonly codec: z.ZodType<T, string>;
}

/** What is wrong with a text, as the end of the sentence "<KEY> …". */
class Problem {
  constructor(readonly text: string) {}
}

const define = <T>(accepts: string, value: z.ZodType<T, T>, decode: (text: string) => T | Problem, encode: (value: T) => string): SettingType<T> => ({
  accepts,
  codec: z.codec(z.string(), value, {
    decode: (text, context) => {
      const decoded = decode(text.trim());
      if (!(decoded instanceof Problem)) return decoded;
      context.issues.push({ code: 'custom', message: decoded.text, input: text });
      return z.NEVER;
    },
    encode,
  }),
});

const yes = new Set(['true', 'yes', '1', 'on']);
const no = new Set(['false', 'no', '0', 'off']);

export const flag: SettingType<boolean> = define(
  'true or false (also yes/no, on/off, 1/0)',
  z.boolean(),
  (text) => (yes.has(text.toLowerCase()) ? true : no.has(text.toLowerCase()) ? false : new Problem('is neither true nor false')),
  String,
);

export const text: SettingType<string> = define('text', z.string(), (value) => value, (value) => value);

export const path: SettingType<string> = define(
  'a path',
  z.string(),
  (value) => (value.includes('\0') ? new Problem('contains a NUL character') : value),
  (value) => value,
);

interface Range {
  readonly min: number;
  readonly max: number;
}

const outside = (value: number, { min, max }: Range, print: (value: number) => string = String): Problem | undefined => {
  if (value < min) return new Problem(`is less than ${print(min)}`);
  if (value > max) return new Problem(`is more than ${print(max)}`);
  return undefined;
};

export const integer = (min: number, max: number): SettingType<number> =>
  define(
    `a whole number from ${min} to ${max}`,
    z.number(),
    (text) => (/^[+-]?\d+$/.test(text) ? (outside(Number(text), { min, max }) ?? Number(text)) : new Problem('is not a whole number')),
    String,
  );

export const octal: SettingType<string> = define(
  'a file mode in octal, such as 775',
  z.string(),
  (text) => (/^[0-7]{3,4}$/.test(text) ? text : new Problem('is not an octal file mode')),
  (value) => value,
);

export const choice = <const C extends string>(...choices: readonly C[]): SettingType<C> =>
  define(
    `one of ${choices.join(', ')}`,
    z.enum(choices) as z.ZodType<C, C>,
    (text) => choices.find((candidate) => candidate === text.toLowerCase()) ?? new Problem('is not one of them'),
    (value) => value,
  );

const timeUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
export type TimeUnit = keyof typeof timeUnits;
const timeUnitNames: Record<TimeUnit, string> = { ms: 'milliseconds', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' };

/** A length of time, in milliseconds. A bare number counts in `unit`; `min` and `max` too. */
export const duration = (unit: TimeUnit, min: number, max: number): SettingType<number> =>
  define(
    `a time of ${min} to ${max} ${timeUnitNames[unit]}; a bare number counts in ${timeUnitNames[unit]}, or write 500ms, 90s, 5m, 2h, 30d`,
    z.number(),
    (text) => {
      const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/i.exec(text);
      if (!match) return new Problem('is not a length of time');
      const factor = timeUnits[(match[2]?.toLowerCase() ?? unit) as TimeUnit];
      const value = Math.round(Number(match[1]) * factor);
      return outside(value, { min: min * timeUnits[unit], max: max * timeUnits[unit] }, (ms) => `${ms / timeUnits[unit]} ${timeUnitNames[unit]}`) ?? value;
    },
    (value) => (value % timeUnits[unit] === 0 ? String(value / timeUnits[unit]) : `${value}ms`),
  );

const sizeUnits: Record<string, number> = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40, b: 1 };

type SizeUnit = 'gb' | 'mb';
const sizeUnitNames: Record<SizeUnit, string> = { gb: 'GB (10⁹ bytes)', mb: 'MB (10⁶ bytes)' };

/** A size in bytes. A bare number counts in `unit`, of powers of ten. */
const size = (unit: SizeUnit) => (min: string, max: string): SettingType<number> => {
  const read = (text: string): number | Problem => {
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)?$/i.exec(text);
    return match ? Math.round(Number(match[1]) * (sizeUnits[match[2]?.toLowerCase() ?? unit] ?? 1)) : new Problem('is not a size');
  };
  const range = { min: Number(read(min)), max: Number(read(max)) };
  return define(
    `a size from ${min} to ${max}; a bare number counts in ${sizeUnitNames[unit]}, or write 500MB, 2GiB`,
    z.number(),
    (text) => {
      const value = read(text);
      return value instanceof Problem ? value : (outside(value, range, (bytes) => (bytes === range.min ? min : max)) ?? value);
    },
    (value) => `${value}B`,
  );
};

export const gigabytes = size('gb');
export const megabytes = size('mb');

/** A day, as the moment (ms since 1970) at which it begins in UTC. */
export const day: SettingType<number> = define(
  'a day in the form 2020-01-31',
  z.number(),
  (text) => {
    const moment = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
    return Number.isNaN(moment) || new Date(moment).toISOString().slice(0, 10) !== text ? new Problem('is not a day of the calendar') : moment;
  },
  (moment) => new Date(moment).toISOString().slice(0, 10),
);

const splitOutsideBraces = (text: string): string[] => text.split(/,(?![^{]*\})/);

/** Comma-separated; a comma inside `{…}` belongs to the pattern. */
export const list: SettingType<string[]> = define(
  'a comma-separated list',
  z.array(z.string()),
  (text) =>
    splitOutsideBraces(text)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  (items) => items.join(','),
);

/** Some of a few words, comma-separated. */
export const choices = <const C extends string>(...words: readonly C[]): SettingType<C[]> =>
  define(
    `some of ${words.join(', ')}, comma-separated`,
    z.array(z.enum(words)),
    (text) => {
      const chosen = text.split(',').map((item) => item.trim().toLowerCase()).filter((item) => item !== '');
      const known = chosen.flatMap((item) => words.find((word) => word === item) ?? []);
      return known.length === chosen.length ? known : new Problem(`names something other than ${words.join(', ')}`);
    },
    (items) => items.join(','),
  );

/** Command line arguments: between spaces, or between commas where the next one begins with a dash. */
export const argumentList: SettingType<string[]> = define(
  'command line arguments separated by spaces',
  z.array(z.string()),
  (text) => text.split(/\s+|,(?=-)/).filter((item) => item !== ''),
  (items) => items.join(' '),
);

/** The shorter side of a video in pixels. */
export const resolution: SettingType<number> = define(
  'the height of the picture in pixels (144 to 4320), such as 1080 or 1080p',
  z.number(),
  (text) => {
    const match = /^(?:\d+x)?(\d+)p?$/i.exec(text);
    return match ? (outside(Number(match[1]), { min: 144, max: 4320 }) ?? Number(match[1])) : new Problem('is not a resolution');
  },
  String,
);

export const url = (...protocols: readonly string[]): SettingType<string> =>
  define(
    `a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
    z.string(),
    (text) => {
      const protocol = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
      if (protocol === undefined || !protocols.includes(protocol)) return new Problem(`does not begin with ${protocols.map((name) => `${name}://`).join(' or ')}`);
      return URL.canParse(text) ? text : new Problem('is not a URL');
    },
    (value) => value,
  );

/** One or more NATS servers, comma-separated. */
export const natsServers: SettingType<string> = define(
  'nats://HOST:PORT or tls://HOST:PORT, several with commas between',
  z.string(),
  (text) => {
    const bad = text.split(',').find((server) => !/^(nats|tls|wss?):\/\//i.test(server.trim()) || !URL.canParse(server.trim()));
    return bad === undefined ? text : new Problem('is not a list of NATS servers');
  },
  (value) => value,
);

export type DatabaseAddress = { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

export const database: SettingType<DatabaseAddress> = define<DatabaseAddress>(
  'sqlite:/path/to/file.sqlite (relative paths count from the library) or postgres://USER:PASSWORD@HOST:5432/NAME',
  z.union([z.object({ kind: z.literal('sqlite'), file: z.string() }), z.object({ kind: z.literal('postgres'), url: z.string() })]),
  (text) => {
    const sqlite = /^(?:sqlite|file):(?:\/\/(?=\/))?(.+)$/i.exec(text);
    if (sqlite?.[1] !== undefined) return { kind: 'sqlite', file: sqlite[1] };
    if (!/^postgres(?:ql)?:\/\//i.test(text)) return new Problem('is neither sqlite: nor postgres://');
    return URL.canParse(text) ? { kind: 'postgres', url: text } : new Problem('is not a URL; percent-encode special characters of the password');
  },
  (address) => (address.kind === 'sqlite' ? `sqlite:${address.file}` : address.url),
);

/** Names for scores of {@link qualityTarget}: the least MS-SSIM of luma. */
export const qualityTargets = { 'visually-lossless': 0.998, high: 0.9965, small: 0.994 } as const;
export type QualityTarget = keyof typeof qualityTargets | number;

export const qualityTarget: SettingType<QualityTarget> = define<QualityTarget>(
  'visually-lossless, high, small, or a number from 0.8 to 0.9999',
  z.union([z.enum(['visually-lossless', 'high', 'small']), z.number()]),
  (text) => {
    const name = text.toLowerCase();
    if (name === 'visually-lossless' || name === 'high' || name === 'small') return name;
    if (!/^\d*\.?\d+$/.test(text)) return new Problem('is neither a target nor a number');
    return outside(Number(text), { min: 0.8, max: 0.9999 }) ?? Number(text);
  },
  String,
);
