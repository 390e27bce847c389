import { PipelineError } from '@media-pipeline/contracts';
import { boxPayload, findBox, fullBox, readBoxes } from '../isobmff/boxes';
import { readKeys, readUserItem, readUserText } from './keys';
import { MovieFile } from './movie-file';
import { parsing, tolerating } from './structure';

export interface MovieLocation {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
  /** Metres. */
  readonly altitude: number | null;
}

export interface QuickTimeDates {
  /** When and where it was recorded, in local time with its offset: `2019-07-24T11:25:40+03:00`. */
  readonly creationDate: string | null;
  /** The movie header's date, which is UTC by the standard: `2019-07-24T08:25:57Z`. Null for 0 and for impossible dates. */
  readonly movieCreated: string | null;
  readonly location: MovieLocation | null;
}

const nothing: QuickTimeDates = { creationDate: null, movieCreated: null, location: null };

/**
 * Dates and place of a QuickTime or MP4 file, from `moov` alone. A file that cannot be parsed has none (decoding it says more);
 * throws only what opening it throws.
 */
export async function readQuickTimeDates(path: string): Promise<QuickTimeDates> {
  return (await fromMoov(path, datesOf)) ?? nothing;
}

/**
 * The UUID that a Live Photo's movie shares with its still (key `com.apple.quicktime.content.identifier`), or null.
 * A file that cannot be parsed has none.
 */
export async function contentIdentifier(path: string): Promise<string | null> {
  const identifier = await fromMoov(path, (moov) => readKeys(moov).get('com.apple.quicktime.content.identifier')?.replaceAll('\0', '').trim());
  return identifier || null;
}

async function fromMoov<T>(path: string, read: (moov: Buffer) => T): Promise<T | null> {
  try {
    await using file = await MovieFile.open(path);
    const moov = await file.moov();
    return moov && read(moov);
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'MEDIA_CORRUPT') return null;
    throw error;
  }
}

function datesOf(moov: Buffer): QuickTimeDates {
  const keys = readKeys(moov);
  const position = keys.get('com.apple.quicktime.location.ISO6709') ?? readUserText(moov, '©xyz');
  // before iOS had keys, QuickTime wrote the same text to the user data
  const date = keys.get('com.apple.quicktime.creationdate') ?? readUserText(moov, '©day');
  return {
    creationDate: date ? parseCreationDate(date) : null,
    movieCreated: movieCreated(moov),
    location: (position ? parseIso6709(position) : null) ?? locationBox(moov),
  };
}

/** Seconds from 1904-01-01, the epoch of QuickTime and ISO base media files, to 1970-01-01. */
const epochDifference = 2_082_844_800;
const year1990 = 631_152_000;

function movieCreated(moov: Buffer): string | null {
  return parsing('"mvhd"', () => {
    const box = findBox(readBoxes(moov), 'mvhd');
    if (!box) return null;
    const { version } = fullBox(moov, box);
    const mvhd = boxPayload(moov, box);
    return movieTime(version === 1 ? Number(mvhd.readBigUInt64BE(4)) : mvhd.readUInt32BE(4));
  });
}

/**
 * A date of a movie or track header as ISO 8601 UTC. Some recorders count from 1970: as a 1904 date that lies before 1970,
 * where no digital recording does, so it is read as they meant it. 0 and dates after 2100 are no dates.
 */
export function movieTime(seconds: number): string | null {
  const unix = seconds >= epochDifference ? seconds - epochDifference : seconds;
  if (unix === 0 || (seconds < epochDifference && seconds < year1990) || unix >= 4_102_444_800) return null;
  return new Date(unix * 1000).toISOString().replace('.000Z', 'Z');
}

const iso8601 = /^\s*(\d{4})[-:](\d\d)[-:](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?\s*\0*$/;

/** `2019-07-24T11:25:40+0300` → `2019-07-24T11:25:40+03:00`; null when it is no possible date. */
export function parseCreationDate(text: string): string | null {
  const match = iso8601.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, zone] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const date = new Date(`${local}Z`);
  // 31 February is not an error to Date; it comes back as another day
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(local) || date.getUTCFullYear() < 1904) return null;
  if (!zone) return local;
  if (zone === 'Z') return `${local}Z`;
  const offset = zone.replace(':', '');
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(3))];
  return hours > 14 || minutes > 59 ? local : `${local}${offset.slice(0, 3)}:${offset.slice(3)}`;
}

/** `loci` (3GPP TS 26.244 §8.10): language, a name that ends with NUL, role, then longitude, latitude, altitude in 16.16 fixed point. */
function locationBox(moov: Buffer): MovieLocation | null {
  return tolerating(() => {
    const loci = readUserItem(moov, 'loci');
    if (!loci) return null;
    const wide = loci.readUInt16BE(6) === 0xfeff; // UTF-16 with its mark
    let end = 6;
    while (wide ? loci.readUInt16BE(end) !== 0 : loci.readUInt8(end) !== 0) end += wide ? 2 : 1;
    const [longitude, latitude, altitude] = [0, 4, 8].map((offset) => Math.round((loci.readInt32BE(end + (wide ? 2 : 1) + 1 + offset) / 65_536) * 1e5) / 1e5);
    if (longitude === undefined || latitude === undefined || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null;
    return { latitude, longitude, altitude: altitude ?? null };
  });
}

const angle = /^([+-])(\d{2,3}|\d{4,5}|\d{6,7})(\.\d+)?$/;

/** `+32.0929+034.8620+028.516/` (ISO 6709 Annex H: degrees, degrees and minutes, or degrees, minutes and seconds). */
export function parseIso6709(text: string): MovieLocation | null {
  const match = /^\s*([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const latitude = degrees(match[1], 2);
  const longitude = degrees(match[2], 3);
  if (latitude === null || longitude === null || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null;
  return { latitude, longitude, altitude: match[3] ? Number(match[3]) : null };
}

/** `whole` digits of degrees, then two each of minutes and seconds where there are more. */
function degrees(text: string, whole: number): number | null {
  const match = angle.exec(text);
  if (!match?.[2]) return null;
  const [digits, fraction] = [match[2], Number(`0${match[3] ?? ''}`)];
  const sign = match[1] === '-' ? -1 : 1;
  const extra = digits.length - whole;
  if (extra <= 0) return sign * (Number(digits) + fraction);
  const start = Number(digits.slice(0, whole));
  const minutes = Number(digits.slice(whole, whole + 2));
  if (extra === 2) return sign * (start + (minutes + fraction) / 60);
  if (extra === 4) return sign * (start + minutes / 60 + (Number(digits.slice(whole + 2)) + fraction) / 3600);
  return null;
}
