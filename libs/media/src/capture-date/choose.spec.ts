import fc from 'fast-check';
import { asIfUtc, exists, formatLocal, fromUtc, parseTime } from './calendar';
import { chooseCaptureDate, isPlausible, type DateCandidate } from './choose';
import { exifCandidates } from './exif-candidates';
import { dateFromFilename } from './filename';

const now = Date.UTC(2026, 5, 1, 12);
const choose = (...candidates: DateCandidate[]): string => {
  const { date, source, zone } = chooseCaptureDate(candidates, now, 'Europe/Berlin');
  return `${date} ${source} ${zone}`;
};
const local = (source: string, text: string): DateCandidate => {
  const parsed = parseTime(text);
  if (!parsed) throw new Error(text);
  return { source, time: { ...parsed, zone: parsed.offsetMinutes === null ? 'none' : 'recorded' } };
};
const london = { latitude: 51.56, longitude: -0.08 };

describe('chooseCaptureDate', () => {
  it('takes the first that is plausible', () => {
    expect(choose(local('a', '2013:01:20 18:54:08'), local('b', '2002:12:08 12:00:00'))).toBe('2013-01-20T18:54:08 a none');
    expect(choose()).toBe('null none none');
  });

  it.each(['0000:00:00 00:00:00', '1904:01:01 00:00:00', '1970:01:01 00:00:00', '1825:12:31 23:59:59', '2099:01:01 00:00:00', '2026:06:04 00:00:00', '2021:02:30 10:00:00', '2021:01:01 25:00:00'])(
    'passes over %s',
    (text) => {
      expect(choose(local('bad', text), local('next', '2020:01:02 03:04:05'))).toBe('2020-01-02T03:04:05 next none');
      expect(choose(local('bad', text))).toBe('null none none');
    },
  );

  it('passes over instants that are none', () => {
    expect(choose({ source: 'mvhd', time: { instant: 0 } }, { source: 'mvhd', time: { instant: NaN } }, { source: 'mvhd', time: { instant: Date.UTC(1904, 0, 1) } })).toBe('null none none');
  });

  it('allows tomorrow, since clocks east of us are ahead', () => {
    expect(isPlausible({ year: 2026, month: 6, day: 2, hour: 20, minute: 0, second: 0 }, now)).toBe(true);
    expect(choose(local('old', '1890:06:01 10:00:00'))).toBe('1890-06-01T10:00:00 old none');
  });

  it('gives an instant the wall clock of its place, else of this machine, and says which', () => {
    const instant = Date.UTC(2021, 6, 1, 10);
    expect(choose({ source: 'mvhd', time: { instant }, position: { latitude: 35.68, longitude: 139.69 } })).toBe('2021-07-01T19:00:00+09:00 mvhd gps');
    expect(choose({ source: 'mvhd', time: { instant } })).toBe('2021-07-01T12:00:00+02:00 mvhd inferred');
    expect(choose({ source: 'mvhd', time: { instant }, position: { latitude: 0, longitude: 0 } })).toBe('2021-07-01T12:00:00+02:00 mvhd inferred');
  });

  it('gives a wall clock without offset the offset of its place', () => {
    expect(choose({ ...local('a', '2013:07:20 18:54:08'), position: london })).toBe('2013-07-20T18:54:08+01:00 a gps');
    expect(choose({ ...local('a', '2013:01:20 18:54:08'), position: { latitude: NaN, longitude: 2 } })).toBe('2013-01-20T18:54:08 a none');
  });

  it('never throws and never gives a date that is not on the calendar', () => {
    const time = fc.record({ year: fc.integer({ min: 0, max: 9999 }), month: fc.integer({ min: 0, max: 13 }), day: fc.integer({ min: 0, max: 32 }), hour: fc.integer({ min: 0, max: 24 }), minute: fc.integer({ min: 0, max: 60 }), second: fc.integer({ min: 0, max: 61 }) });
    const position = fc.option(fc.record({ latitude: fc.double(), longitude: fc.double() }), { nil: undefined });
    fc.assert(
      fc.property(time, position, (each, place) => {
        const { date } = chooseCaptureDate([{ source: 'x', time: { local: each, offsetMinutes: null, zone: 'none' }, position: place }], now, 'UTC');
        if (date !== null) expect(Number.isNaN(Date.parse(date))).toBe(false);
      }),
    );
  });
});

describe('calendar', () => {
  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
        const time = fromUtc(Math.floor(date.getTime() / 1000) * 1000);
        expect(exists(time)).toBe(true);
        expect(asIfUtc(parseTime(formatLocal(time, 330))?.local ?? time)).toBe(asIfUtc(time));
        expect(parseTime(formatLocal(time, 330))?.offsetMinutes).toBe(330);
      }),
    );
  });

  it.each([
    ['2021:05:03 14:03:01', '2021-05-03T14:03:01'],
    ['2021-05-03T14:03:01.250+02:00', '2021-05-03T14:03:01+02:00'],
    ['2021-05-03T14:03:01-0330', '2021-05-03T14:03:01-03:30'],
    ['2021-05-03T14:03Z', '2021-05-03T14:03:00+00:00'],
    ['20210503 140301+0200', '2021-05-03T14:03:01+02:00'],
    ['2021-05-03', '2021-05-03T00:00:00'],
    ['2021:05:03 14:03:01\0', '2021-05-03T14:03:01'],
  ])('reads %j', (text, iso) => {
    const parsed = parseTime(text);
    expect(parsed && formatLocal(parsed.local, parsed.offsetMinutes)).toBe(iso);
  });

  it.each(['', '    :  :     :  :  ', 'yesterday', '2021', '05/03/2021'])('does not read %j', (text) => expect(parseTime(text)).toBeNull());
});

