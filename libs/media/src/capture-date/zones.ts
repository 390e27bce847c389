import zoneAt from '@photostructure/tz-lookup';
import { asIfUtc, fromUtc, minute, parseOffset, type LocalTime } from './calendar';

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** The IANA time zone of a place, null when the coordinates are none (NaN, beyond the poles, exactly 0°/0°: "no fix"). */
export function zoneOf({ latitude, longitude }: Position): string | null {
  if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180) || (latitude === 0 && longitude === 0)) return null;
  return zoneAt(latitude, longitude);
}

let zoneOfMachine: string | undefined;
export const machineZone = (): string => (zoneOfMachine ??= Intl.DateTimeFormat().resolvedOptions().timeZone);

const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes east of UTC in a zone at an instant (summer time and history included). */
export function offsetAt(zone: string, instant: number): number {
  let format = formats.get(zone);
  if (!format) formats.set(zone, (format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })));
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  // "GMT", "GMT+02:00", and with seconds before standard time ("GMT-00:01:15")
  return parseOffset(name.slice(3, 9)) ?? 0;
}

/** The offset of a local time in a zone; in the hour that comes twice in autumn, the first one. */
export function offsetOfLocal(zone: string, local: LocalTime): number {
  const guess = offsetAt(zone, asIfUtc(local) - offsetAt(zone, asIfUtc(local)) * minute);
  return offsetAt(zone, asIfUtc(local) - guess * minute);
}

export const localIn = (zone: string, instant: number): { local: LocalTime; offsetMinutes: number } => {
  const offsetMinutes = offsetAt(zone, instant);
  return { local: fromUtc(instant + offsetMinutes * minute), offsetMinutes };
};

/** Offsets that are in use somewhere and are no whole hours. */
const brokenOffsets = new Set([-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765]);

/**
 * The offset that a camera's clock had, from the satellite time (always UTC) that stands beside its local time.
 * A fix can be minutes old: more than five minutes off any real offset says nothing, and gives null.
 */
export function offsetFromSatelliteTime(local: LocalTime, utc: LocalTime): number | null {
  const difference = (asIfUtc(local) - asIfUtc(utc)) / minute;
  const offset = Math.round(difference / 15) * 15;
  if (Math.abs(offset) > 14 * 60 || Math.abs(difference - offset) > 5) return null;
  return offset % 60 === 0 || brokenOffsets.has(offset) ? offset || 0 : null;
}
