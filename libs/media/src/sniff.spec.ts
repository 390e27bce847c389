import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { identify } from './identify';
import { sniff } from './sniff';

const corpus = path.resolve(__dirname, '../../../../shared/corpus');
const pixels = sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } });

const ftyp = (...brands: string[]): Buffer => {
  const box = Buffer.alloc(12 + 4 * brands.length);
  box.writeUInt32BE(box.length, 0);
  box.write('ftyp' + (brands[0] ?? '') + '\0\0\0\0' + brands.slice(1).join(''), 4, 'latin1');
  return Buffer.concat([box, Buffer.alloc(16)]);
};

/** A little-endian TIFF whose first directory has these tags (SHORT or LONG values, or text). */
const tiffWith = (tags: Record<number, number | string>, directoryAt = 8): Buffer => {
  const entries = Object.entries(tags);
  const head = Buffer.alloc(directoryAt + 2 + entries.length * 12 + 4 + 64);
  head.write('II*\0', 0, 'latin1');
  head.writeUInt32LE(directoryAt, 4);
  head.writeUInt16LE(entries.length, directoryAt);
  let text = directoryAt + 2 + entries.length * 12 + 4;
  for (const [index, [id, value]] of entries.entries()) {
    const at = directoryAt + 2 + index * 12;
    head.writeUInt16LE(Number(id), at);
    head.writeUInt16LE(typeof value === 'string' ? 2 : 4, at + 2);
    head.writeUInt32LE(typeof value === 'string' ? value.length + 1 : 1, at + 4);
    if (typeof value === 'number') head.writeUInt32LE(value, at + 8);
    else {
      head.writeUInt32LE(text, at + 8);
      head.write(value, text, 'latin1');
      text += value.length + 1;
    }
  }
  return head;
};