describe('exifCandidates', () => {
  const date = (tags: Parameters<typeof exifCandidates>[0], xmp = ''): string => {
    const { taken, written } = exifCandidates(tags, xmp);
    return choose(...taken, ...written);
  };

  it('prefers the original date with its own offset', () => {
    expect(date({ exif: { DateTimeOriginal: '2021:12:10 22:14:50', OffsetTimeOriginal: '+11:00', CreateDate: '2002:12:08 12:00:00' } })).toBe('2021-12-10T22:14:50+11:00 EXIF:DateTimeOriginal recorded');
  });

  it('works the offset out from satellite time', () => {
    const gps = { GPSDateStamp: '2018:02:05', GPSTimeStamp: [7, 11, 43.07] };
    expect(date({ exif: { DateTimeOriginal: '2018:02:05 15:11:44' }, gps })).toBe('2018-02-05T15:11:44+08:00 EXIF:DateTimeOriginal gps');
    // a fix of half an hour ago says nothing; 27 hours neither
    expect(date({ exif: { DateTimeOriginal: '2018:02:05 15:31:44' }, gps })).toBe('2018-02-05T15:31:44 EXIF:DateTimeOriginal none');
    expect(date({ exif: { DateTimeOriginal: '2018:02:06 15:11:44' }, gps })).toBe('2018-02-06T15:11:44 EXIF:DateTimeOriginal none');
    expect(date({ exif: { DateTimeOriginal: '2018:02:05 12:56:44' }, gps })).toBe('2018-02-05T12:56:44+05:45 EXIF:DateTimeOriginal gps');
  });

  it('takes XMP, IPTC and, last, the date of the last change', () => {
    expect(date({}, '<rdf:Description xmp:CreateDate="2014-04-17T14:34:05+02:00"/>')).toBe('2014-04-17T14:34:05+02:00 XMP:CreateDate recorded');
    expect(date({}, '<photoshop:DateCreated>2014-04-17</photoshop:DateCreated>')).toBe('2014-04-17T00:00:00 XMP:DateCreated none');
    expect(date({ iptc: { DateCreated: '20140417', TimeCreated: '143405+0200' } })).toBe('2014-04-17T14:34:05+02:00 IPTC:DateCreated recorded');
    expect(date({ ifd0: { ModifyDate: '2014:04:17 14:34:05' } })).toBe('2014-04-17T14:34:05 EXIF:ModifyDate none');
  });

  it('survives tags of the wrong kind', () => {
    expect(date({ exif: { DateTimeOriginal: 20, OffsetTimeOriginal: [1] }, gps: { GPSTimeStamp: [null, null, null], GPSDateStamp: {}, latitude: null } })).toBe('null none none');
  });
});

describe('dateFromFilename', () => {
  const named = (name: string): string | null => {
    const candidate = dateFromFilename(name);
    return candidate && chooseCaptureDate([candidate], now, 'Europe/Berlin').date;
  };

  it.each([
    ['IMG_20200102_030405.jpg', '2020-01-02T03:04:05'],
    ['VID_20200102_030405.mp4', '2020-01-02T03:04:05'],
    ['IMG_20200102_030405123_HDR.jpg', '2020-01-02T03:04:05'],
    ['20200102_030405.jpg', '2020-01-02T03:04:05'],
    ['20200102030405.jpg', '2020-01-02T03:04:05'],
    ['PXL_20200702_030405123.jpg', '2020-07-02T05:04:05+02:00'],
    ['Screenshot_20200102-030405_Chrome.png', '2020-01-02T03:04:05'],
    ['Screenshot_2020-01-02-03-04-05-123.png', '2020-01-02T03:04:05'],
    ['Screen Shot 2020-01-02 at 3.04.05 PM.png', '2020-01-02T15:04:05'],
    ['Screenshot 2020-01-02 at 12.04.05\u202fAM.png', '2020-01-02T00:04:05'],
    ['WhatsApp Image 2020-01-02 at 03.04.05.jpeg', '2020-01-02T03:04:05'],
    ['IMG-20200102-WA0001.jpg', '2020-01-02T00:00:00'],
    ['2020-01-02 03.04.05.jpg', '2020-01-02T03:04:05'],
    ['photo_2020-01-02_03-04-05.jpg', '2020-01-02T03:04:05'],
    ['signal-2020-01-02-030405.jpg', '2020-01-02T03:04:05'],
    ['2020-01-02.jpg', '2020-01-02T00:00:00'],
    ['FB_IMG_1577934245123.jpg', '2020-01-02T04:04:05+01:00'],
    ['IMG_1234.HEIC', null],
    ['DSC_20209999.jpg', null],
    ['12345678_123456789012345.jpg', null],
    ['IMG_20201301_000000.jpg', null],
    ['IMG_20200230_101010.jpg', null],
    ['IMG_20990101_101010.jpg', null],
  ])('%s → %s', (name, date) => expect(named(name)).toBe(date));
});
