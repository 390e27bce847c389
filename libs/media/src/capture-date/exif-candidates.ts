import { parseOffset, parseTime, type LocalTime } from './calendar';
import type { DateCandidate } from './choose';
import { offsetFromSatelliteTime, type Position } from './zones';

/** What exifr gives with `mergeOutput: false, reviveValues: false, translateValues: false`: one object per block, values as they stand. */
export type RawTags = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

const text = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value : null);
const numbers = (value: unknown): number[] | null => (Array.isArray(value) && value.every((each): each is number => typeof each === 'number' && Number.isFinite(each)) ? value : null);

/** Where the picture was taken, null when the coordinates are missing or no numbers (0/0 rationals). */
export function positionIn(tags: RawTags): Position | undefined {
  const { latitude, longitude } = tags['gps'] ?? {};
  return typeof latitude === 'number' && typeof longitude === 'number' && Number.isFinite(latitude + longitude) ? { latitude, longitude } : undefined;
}

/** GPSDateStamp and GPSTimeStamp: the satellites' time, UTC (Exif 3.0 §4.6.6). */
function satelliteTime(tags: RawTags): LocalTime | null {
  const day = parseTime(text(tags['gps']?.['GPSDateStamp']) ?? '');
  const clock = numbers(tags['gps']?.['GPSTimeStamp']);
  if (!day || clock?.length !== 3) return null;
  const [hour = 0, minute = 0, second = 0] = clock;
  return { ...day.local, hour: Math.floor(hour), minute: Math.floor(minute), second: Math.floor(second) };
}

/** A simple property of an XMP packet, written as attribute or as element (XMP specification part 1, §7.9). */
const xmpProperty = (xmp: string, name: string): string | undefined => {
  const match = new RegExp(`[\\s<]${name}(?:\\s*=\\s*["']([^"'<]{1,40})["']|>([^<]{1,40})<)`).exec(xmp);
  return match?.[1] ?? match?.[2];
};

/**
 * The dates of the tags, strongest first, in two groups: those that say when the picture was taken, and those that only say when the
 * file was last written (a file name that carries a date is a better witness than these).
 */
export function exifCandidates(tags: RawTags, xmp: string): { readonly taken: DateCandidate[]; readonly written: DateCandidate[] } {
  const { ifd0 = {}, exif = {}, iptc = {} } = tags;
  const position = positionIn(tags);
  const utc = satelliteTime(tags);

  const candidate = (source: string, value: unknown, ...offsets: unknown[]): DateCandidate[] => {
    const parsed = parseTime(text(value) ?? '');
    if (!parsed) return [];
    const recorded = parsed.offsetMinutes ?? offsets.map((offset) => parseOffset(text(offset) ?? '')).find((offset) => offset !== null) ?? null;
    if (recorded !== null) return [{ source, time: { local: parsed.local, offsetMinutes: recorded, zone: 'recorded' }, position }];
    const inferred = utc ? offsetFromSatelliteTime(parsed.local, utc) : null;
    return [{ source, time: { local: parsed.local, offsetMinutes: inferred, zone: inferred === null ? 'none' : 'gps' }, position }];
  };

  const iptcTime = text(iptc['TimeCreated']);
  return {
    taken: [
      ...candidate('EXIF:DateTimeOriginal', exif['DateTimeOriginal'] ?? ifd0['DateTimeOriginal'], exif['OffsetTimeOriginal'], exif['OffsetTime']),
      ...candidate('EXIF:CreateDate', exif['CreateDate'] ?? ifd0['CreateDate'], exif['OffsetTimeDigitized'], exif['OffsetTime']),
      ...candidate('XMP:DateTimeOriginal', xmpProperty(xmp, 'exif:DateTimeOriginal')),
      ...candidate('XMP:DateCreated', xmpProperty(xmp, 'photoshop:DateCreated')),
      ...candidate('XMP:CreateDate', xmpProperty(xmp, 'xmp:CreateDate')),
      ...candidate('IPTC:DateCreated', text(iptc['DateCreated']) && iptcTime ? `${text(iptc['DateCreated']) ?? ''} ${iptcTime}` : iptc['DateCreated']),
    ],
    written: candidate('EXIF:ModifyDate', ifd0['ModifyDate'], exif['OffsetTime']),
  };
}
