/** A time as a clock on the wall showed it, without saying where the wall was. */
export interface LocalTime {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export const minute = 60_000;
const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** The milliseconds since 1970 that this local time would be if it were UTC; for arithmetic with local times. */
export function asIfUtc(local: LocalTime): number {
  // Date.UTC takes the years 0..99 for 1900..1999
  const date = new Date(0);
  date.setUTCFullYear(local.year, local.month - 1, local.day);
  date.setUTCHours(local.hour, local.minute, local.second);
  return date.getTime();
}

/** The other way round. */
export function fromUtc(milliseconds: number): LocalTime {
  const date = new Date(milliseconds);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds() };
}

/** Whether the calendar has such a time (no 31 April, no 25 o'clock; 60 is a leap second that some clocks write). */
export function exists(local: LocalTime): boolean {
  const parts = Object.values(local);
  if (!parts.every(Number.isInteger)) return false;
  if (local.second === 60) return exists({ ...local, second: 59 });
  const back = fromUtc(asIfUtc(local));
  return Number.isFinite(asIfUtc(local)) && Object.entries(back).every(([part, value]) => local[part as keyof LocalTime] === value);
}

/** `2021-05-03T14:03:01`, and `+02:00` behind it where the offset (minutes east of UTC) is known. */
export function formatLocal(local: LocalTime, offsetMinutes: number | null): string {
  const { year, month, day, hour, minute: minutes, second } = local;
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minutes)}:${pad(Math.min(second, 59))}${offsetMinutes === null ? '' : formatOffset(offsetMinutes)}`;
}

export function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** `+02:00`, `+0200`, `-3`, `Z` → minutes east of UTC; null for anything else or beyond ±14 h. */
export function parseOffset(text: string): number | null {
  const trimmed = text.replace(/\0/g, '').trim();
  if (/^z$/i.test(trimmed)) return 0;
  const match = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(trimmed);
  if (!match) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  if (minutes > 14 * 60 || Number(match[3] ?? 0) > 59) return null;
  return match[1] === '-' ? -minutes : minutes;
}

export interface ParsedTime {
  readonly local: LocalTime;
  readonly offsetMinutes: number | null;
}

/**
 * The date texts of EXIF (`2021:05:03 14:03:01`), XMP and QuickTime (`2021-05-03T14:03:01.25+02:00`, also without a time or seconds),
 * and IPTC (`20210503` with `140301+0200`). A text without a time of day gives midnight. Null when it is none of them.
 */
export function parseTime(text: string): ParsedTime | null {
  const match = /^\s*(\d{4})[:\-/.]?(\d{2})[:\-/.]?(\d{2})(?:[T\s_]*(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,]\d*)?)?\s*(Z|[+-]\d{1,2}:?\d{0,2})?)?[\s\0]*$/i.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minutes, second, offset] = match;
  const local = { year: Number(year), month: Number(month), day: Number(day), hour: Number(hour ?? 0), minute: Number(minutes ?? 0), second: Number(second ?? 0) };
  return { local, offsetMinutes: offset ? parseOffset(offset) : null };
}
