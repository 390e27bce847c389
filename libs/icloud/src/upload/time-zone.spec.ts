import fc from 'fast-check';
import { localTimeZone, offsetMinutes } from './time-zone';

it.each([
  ['2026-08-26T12:00:00Z', 'Europe/Berlin', -120],
  ['2026-01-26T12:00:00Z', 'Europe/Berlin', -60],
  ['2026-01-01T00:00:00Z', 'America/New_York', 300],
  ['2026-01-01T00:00:00Z', 'Asia/Kolkata', -330],
  ['2026-01-01T00:00:00Z', 'UTC', 0],
  ['2026-01-01T00:00:00.500Z', 'Etc/UTC', 0],
  ['1931-05-05T00:00:00Z', 'UTC', 0],
])('%s in %s: %i minutes', (at, zone, minutes) => {
  expect(offsetMinutes(new Date(at), zone)).toBe(minutes);
});

it('counts as JavaScript does for the zone of this machine', () => {
  fc.assert(fc.property(fc.date({ min: new Date('1970-01-02'), max: new Date('2099-12-31'), noInvalidDate: true }), (at) => expect(offsetMinutes(at, localTimeZone())).toBe(at.getTimezoneOffset() + 0)));
});