describe('sniff', () => {
  it.each([
    ['jpeg', () => pixels.clone().jpeg().toBuffer()],
    ['png', () => pixels.clone().png().toBuffer()],
    ['gif', () => pixels.clone().gif().toBuffer()],
    ['webp', () => pixels.clone().webp().toBuffer()],
    ['tiff', () => pixels.clone().tiff().toBuffer()],
    ['avif', () => pixels.clone().avif({ effort: 0 }).toBuffer()],
  ])('knows a real %s', async (format, make) => {
    expect(sniff(await make())?.format).toBe(format);
  });

  it.each<[string, Buffer, string | undefined, string | undefined]>([
    ['HEIC', ftyp('heic', 'mif1', 'heic'), 'heic', 'heic'],
    ['HEIC that says only HEIF first', ftyp('mif1', 'mif1', 'heic'), 'heic', 'heic'],
    ['AVIF that says only HEIF first', ftyp('mif1', 'avif', 'miaf'), 'avif', 'avif'],
    ['CR3', ftyp('crx ', 'crx ', 'isom'), 'raw', 'cr3'],
    ['CRW', Buffer.from('II\x1a\0\0\0HEAPCCDR\x02\0', 'latin1'), 'raw', 'crw'],
    ['MRW', Buffer.from('\0MRM\0\0\x0a\x0c\0PRD', 'latin1'), 'raw', 'mrw'],
    ['X3F', Buffer.from('FOVb\0\0\x02\0', 'latin1'), 'raw', 'x3f'],
    ['QuickTime', ftyp('qt  ', 'qt  '), 'mov', 'mov'],
    ['MP4', ftyp('isom', 'isom', 'iso2', 'avc1', 'mp41'), 'mp4', 'mp4'],
    ['MP4 of a camera with its own brand', ftyp('XAVC', 'XAVC', 'mp42', 'iso2'), 'mp4', 'mp4'],
    ['M4V', ftyp('M4V ', 'M4V ', 'mp42'), 'mp4', 'm4v'],
    ['3GP', ftyp('3gp4', 'isom'), '3gp', '3gp'],
    ['audio', ftyp('M4A ', 'M4A ', 'mp42'), undefined, undefined],
    ['DNG', tiffWith({ 0xfe: 1, 0x10f: 'Google', 0xc612: 0x00000401 }), 'dng', 'dng'],
    ['NEF', tiffWith({ 0xfe: 1, 0x10f: 'NIKON CORPORATION', 0x14a: 3 }), 'raw', 'nef'],
    ['ARW', tiffWith({ 0xfe: 1, 0x10f: 'SONY', 0x14a: 1 }), 'raw', 'arw'],
    ['TIFF written by a camera', tiffWith({ 0xfe: 0, 0x10f: 'NIKON CORPORATION' }), 'tiff', 'tif'],
    ['CR2', Buffer.concat([Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'), Buffer.alloc(32)]), 'raw', 'cr2'],
    ['RW2', Buffer.concat([Buffer.from('IIU\0\x18\0\0\0', 'latin1'), Buffer.alloc(32)]), 'raw', 'rw2'],
    ['ORF', Buffer.concat([Buffer.from('IIRO\x08\0\0\0', 'latin1'), Buffer.alloc(32)]), 'raw', 'orf'],
    ['RAF', Buffer.from('FUJIFILMCCD-RAW 0201FF383501', 'latin1'), 'raw', 'raf'],
    ['AVI', Buffer.from('RIFF\x10\0\0\0AVI LIST', 'latin1'), 'avi', 'avi'],
    ['WebM', Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104', 'hex'), 'webm', 'webm'],
    ['Matroska', Buffer.concat([Buffer.from('1a45dfa3a34286810142f7810142f2810442f381084282886d6174726f736b61', 'hex'), Buffer.alloc(8)]), 'mkv', 'mkv'],
    ['MPEG programme stream', Buffer.from('000001ba44000400', 'hex'), 'mpeg', 'mpg'],
    ['MPEG transport stream', Buffer.concat(Array.from({ length: 6 }, () => Buffer.concat([Buffer.from([0x47]), Buffer.alloc(187)]))), 'mpegts', 'ts'],
    ['AVCHD', Buffer.concat(Array.from({ length: 6 }, () => Buffer.concat([Buffer.alloc(4), Buffer.from([0x47]), Buffer.alloc(187)]))), 'mpegts', 'mts'],
    ['old QuickTime', Buffer.concat([Buffer.from('\0\0\0\x08wide\0\0\x10\0mdat', 'latin1'), Buffer.alloc(16)]), 'mov', 'mov'],
    ['JPEG XL', Buffer.from('\0\0\0\x0cJXL \r\n\x87\n', 'latin1'), 'jxl', 'jxl'],
    ['text', Buffer.from('This is a letter to my mother.\n'.repeat(40)), undefined, undefined],
    ['text that begins like a bitmap', Buffer.from('BMW is a maker of cars, and of motorcycles.'), undefined, undefined],
    ['text of G', Buffer.from('G'.repeat(100)), undefined, undefined],
    ['a shell script', Buffer.from('#!/bin/sh\nexit 0\n'), undefined, undefined],
    ['an executable', Buffer.from('7f454c4602010100000000000000000003003e0001000000', 'hex'), undefined, undefined],
    ['a Windows executable', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(100)]), undefined, undefined],
    ['zip', Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1'), undefined, undefined],
    ['nothing', Buffer.alloc(0), undefined, undefined],
    ['zeroes', Buffer.alloc(512), undefined, undefined],
  ])('%s', (_, bytes, format, extension) => {
    const type = sniff(bytes);
    expect(type?.format).toBe(format);
    expect(type?.extension).toBe(extension);
  });

  it('answers for any bytes', () => {
    const magics = ['II*\0', 'MM\0*', 'RIFF', '\x1a\x45\xdf\xa3', '\0\0\0\x18ftyp', 'BM', '\xff\x0a', '\0\0\0\x10moov', ''].map((text) => Buffer.from(text, 'latin1'));
    fc.assert(
      fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }), (magic, rest) => {
        expect(() => sniff(Buffer.concat([magic, rest]))).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('identify', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'media-identify-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const file = async (name: string, bytes: Buffer): Promise<string> => {
    const at = path.join(folder, name);
    await writeFile(at, bytes);
    return at;
  };

  it('goes by content, not by name', async () => {
    expect((await identify(await file('photo.jpg', await pixels.clone().png().toBuffer())))?.format).toBe('png');
    expect(await identify(await file('letter.jpg', Buffer.from('Dear Sir,')))).toBeNull();
    expect(await identify(await file('empty.jpg', Buffer.alloc(0)))).toBeNull();
  });

  it('finds a first directory that lies behind the pixels', async () => {
    const raw = tiffWith({ 0xfe: 1, 0x10f: 'NIKON CORPORATION', 0x14a: 3 }, 100_000);
    expect((await identify(await file('late.tif', raw)))?.extension).toBe('nef');
    expect((await identify(await file('late.dng', tiffWith({ 0xc612: 1 }, 100_000))))?.format).toBe('dng');
    const plain = await sharp({ create: { width: 200, height: 200, channels: 3, background: 'red' } }).tiff({ compression: 'none' }).toBuffer();
    expect((await identify(await file('plain.tif', plain)))?.format).toBe('tiff');
  });

  it('says what is wrong with what is no readable file', async () => {
    await expect(identify(path.join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(identify(folder)).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    await expect(identify('/dev/null')).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
  });

  (existsSync(corpus) ? it : it.skip)('knows every real camera file (skipped without the corpus)', async () => {
    for (const name of (await readdir(corpus)).filter((entry) => entry !== 'README.md')) {
      const type = await identify(path.join(corpus, name));
      expect(`${name} ${type?.extension ?? 'null'}`).toBe(`${name} ${path.extname(name).slice(1).toLowerCase()}`);
    }
  });
});
