/** The zone of this machine by its IANA name. */
export const localTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Minutes from local time to UTC at a moment, as JavaScript's `getTimezoneOffset` counts them and the web page sends them: UTC+2 is -120
 * (pyicloud's test, from a live account).
 * @throws RangeError for a zone that does not exist
 */
export function offsetMinutes(at: Date, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const number = (type: string): number => Number(part[type] ?? 0);
  const local = new Date(0);
  local.setUTCFullYear(part['era'] === 'BC' ? 1 - number('year') : number('year'), number('month') - 1, number('day'));
  local.setUTCHours(number('hour'), number('minute'), number('second'), 0);
  const minutes = (Math.floor(at.getTime() / 1000) * 1000 - local.getTime()) / 60_000;
  return Math.round(minutes) + 0; // never -0
}
