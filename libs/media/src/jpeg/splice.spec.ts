import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { Refusal } from '../refusal';
import { readPictureIndex } from './multi-picture';
import { chromaSubsampling, isMetadata, parseJpeg } from './segments';
import { jpegDifference, spliceJpeg } from './splice';

const corpus = path.resolve(__dirname, '../../../../../shared/corpus');
const noise = makeNoise({ width: 320, height: 200 });

const segment = (code: number, ...parts: (string | Buffer)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')));
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};

/** What a decoder needs, from the first table on. */
const withoutMetadata = (bytes: Buffer): Buffer => bytes.subarray(parseJpeg(bytes).segments.find((each) => !isMetadata(each))?.start);

/** A JPEG with metadata of every kind and a second picture that its MPF index names, as a gain-map photo has. */
async function rich(littleEndian: boolean, padding = 0): Promise<{ file: Buffer; second: Buffer }> {
  const plain = await noise.clone().jpeg({ quality: 97 }).toBuffer();
  const second = await noise.clone().resize(80, 50).jpeg().toBuffer();
  const mpf = (first: number, offset: number): Buffer => {
    const b = Buffer.alloc(8 + 2 + 3 * 12 + 4 + 32);
    const w16 = (v: number, at: number): unknown => (littleEndian ? b.writeUInt16LE(v, at) : b.writeUInt16BE(v, at));
    const w32 = (v: number, at: number): unknown => (littleEndian ? b.writeUInt32LE(v, at) : b.writeUInt32BE(v, at));
    b.write(littleEndian ? 'II*\0' : 'MM\0*', 0, 'latin1');
    w32(8, 4);
    w16(3, 8);
    for (const [i, [tag, type, count, value]] of ([[0xb000, 7, 4, 0x30303130], [0xb001, 4, 1, 2], [0xb002, 7, 32, 50]] as const).entries()) {
      w16(tag, 10 + i * 12);
      w16(type, 12 + i * 12);
      w32(count, 14 + i * 12);
      w32(value, 18 + i * 12);
    }
    w32(0x00030000, 50);
    w32(first, 54);
    w32(second.length, 70);
    w32(offset, 74);
    return segment(0xe2, 'MPF\0', b);
  };
  const before = [Buffer.from([0xff, 0xd8]), segment(0xe0, 'JFIF\0\x01\x01\x01\x01\x2c\x01\x2c\0\0'), segment(0xe1, 'Exif\0\0', 'whatever'), segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x/>')];
  const after = [segment(0xed, 'Photoshop 3.0\0'), segment(0xfe, 'a comment')];
  const rest = withoutMetadata(plain);
  const at = Buffer.concat(before).length + 8;
  const first = Buffer.concat([...before, mpf(0, 0), ...after, rest]).length;
  return { second, file: Buffer.concat([...before, mpf(first, first + padding - at), ...after, rest, Buffer.alloc(padding), second, Buffer.from('trailer of a maker')]) };
}

const smaller = (bytes: Buffer): Promise<Buffer> => sharp(bytes, { ignoreIcc: true }).jpeg({ quality: 60, mozjpeg: true }).toBuffer();

describe('spliceJpeg', () => {
  it.each([[true, 0], [false, 0], [true, 100]])('keeps metadata, further pictures and trailers (little-endian %s, padding %i)', async (littleEndian, padding) => {
    const { file, second } = await rich(littleEndian, padding);
    const result = spliceJpeg(file, await smaller(file));
    expect(result.length).toBeLessThan(file.length);
    expect(jpegDifference(file, result)).toBeNull();
    const index = readPictureIndex(result, parseJpeg(result).segments);
    const [first, other] = index?.entries ?? [];
    expect(first?.bytes).toBe(parseJpeg(result).end);
    expect(result.subarray(other?.start, (other?.start ?? 0) + (other?.bytes ?? 0)).equals(second)).toBe(true);
    expect(result.subarray(-18).toString()).toBe('trailer of a maker');
    expect((await sharp(result, { failOn: 'warning' }).metadata()).density).toBe(300);
  });

  it('notices what is not the same', async () => {
    const { file } = await rich(true);
    const result = spliceJpeg(file, await smaller(file));
    const changed = Buffer.from(result);
    changed.write('WHATEVER', result.indexOf('whatever'), 'latin1');
    expect(jpegDifference(file, changed)).toBe('metadata segment 2 differs');
    expect(jpegDifference(file, result.subarray(0, -1))).toBe('what follows the picture differs');
    expect(jpegDifference(file, await smaller(file))).toBe('the number of metadata segments differs');
    const moved = Buffer.from(result);
    const entry = readPictureIndex(result, parseJpeg(result).segments)?.entries[1];
    moved.writeUInt32LE(7, (entry?.position ?? 0) + 8);
    expect(jpegDifference(file, moved)).toBe('picture 2 differs');
  });

  it('refuses what it cannot put together again', async () => {
    const plain = await noise.clone().jpeg().toBuffer();
    const cmyk = await noise.clone().toColourspace('cmyk').jpeg().toBuffer();
    const signed = Buffer.concat([plain.subarray(0, 2), segment(0xeb, 'JP\0\x01jumb c2pa'), plain.subarray(2)]);
    const rgb = Buffer.concat([plain.subarray(0, 2), segment(0xee, 'Adobe\0\x64\0\0\0\0\0'), withoutMetadata(plain)]);
    expect(() => spliceJpeg(cmyk, plain)).toThrow(Refusal);
    expect(() => spliceJpeg(signed, plain)).toThrow('signed');
    expect(() => spliceJpeg(rgb, plain)).toThrow('RGB');
    expect(() => spliceJpeg(Buffer.concat([plain, Buffer.from('a preview that a maker note points to')]), plain)).toThrow('unknown kind');
    expect(spliceJpeg(Buffer.concat([plain, Buffer.alloc(100)]), plain)).toHaveLength(plain.length + 100);
    expect(spliceJpeg(Buffer.concat([plain, Buffer.from('Samsung data SEFT')]), plain).subarray(-4).toString()).toBe('SEFT');
    const { file } = await rich(true);
    expect(() => spliceJpeg(file.subarray(0, -12_000), plain)).toThrow(/cut off|no picture/);
  });

  it('names the chroma subsampling', async () => {
    expect(chromaSubsampling(parseJpeg(await noise.clone().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()).frame)).toBe('4:4:4');
    expect(chromaSubsampling(parseJpeg(await noise.clone().jpeg({ chromaSubsampling: '4:2:0' }).toBuffer()).frame)).toBe('4:2:0');
    expect(chromaSubsampling(parseJpeg(await noise.clone().toColourspace('b-w').jpeg().toBuffer()).frame)).toBe('grey');
  });

  it('answers to any damage with one of its own errors', async () => {
    const { file } = await rich(true);
    const encoded = await smaller(file);
    const change = fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 }));
    const early = fc.tuple(fc.nat({ max: 700 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(fc.oneof(change, early), { maxLength: 8 }), fc.integer({ min: 0, max: file.length }), fc.boolean(), (changes, length, cut) => {
        const bytes = Buffer.from(cut ? file.subarray(0, length) : file);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          expect(jpegDifference(bytes, spliceJpeg(bytes, encoded))).not.toBe(undefined);
        } catch (error) {
          if (!(error instanceof Refusal) && !(error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) throw error;
        }
      }),
      { numRuns: 1500 },
    );
  });

  const names = ['gain-map.jpg', 'apple-gainmap.jpg', 'iphone-hdr.jpg', 'android-depth-map.jpg', 'iphone6.jpg', 'leica-t.jpg', 'nexus4.jpg', 'nikon-d90.jpg', 'panasonic-lx7.jpg', 'portrait-6.jpg'];
  (existsSync(corpus) ? it : it.skip).each(names)('keeps everything of %s (skipped without the corpus)', async (name) => {
    const file = await readFile(path.join(corpus, name));
    const result = spliceJpeg(file, await smaller(file));
    expect(jpegDifference(file, result)).toBeNull();
  });
});
