import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import exifr from 'exifr';
import decode from 'heic-decode';
import sharp from 'sharp';

const livePhoto = '7C6F5B1E-3A52-4B7E-9C57-2F0A4D8E1B96';

describe('the sample library', () => {
  let folder;
  const read = (...names) => readFileSync(path.join(folder, ...names));
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

  beforeAll(() => {
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'sample-')), 'source');
    const { status, stderr } = spawnSync(process.execPath, [path.join(__dirname, 'make.mjs'), folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }, 120_000);
  afterAll(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

  it('is small and has an exact duplicate and nothing else twice', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
    expect(files).toHaveLength(16);
    expect(files.reduce((sum, file) => sum + file.length, 0)).toBeLessThan(6_000_000);
    expect(new Set(files.map(sha256)).size).toBe(15);
    expect(sha256(read('2023 Lisbon', 'IMG_0100 copy.JPG'))).toBe(sha256(read('2023 Lisbon', 'IMG_0100.JPG')));
  });

  it('has JPEGs with a date, a zone, a place and each orientation', async () => {
    const tags = await exifr.parse(read('2023 Lisbon', 'IMG_0100.JPG'), { translateValues: false, reviveValues: false });
    expect(tags).toMatchObject({ Orientation: 6, DateTimeOriginal: '2023:05:01 19:42:07', OffsetTimeOriginal: '+01:00', latitude: expect.closeTo(38.7114, 3), longitude: expect.closeTo(-9.1297, 3) });
    const orientations = await Promise.all([['Camera', 'DSC_0042.JPG'], ['Camera', 'DSC_0043.JPG'], ['Old phone', 'DSC_0042.JPG']].map((name) => exifr.orientation(read(...name))));
    expect(orientations).toEqual([1, 3, 8]);
  });

  it('has HEICs that decode, turned as their rotation says, with EXIF', async () => {
    expect(await decode({ buffer: read('2023 Lisbon', 'IMG_0101.HEIC') })).toMatchObject({ width: 760, height: 1000 });
    expect(await decode({ buffer: read('2023 Lisbon', 'IMG_0102.HEIC') })).toMatchObject({ width: 1000, height: 760 });
    expect(await exifr.parse(read('2023 Lisbon', 'IMG_0101.HEIC'), { reviveValues: false })).toMatchObject({ Make: 'Apple', DateTimeOriginal: '2023:05:01 08:15:12' });
  });

  it('has a Live Photo whose two files carry the same identifier', () => {
    expect(read('2023 Lisbon', 'IMG_0102.HEIC').includes(livePhoto)).toBe(true);
    expect(read('2023 Lisbon', 'IMG_0102.MOV').includes(livePhoto)).toBe(true);
  });

  it('has a broken file that cannot be decoded to its end', async () => {
    await expect(sharp(read('Old phone', 'broken.JPG'), { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow();
  });
});
