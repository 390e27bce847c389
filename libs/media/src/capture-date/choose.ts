import { asIfUtc, exists, formatLocal, fromUtc, minute, type LocalTime } from './calendar';
import { localIn, offsetOfLocal, zoneOf, type Position } from './zones';

/** How the offset of a date came about: written beside it, worked out from GPS, taken from this machine's zone, or not at all. */
export type ZoneSource = 'recorded' | 'gps' | 'inferred' | 'none';

/** One thing that may say when a picture was taken, strongest first in the list that is chosen from. */
export interface DateCandidate {
  /** What said it: `EXIF:DateTimeOriginal`, `QuickTime:CreationDate`, `filename` … */
  readonly source: string;
  /** A wall clock, with its offset where one is known; or an instant that says nothing of the wall clock. */
  readonly time: { readonly local: LocalTime; readonly offsetMinutes: number | null; readonly zone: ZoneSource } | { readonly instant: number };
  readonly position?: Position | undefined;
}

export interface CaptureDate {
  /** ISO 8601 local time, with the offset where known: `2021-05-03T14:03:01+02:00`. Null: nothing plausible was found. */
  readonly date: string | null;
  /** The candidate's source, or `none`. */
  readonly source: string;
  readonly zone: ZoneSource;
}

export const noDate: CaptureDate = { date: null, source: 'none', zone: 'none' };

/** Values that programs write for "not known": the epochs of Unix, QuickTime/HFS, FAT and NTP-less cameras. */
const epochs = new Set([asIfUtc({ year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 }), asIfUtc({ year: 1904, month: 1, day: 1, hour: 0, minute: 0, second: 0 }), asIfUtc({ year: 1980, month: 1, day: 1, hour: 0, minute: 0, second: 0 })]);
/** The year of the oldest photograph that exists. */
const firstYear = 1826;
const day = 24 * 60 * minute;

/** A local time on the calendar, between the first photograph and the end of tomorrow anywhere on earth, and no epoch. */
export function isPlausible(local: LocalTime, now: number): boolean {
  if (!exists(local) || local.year < firstYear) return false;
  const time = asIfUtc(local);
  return !epochs.has(time) && time <= now + 2 * day;
}

/** The first candidate that is plausible; each that is not is passed over for the next. Pure: `now` and the machine's `zone` are given. */
export function chooseCaptureDate(candidates: readonly DateCandidate[], now: number, zone: string): CaptureDate {
  for (const { source, time, position } of candidates) {
    const place = position ? zoneOf(position) : null;
    if ('instant' in time) {
      if (!Number.isFinite(time.instant) || !isPlausible(fromUtc(time.instant), now)) continue;
      const { local, offsetMinutes } = localIn(place ?? zone, time.instant);
      return { date: formatLocal(local, offsetMinutes), source, zone: place ? 'gps' : 'inferred' };
    }
    if (!isPlausible(time.local, now)) continue;
    if (time.offsetMinutes === null && place) return { date: formatLocal(time.local, offsetOfLocal(place, time.local)), source, zone: 'gps' };
    return { date: formatLocal(time.local, time.offsetMinutes), source, zone: time.offsetMinutes === null ? 'none' : time.zone };
  }
  return noDate;
}
