import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import fc from 'fast-check';
import sharp from 'sharp';
import { imageCarriesIdentifier } from '../identifier';
import { readCaptureDate, type CaptureDateOptions } from './read';

const run = promisify(execFile);
const corpus = path.resolve(__dirname, '../../../../../shared/corpus');
const ifCorpus = existsSync(corpus) ? it : it.skip;
const square = sharp({ create: { width: 16, height: 16, channels: 3, background: 'teal' } });
const dated = (DateTimeOriginal: string, more: Record<string, string> = {}): sharp.Exif => ({ IFD2: { DateTimeOriginal, ...more } });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'media-dates-'));
});
afterAll(() => rm(folder, { recursive: true }));

const date = async (at: string, more: Partial<CaptureDateOptions> = {}): Promise<string> => {
  const found = await readCaptureDate(at, { useMetadata: true, fallbackToFileDate: true, filename: path.basename(at), modifiedAt: new Date('2022-02-02T02:02:02Z'), zone: 'Europe/Berlin', ...more });
  return `${found.date} ${found.source} ${found.zone}`;
};
const make = async (name: string, image: sharp.Sharp): Promise<string> => {
  const at = path.join(folder, name);
  await image.toFile(at);
  return at;
};

describe('readCaptureDate', () => {
  it('reads JPEG, WebP, PNG and AVIF alike', async () => {
    for (const format of ['jpeg', 'webp', 'png', 'avif'] as const) {
      const at = await make(`exif.${format}`, square.clone().toFormat(format).withExif(dated('2019:08:07 06:05:04', { OffsetTimeOriginal: '-03:00' })));
      expect(`${format} ${await date(at)}`).toBe(`${format} 2019-08-07T06:05:04-03:00 EXIF:DateTimeOriginal recorded`);
    }
  });

  it('reads TIFF', async () => {
    const at = await make('exif.tif', square.clone().tiff());
    await using exiftool = new ExifTool({ maxProcs: 1 });
    await exiftool.write(at, { DateTimeOriginal: '2019:08:07 06:05:04', OffsetTimeOriginal: '-03:00' }, { writeArgs: ['-overwrite_original'] });
    expect(await date(at)).toBe('2019-08-07T06:05:04-03:00 EXIF:DateTimeOriginal recorded');
  });

  it.each(['0000:00:00 00:00:00', '1904:01:01 00:00:00', '2099:01:01 00:00:00', '1970:01:01 00:00:00'])('passes over %s to the name, then to the file', async (bad) => {
    const at = await make('bad.jpg', square.clone().jpeg().withExif(dated(bad)));
    expect(await date(at, { filename: 'IMG_20200102_030405.jpg' })).toBe('2020-01-02T03:04:05 filename none');
    expect(await date(at)).toBe('2022-02-02T03:02:02+01:00 file inferred');
    expect(await date(at, { fallbackToFileDate: false })).toBe('null none none');
    expect(await date(at, { modifiedAt: new Date(0) })).toBe('null none none');
  });

  it('takes the word of the source for what the file does not say, before its name and the disk', async () => {
    const named = { filename: 'IMG_20200102_030405.jpg' };
    const none = await make('undated.jpg', square.clone().jpeg());
    expect(await date(none, { ...named, told: { source: 'icloud', date: '2021-05-03T23:03:01+09:00' } })).toBe('2021-05-03T23:03:01+09:00 icloud recorded');
    expect(await date(none, { ...named, told: { source: 'icloud', date: '2021-05-03T14:03:01Z' } })).toBe('2021-05-03T16:03:01+02:00 icloud inferred');
    expect(await date(none, { ...named, told: { source: 'icloud', date: '1970-01-01T00:00:00+00:00' } })).toBe('2020-01-02T03:04:05 filename none');
    expect(await date(none, { ...named, told: null })).toBe('2020-01-02T03:04:05 filename none');
    const dated2019 = await make('dated.jpg', square.clone().jpeg().withExif(dated('2019:08:07 06:05:04', { OffsetTimeOriginal: '-03:00' })));
    expect(await date(dated2019, { told: { source: 'icloud', date: '2021-05-03T14:03:01+02:00' } })).toBe('2019-08-07T06:05:04-03:00 EXIF:DateTimeOriginal recorded');
    const sidecar = path.join(folder, 'steps.aae');
    await writeFile(sidecar, '<?xml version="1.0" encoding="UTF-8"?><plist/>');
    expect(await date(sidecar, { told: { source: 'icloud', date: '2021-05-03T14:03:01+02:00' } })).toBe('2021-05-03T14:03:01+02:00 icloud recorded');
  });

  it('reads no metadata when told not to', async () => {
    const at = await make('off.jpg', square.clone().jpeg().withExif(dated('2019:08:07 06:05:04')));
    expect(await date(at, { useMetadata: false })).toBe('2022-02-02T03:02:02+01:00 file inferred');
  });

  it('has an answer for pictures without any date and for bytes of any kind', async () => {
    expect(await date(await make('none.gif', square.clone().gif()), { fallbackToFileDate: false })).toBe('null none none');
    const at = path.join(folder, 'noise.jpg');
    const real = await square.clone().jpeg().withExif(dated('2019:08:07 06:05:04')).toBuffer();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: real.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 20 }), fc.nat({ max: real.length }), async (changes, length) => {
        const bytes = Buffer.from(real);
        for (const [where, value] of changes) bytes[where] = value;
        await writeFile(at, bytes.subarray(0, length));
        await expect(date(at)).resolves.toBeDefined();
      }),
      { numRuns: 150 },
    );
  });

  it('takes a video\'s header date as UTC', async () => {
    const at = path.join(folder, 'made.mp4');
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=s=16x16:d=0.1', '-metadata', 'creation_time=2021-07-01T10:00:00Z', '-y', at]);
    expect(await date(at)).toBe('2021-07-01T12:00:00+02:00 QuickTime:CreateDate inferred');
  });

  it('says when there is no file', async () => {
    await expect(date(path.join(folder, 'nowhere.jpg'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  ifCorpus('agrees with exiftool on real camera files (skipped without the corpus)', async () => {
    const found: Record<string, string> = {};
    for (const name of Object.keys(real)) found[name] = await date(path.join(corpus, name), { fallbackToFileDate: false });
    expect(found).toEqual(real);
  });
});

/** DateTimeOriginal as exiftool shows it; offsets from OffsetTimeOriginal, satellite time, or the place. */
const real = {
  'IMG_1034.heic': '2018-02-05T15:11:44+08:00 EXIF:DateTimeOriginal gps',
  'IMG_2927.HEIC': '2020-05-04T18:39:11-04:00 EXIF:DateTimeOriginal recorded',
  'iphone6.jpg': '2014-09-16T14:05:12+01:00 EXIF:DateTimeOriginal gps',
  'iphone-hdr.jpg': '2015-04-10T20:12:23+02:00 EXIF:DateTimeOriginal gps',
  'leica-t.jpg': '2014-04-24T12:18:42 EXIF:DateTimeOriginal none',
  'live-image.heic': '2021-12-10T22:14:50+11:00 EXIF:DateTimeOriginal recorded',
  'nexus4.jpg': '2013-01-20T18:54:08+00:00 EXIF:DateTimeOriginal gps',
  'nikon-d90.jpg': '2011-04-25T01:55:30 EXIF:DateTimeOriginal none',
  'android-depth-map.jpg': '2014-04-17T14:34:05 EXIF:ModifyDate none',
  'portrait-6.jpg': 'null none none',
  'rotating-squares.gif': 'null none none',
  'with-gps.mov': '2019-07-24T11:25:40+03:00 QuickTime:CreationDate recorded',
};

describe('imageCarriesIdentifier', () => {
  const id = '3F2504E0-4F89-41D3-9A0C-0305E82C3301';

  it('finds the identifier near either end', async () => {
    const at = path.join(folder, 'pair.heic');
    await writeFile(at, Buffer.concat([Buffer.alloc(1000), Buffer.from(id), Buffer.alloc(2_000_000)]));
    expect(await imageCarriesIdentifier(at, id.toLowerCase())).toBe(true);
    await writeFile(at, Buffer.concat([Buffer.alloc(2_000_000), Buffer.from(id), Buffer.alloc(1000)]));
    expect(await imageCarriesIdentifier(at, id)).toBe(true);
    expect(await imageCarriesIdentifier(at, '00000000-0000-4000-8000-000000000000')).toBe(false);
    expect(await imageCarriesIdentifier(at, '')).toBe(false);
  });

  ifCorpus('finds it in the still of a real Live Photo (skipped without the corpus)', async () => {
    const at = path.join(corpus, 'live-image.heic');
    const found = /[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}/.exec((await readFile(at)).toString('latin1'));
    expect(found && (await imageCarriesIdentifier(at, found[0]))).toBe(true);
  });
});
