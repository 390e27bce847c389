import type { CloudAsset } from '@media-pipeline/icloud';

type Dated = Pick<CloudAsset, 'takenAt' | 'addedAt' | 'timeZoneOffsetSeconds'>;

const minuteMs = 60_000;

const isWritable = (date: Date): boolean => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;

/** The wall clock at the place where it was taken, as if it were UTC; rounded to minutes of offset, as ISO 8601 writes it. */
const wallClock = (at: Date, offsetSeconds: number | null): { readonly local: Date; readonly offsetMinutes: number } => {
  const offsetMinutes = Math.round((offsetSeconds ?? 0) / 60);
  return { local: new Date(at.getTime() + offsetMinutes * minuteMs), offsetMinutes };
};

/** What iCloud says of when it was taken: ISO 8601 with the offset of the place, in UTC (`Z`) where that is not known; null when it says nothing that a calendar has. */
export function takenAtOf({ takenAt, timeZoneOffsetSeconds }: Dated): string | null {
  if (takenAt === null) return null;
  const { local, offsetMinutes } = wallClock(takenAt, timeZoneOffsetSeconds);
  if (!isWritable(local)) return null;
  const text = local.toISOString().slice(0, 19);
  if (timeZoneOffsetSeconds === null) return `${text}Z`;
  const size = Math.abs(offsetMinutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${text}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The month in which it was taken (on the wall clock of the place), else added: `['2021', '05']`, or `['undated']`. */
export function monthOf({ takenAt, addedAt, timeZoneOffsetSeconds }: Dated): readonly string[] {
  const at = takenAt ?? addedAt;
  if (at === null) return ['undated'];
  const { local } = wallClock(at, takenAt === null ? null : timeZoneOffsetSeconds);
  return isWritable(local) ? [local.toISOString().slice(0, 4), local.toISOString().slice(5, 7)] : ['undated'];
}

/** What the file's own time is set to. */
export const modifiedAtOf = ({ takenAt, addedAt }: Dated): Date | null => [takenAt, addedAt].find((date) => date !== null && isWritable(date)) ?? null;
