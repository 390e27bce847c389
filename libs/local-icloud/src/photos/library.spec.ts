import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import decodeHeic from 'heic-decode';
import sharp from 'sharp';
import { fileChecksum, makeUp } from './content';
import { LocalLibrary } from './index';
import { PhotoServer } from './spec-support/photo-server';
import { leastSyntheticBytes, readSynthetic } from './synthetic';

describe('fileChecksum', () => {
  it('is base64(0x01 ‖ SHA1(salt ‖ bytes)), 28 characters', () => {
    const bytes = Buffer.from('any bytes');
    const salt = Buffer.from('com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0', 'latin1');
    const digest = createHash('sha1').update(Buffer.concat([salt, bytes])).digest('hex');
    expect(fileChecksum(bytes)).toBe(Buffer.from(`01${digest}`, 'hex').toString('base64'));
    expect(fileChecksum(bytes)).toHaveLength(28);
  });
});

describe('made-up content', () => {
  const contents = fc.record({ format: fc.constantFrom('jpeg' as const, 'heic' as const, 'mov' as const, 'dng' as const), seed: fc.nat(), bytes: fc.integer({ min: leastSyntheticBytes, max: 200_000 }) });

  it('has exactly its length, is the same each time, and any part of it is that part', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.nat(), (content, a, b) => {
        const whole = Buffer.concat([...readSynthetic(content)]);
        expect(whole.length).toBe(content.bytes);
        const [start, end] = [a % content.bytes, b % content.bytes].sort((x, y) => x - y);
        expect(Buffer.concat([...readSynthetic(content, start, end)]).equals(whole.subarray(start, end))).toBe(true);
        expect(makeUp(content).checksum).toBe(fileChecksum(whole));
      }),
      { numRuns: 100 },
    );
  });

  it('decodes', async () => {
    const bytes = (format: 'jpeg' | 'heic' | 'dng', length: number) => Buffer.concat([...readSynthetic({ format, seed: 3, bytes: length })]);
    expect((await sharp(bytes('jpeg', 200_000)).raw().toBuffer({ resolveWithObject: true })).info).toMatchObject({ width: 16, height: 16 });
    expect(await decodeHeic({ buffer: bytes('heic', 90_000) })).toMatchObject({ width: 64, height: 48 });
    expect(await sharp(bytes('dng', 5000)).metadata()).toMatchObject({ width: 4, height: 4 });
  });
});

describe('a folder of photos', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'local-icloud-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('pairs what belongs together and takes dates from the pictures, else from the files', async () => {
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } }).withExif({ IFD2: { DateTimeOriginal: '2023:05:01 19:55:30', OffsetTimeOriginal: '+01:00' } }).jpeg().toBuffer();
    await mkdir(path.join(folder, 'trip'));
    const write = (name: string, content: string | Buffer) => writeFile(path.join(folder, name), content);
    await Promise.all([
      write('IMG_1.HEIC', 'still'), write('IMG_1.mov', 'movie'), write('img_1.aae', 'sidecar'), write('DSC2.ARW', 'raw'), write('DSC2.JPG', picture),
      write('trip/IMG_1.HEIC', 'another'), write('clip.mp4', 'clip'), write('notes.txt', 'no'), write('.hidden.jpg', 'no'), write('trip/copy.heic', 'still'),
    ]);
    await utimes(path.join(folder, 'clip.mp4'), new Date(0), new Date('2001-02-03T04:05:06Z'));
    const library = new LocalLibrary();
    const assets = await library.addFromFolder(folder);
    const summary = assets.map(({ filename, resources }) => [filename, resources.map(({ key, type }) => `${key} ${type}`)]);
    expect(summary).toEqual([
      ['DSC2.ARW', ['resOriginal com.sony.arw-raw-image', 'resOriginalAlt public.jpeg']],
      ['IMG_1.HEIC', ['resOriginal public.heic', 'resOriginalVidCompl com.apple.quicktime-movie']],
      ['clip.mp4', ['resOriginal public.mpeg-4']],
      ['IMG_1.HEIC', ['resOriginal public.heic']],
      // the same bytes as the first: one more asset of its master, which keeps its name and its movie
      ['IMG_1.HEIC', ['resOriginal public.heic', 'resOriginalVidCompl com.apple.quicktime-movie']],
    ]);
    expect(new Date(assets[0]!.takenAt).toISOString()).toBe('2023-05-01T18:55:30.000Z');
    expect(new Date(assets[2]!.takenAt).toISOString()).toBe('2001-02-03T04:05:06.000Z');
    expect(assets[4]!.masterName).toBe(assets[1]!.masterName);
    expect(assets[4]!.recordName).not.toBe(assets[1]!.recordName);
  });
});

describe('a made-up library', () => {
  it('is the same for the same seed, and has the mix asked for', () => {
    const make = (seed: number) => {
      const library = new LocalLibrary({ seed, clock: { now: () => 1_700_000_000_000 } });
      library.addSynthetic(400, { mix: { live: 0.2, video: 0.1, rawJpeg: 0.1, edited: 0.1, duplicated: 0.1, hidden: 0.1, favourite: 0.1, noName: 0.1, stringName: 0.1 } });
      return library.assets();
    };
    const assets = make(4);
    expect(make(4)).toEqual(assets);
    expect(make(5)).not.toEqual(assets);
    const withKey = (wanted: string) => assets.filter(({ resources }) => resources.some(({ key }) => key === wanted)).length;
    for (const key of ['resOriginalVidCompl', 'resOriginalAlt', 'resJPEGFull']) expect(withKey(key)).toBeGreaterThan(15);
    expect(assets.length).toBeGreaterThan(420);
    expect(assets.filter(({ filename }) => filename === null).length).toBeGreaterThan(15);
    expect(new Set(assets.map(({ recordName }) => recordName)).size).toBe(assets.length);
  });

  it('serves any page of a hundred thousand assets without walking them', async () => {
    const server = await PhotoServer.start();
    const begun = performance.now();
    server.library.addSynthetic(100_000, { mix: { live: 0.2, video: 0.1 } });
    const made = performance.now() - begun;
    const times: number[] = [];
    for (let rank = 0; rank < 5000; rank += 100) {
      const start = performance.now();
      expect((await server.list(rank * 19)).records).toHaveLength(200);
      times.push(performance.now() - start);
    }
    const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    expect(made).toBeLessThan(30_000);
    expect(median).toBeLessThan(200);
    await server.close();
  });
});
