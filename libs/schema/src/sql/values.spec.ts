import { boundedKey, clean, pathKey, timestamp } from './values';

describe('values for the database', () => {
  it.each([
    ['1904-01-01T00:00:00.000Z', '1904-01-01T00:00:00.000Z'],
    ['2099-12-31T23:59:59.999Z', '2099-12-31T23:59:59.999Z'],
    ['0000-01-01T00:00:00.000Z', null],
    ['-000100-01-01T00:00:00.000Z', null],
    ['+012345-01-01T00:00:00.000Z', null],
    ['nonsense', null],
  ])('writes the time %s as %s', (time, written) => expect(timestamp(new Date(time))).toBe(written));

  it('keeps keys within what an index of Postgres takes, and different', () => {
    const long = 'ä'.repeat(2_000);
    expect(boundedKey('originals/a.jpg')).toBe('originals/a.jpg');
    expect(boundedKey(long)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(boundedKey(long)).not.toBe(boundedKey(`${long}b`));
  });

  it('sees one place in two spellings', () => {
    expect(pathKey('originals/STRASSE/\u00c9t\u00e9.JPG')).toBe(pathKey('originals/stra\u00dfe/e\u0301te\u0301.jpg'));
  });

  it('drops what Postgres cannot keep', () => expect(clean('frame\0 12')).toBe('frame 12'));
});
