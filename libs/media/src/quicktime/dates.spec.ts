import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { writeBox } from '../isobmff/boxes';
import { contentIdentifier, movieTime, parseCreationDate, parseIso6709, readQuickTimeDates } from './dates';

const word = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};
const full = (...rest: Buffer[]): Buffer => Buffer.concat([Buffer.alloc(4), ...rest]);

/** `meta` as Apple writes it (a plain box) or as MP4 has it (a full box). */
function metadata(values: Record<string, string>, fullBox = false): Buffer {
  const names = Object.keys(values).map((name) => Buffer.concat([word(8 + name.length), Buffer.from(`mdta${name}`)]));
  const items = Object.values(values).map((value, i) => writeBox(word(i + 1).toString('latin1'), writeBox('data', word(1), word(0), Buffer.from(value))));
  const hdlr = writeBox('hdlr', full(word(0), Buffer.from('mdta'), Buffer.alloc(13)));
  const boxes = [hdlr, writeBox('keys', full(word(names.length), ...names)), writeBox('ilst', ...items)];
  return writeBox('meta', ...(fullBox ? [word(0)] : []), ...boxes);
}

let folder = '';
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'dates-'))));
afterAll(() => rm(folder, { recursive: true }));

async function movie(...moov: Buffer[]): Promise<string> {
  const file = path.join(folder, 'movie.mov');
  await writeFile(file, Buffer.concat([writeBox('ftyp', Buffer.from('qt  ')), writeBox('mdat', Buffer.alloc(100)), writeBox('moov', ...moov)]));
  return file;
}

describe('readQuickTimeDates', () => {
  const keys = {
    'com.apple.quicktime.location.ISO6709': '+32.0929+034.8620+028.516/',
    'com.apple.quicktime.creationdate': '2019-07-24T11:25:40+0300',
    'com.apple.quicktime.content.identifier': '5E1B2C3D-0000-4000-8000-0123456789AB',
  };

  it.each([['Apple', metadata(keys)], ['MP4', metadata(keys, true)], ['ffmpeg', writeBox('udta', metadata(keys))]])('reads keys as %s writes them', async (_, meta) => {
    const file = await movie(writeBox('mvhd', full(word(3_646_801_557))), meta);
    expect(await readQuickTimeDates(file)).toEqual({ creationDate: '2019-07-24T11:25:40+03:00', movieCreated: '2019-07-24T08:25:57Z', location: { latitude: 32.0929, longitude: 34.862, altitude: 28.516 } });
    expect(await contentIdentifier(file)).toBe('5E1B2C3D-0000-4000-8000-0123456789AB');
  });

  it('falls back to the user data', async () => {
    const text = (type: string, value: string): Buffer => writeBox(type, Buffer.from([0, value.length, 0x15, 0xc7]), Buffer.from(value));
    const file = await movie(writeBox('udta', text('©xyz', '+51.4169-000.0806/'), text('©day', '2010-07-15T12:00:00-0700'), word(0)));
    expect(await readQuickTimeDates(file)).toEqual({ creationDate: '2010-07-15T12:00:00-07:00', movieCreated: null, location: { latitude: 51.4169, longitude: -0.0806, altitude: null } });
  });

  it('has nothing to say about what is no movie', async () => {
    const file = path.join(folder, 'other');
    for (const bytes of [Buffer.alloc(0), Buffer.from('hello world, this is text'), writeBox('ftyp', Buffer.from('mp42'))]) {
      await writeFile(file, bytes);
      expect(await readQuickTimeDates(file)).toEqual({ creationDate: null, movieCreated: null, location: null });
      expect(await contentIdentifier(file)).toBeNull();
    }
  });
});

it.each([
  [0, null],
  [3_646_801_557, '2019-07-24T08:25:57Z'],
  [1_563_956_757, '2019-07-24T08:25:57Z'], // counted from 1970
  [2_082_844_800, null], // 1970-01-01: a camera whose clock was never set
  [100, null],
  [7_000_000_000, null], // 2125
])('movieTime(%d) is %s', (seconds, expected) => expect(movieTime(seconds)).toBe(expected));

it.each([
  ['2019-07-24T11:25:40+0300', '2019-07-24T11:25:40+03:00'],
  ['2019-07-24T11:25:40-09:30', '2019-07-24T11:25:40-09:30'],
  ['2019-07-24T11:25:40.123Z', '2019-07-24T11:25:40Z'],
  ['2019:07:24 11:25:40', '2019-07-24T11:25:40'],
  ['2019-02-31T11:25:40+0300', null],
  ['0000-00-00T00:00:00Z', null],
  ['2019', null],
])('parseCreationDate(%s) is %s', (text, expected) => expect(parseCreationDate(text)).toBe(expected));

it('parses no date that it cannot write again', () => {
  fc.assert(fc.property(fc.date({ min: new Date('1904-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), (date) => {
    const text = `${date.toISOString().slice(0, 19)}+0530`;
    expect(parseCreationDate(text)).toBe(text.replace('+0530', '+05:30'));
  }));
});

it.each([
  ['+48.8577+002.295/', { latitude: 48.8577, longitude: 2.295, altitude: null }],
  ['-90+180/', { latitude: -90, longitude: 180, altitude: null }],
  ['+4012.22-07500.25+10/', { latitude: 40.203667, longitude: -75.004167, altitude: 10 }],
  ['+401213.1-0750015.1/', { latitude: 40.203639, longitude: -75.004194, altitude: null }],
  ['+91.0+000.0/', null],
  ['nowhere', null],
])('parseIso6709(%s)', (text, expected) => {
  const place = parseIso6709(text);
  expect(place && { ...place, latitude: Number(place.latitude.toFixed(6)), longitude: Number(place.longitude.toFixed(6)) }).toEqual(expected);
});
