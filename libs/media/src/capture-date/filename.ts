import type { DateCandidate } from './choose';
import type { LocalTime } from './calendar';

/** Before this, a number in a name is a counter rather than a year. */
const firstYear = 1990;

const local = (year: string | undefined, month: string | undefined, day: string | undefined, hour = '0', minute = '0', second = '0'): LocalTime => ({
  year: Number(year), month: Number(month), day: Number(day), hour: Number(hour), minute: Number(minute), second: Number(second),
});

/** `20200102_030405`, `20200102-030405123`, `20200102030405`, `20200102T030405`, after anything that is no digit. */
const compact = /(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})[-_ T]?(\d{2})(\d{2})(\d{2})(?=\d{3}(?!\d)|(?!\d))/;
/** `2020-01-02 03.04.05`, `2020-01-02-03-04-05`, `2020-01-02 at 3.04.05 PM` (WhatsApp, Dropbox, macOS, Telegram, Android screenshots). */
const spaced = /(?<!\d)((?:19|20)\d{2})[-_.](\d{2})[-_.](\d{2})(?:[-_ T]+| at )(\d{1,2})[-_.:]?(\d{2})[-_.:]?(\d{2})(?:[\s\u202f]?([AP])M)?(?!\d)/i;
/** `20200102-WA0001` and other names with a day only. */
const compactDay = /(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)/;
const spacedDay = /(?<!\d)((?:19|20)\d{2})[-_.](\d{2})[-_.](\d{2})(?!\d)/;
/** Milliseconds since 1970, after the prefixes of Facebook and WeChat. */
const epoch = /^(?:FB_IMG_|FB_VID_|mmexport|received_)(1\d{12})(?!\d)/i;

/**
 * What a file's name says about when it was taken: cameras, phones and messengers put it there. Day-only names give midnight.
 * Google's `PXL_` names are in UTC, everything else is the wall clock's time.
 */
export function dateFromFilename(filename: string): DateCandidate | null {
  const source = 'filename';
  const milliseconds = epoch.exec(filename);
  if (milliseconds) return { source, time: { instant: Number(milliseconds[1]) } };

  const time = timeIn(filename);
  if (!time || time.year < firstYear) return null;
  if (/^PXL_/i.test(filename) && compact.test(filename)) {
    return { source, time: { instant: Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second) } };
  }
  return { source, time: { local: time, offsetMinutes: null, zone: 'none' } };
}

function timeIn(filename: string): LocalTime | null {
  const tight = compact.exec(filename);
  if (tight && inRange(tight)) return local(...(tight.slice(1) as Parts));
  const loose = spaced.exec(filename);
  if (loose) {
    const [, year, month, day, hour, minute, second, half] = loose;
    const hours = half ? (Number(hour) % 12) + (half.toUpperCase() === 'P' ? 12 : 0) : Number(hour);
    return local(year, month, day, String(hours), minute, second);
  }
  const dayOnly = compactDay.exec(filename) ?? spacedDay.exec(filename);
  return dayOnly && inRange(dayOnly) ? local(dayOnly[1], dayOnly[2], dayOnly[3]) : null;
}

type Parts = [string, string, string, string?, string?, string?];

/** Month and day that can be: keeps counters such as 20209999 from being taken for days. */
const inRange = (match: RegExpExecArray): boolean => Number(match[2]) >= 1 && Number(match[2]) <= 12 && Number(match[3]) >= 1 && Number(match[3]) <= 31 && Number(match[4] ?? 0) < 24;
