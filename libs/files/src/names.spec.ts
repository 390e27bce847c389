import fc from 'fast-check';
import { nameKey, safeName, safeSegments, withNumber } from './names';

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom('.', ' ', '-', '/', '\\', '\n', '\0', 'a', 'é', 'e\u0301', '📷', '\u202e', '\ud800', 'CON', '_'), maxLength: 60 }),
);

describe('safeName', () => {
  it.each([
    ['IMG_0001.HEIC', 'IMG_0001.HEIC'],
    ['new\nline\t.jpg', 'new_line_.jpg'],
    ['-rf.jpg', '_rf.jpg'],
    ['..', '_'],
    ['.', '_'],
    ['', '_'],
    ['../../etc/passwd', '___.._etc_passwd'],
    ['.hidden.jpg', '_hidden.jpg'],
    ['a:b*c?"<>|.jpg', 'a_b_c_____.jpg'],
    ['trailing. . ', 'trailing'],
    ['CON.jpg', '_CON.jpg'],
    ['lpt¹', '_lpt¹'],
    ['nul', '_nul'],
    ['console.jpg', 'console.jpg'],
    ['👨‍👩‍👧 holiday.jpg', '👨‍👩‍👧 holiday.jpg'],
    ['cafe\u0301.jpg', 'caf\u00e9.jpg'],
    ['gpj.\u202egnp', 'gpj._gnp'],
  ])('makes %j into %j', (name, safe) => expect(safeName(name)).toBe(safe));

  it('shortens a long name at a character and keeps the extension and the stem that Live Photo pairs share', () => {
    const stem = '👨‍👩‍👧'.repeat(40);
    const [image, video] = [safeName(`${stem}.HEIC`), safeName(`${stem}.MOV`)];
    expect(image.endsWith('👨‍👩‍👧.HEIC')).toBe(true);
    expect(image.slice(0, -5)).toBe(video.slice(0, -4));
  });

  it('gives a valid segment for any name, twice the same, with room for a number', () => {
    fc.assert(
      fc.property(anyName, fc.integer({ min: 2, max: 99_999 }), (name, n) => {
        const safe = safeName(name);
        expect(safe).not.toMatch(/[\p{Cc}/\\:*?"<>|\u2028\u2029\u202A-\u202E\u2066-\u2069]|^[-. ]|[. ]$|\p{Cs}/u);
        expect(safe.length).toBeGreaterThan(0);
        expect(safe).toBe(safe.normalize('NFC'));
        expect(safeName(safe)).toBe(safe);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(247);
        expect(Buffer.byteLength(withNumber(safe, n))).toBeLessThanOrEqual(255);
        expect(safeName(withNumber(safe, n)).length).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
  });

  it('never lets a path climb', () => {
    expect(safeSegments('/../a//./..\\b/c.jpg')).toEqual(['_', 'a', '___b', 'c.jpg']);
  });
});

describe('withNumber', () => {
  it('puts the number before the extension', () => {
    expect(withNumber('a.jpg', 2)).toBe('a (2).jpg');
    expect(withNumber('noext', 3)).toBe('noext (3)');
    expect(Buffer.byteLength(withNumber(`${'x'.repeat(251)}.jpg`, 12))).toBe(255);
  });
});

describe('nameKey', () => {
  it.each([
    ['IMG.JPG', 'img.jpg'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['straße', 'STRASSE'],
    ['Σίσυφος', 'ΣΊΣΥΦΟΣ'],
    ['\u212a', 'k'],
    ['a\u200db', 'ab'],
    ['ﬁ', 'FI'],
  ])('takes %j and %j for one', (a, b) => expect(nameKey(a)).toBe(nameKey(b)));

  it.each([
    ['a.jpg', 'b.jpg'],
    ['m²', 'm2'],
    ['o', 'ö'],
  ])('keeps %j and %j apart', (a, b) => expect(nameKey(a)).not.toBe(nameKey(b)));

  it('does not see case or normalisation, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (name) => {
        const key = nameKey(name);
        expect(nameKey(key)).toBe(key);
        for (const twin of [name.toUpperCase(), name.toLowerCase(), name.normalize('NFD'), name.normalize('NFC')]) expect(nameKey(twin)).toBe(key);
      }),
      { numRuns: 2_000 },
    );
  });
});
