import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { readCodeTables, type CodeTable } from './code-tables';
import { walkPiece, type BlockTables } from './entropy-walk';
import { entropyFault } from './entropy';
import { parseJpeg } from './segments';

/** The tables of a JPEG, DC and AC of each number. */
function tablesOf(jpeg: Buffer): BlockTables[] {
  const tables = new Map<number, CodeTable>();
  for (const { marker, start, end } of parseJpeg(jpeg).segments) if (marker === 0xc4) expect(readCodeTables(jpeg.subarray(start + 4, end), tables)).toBe(true);
  return [0, 1].flatMap((number) => {
    const [dc, ac] = [tables.get(number), tables.get(0x10 | number)];
    return dc && ac ? [{ dc, ac }] : [];
  });
}

/** The entropy-coded data of the only scan of a JPEG without restart markers. */
function dataOf(jpeg: Buffer): Buffer {
  const { scanStart, end } = parseJpeg(jpeg);
  const coded = jpeg.subarray(scanStart + 2 + jpeg.readUInt16BE(scanStart + 2), end - 2);
  return Buffer.from(coded.filter((value, at) => value !== 0 || coded[at - 1] !== 0xff));
}

/** What the kernel has to agree with: one code after the other. */
function plainWalk(data: Buffer, blocks: readonly BlockTables[], units: number): string | null {
  let bit = 0;
  const bits16 = (): number => {
    const [a, b, c] = [0, 1, 2].map((next) => data[(bit >> 3) + next] ?? 0);
    return ((((a ?? 0) << 16) | ((b ?? 0) << 8) | (c ?? 0)) >> (8 - (bit & 7))) & 0xffff;
  };
  for (let unit = 0; unit < units; unit++) {
    for (const { dc, ac } of blocks) {
      const difference = dc.single[bits16()] ?? 0;
      if (difference === 0 || difference >> 8 > 11) return 'the picture data holds a code that does not exist';
      bit += (difference & 0xff) + (difference >> 8);
      for (let coefficient = 1; coefficient < 64; ) {
        const entry = ac.single[bits16()] ?? 0;
        if (entry === 0) return 'the picture data holds a code that does not exist';
        const [run, size] = [entry >> 12, (entry >> 8) & 15];
        bit += (entry & 0xff) + size;
        if (size === 0 && run !== 15) break;
        coefficient += run + 1;
        if (coefficient > 64) return 'a block of the picture data is too long';
      }
    }
    if (bit > data.length * 8) return 'the picture data ends too early';
  }
  const rest = [...data.subarray((bit + 7) >> 3)];
  return rest.every((value) => value === rest[0] && (value === 0 || value === 0xff)) ? null : `${rest.length} bytes of the picture data belong to no block`;
}

const small = makeNoise({ width: 90, height: 60 });
// more than a strip of the kernel's memory holds
const large = makeNoise({ width: 700, height: 500 });

describe('walkPiece', () => {
  it.each<[string, sharp.JpegOptions]>([
    ['common tables', { quality: 90, optimiseCoding: false }],
    ['its own tables', { quality: 97, optimiseCoding: true }],
    ['long codes', { quality: 100, optimiseCoding: true }],
  ])('says of whatever data what a walk code by code says of it: %s', async (_, options) => {
    const jpegs = await Promise.all([small, large].map((picture) => picture.clone().toColourspace('b-w').jpeg({ ...options, progressive: false }).toBuffer()));
    const [few, many] = [dataOf(jpegs[0]!), dataOf(jpegs[1]!)];
    const [fewTables, manyTables] = [tablesOf(jpegs[0]!), tablesOf(jpegs[1]!)];
    expect(many.length).toBeGreaterThan(3 * 65_536);
    expect(walkPiece(few, fewTables.slice(0, 1), 12 * 8)).toBeNull();
    expect(walkPiece(many, manyTables.slice(0, 1), 88 * 63)).toBeNull();
    fc.assert(
      fc.property(fc.boolean(), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), fc.integer({ min: -3, max: 3 }), fc.nat({ max: 40 }), fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 6 }), (big, changes, more, cut, order) => {
        const [whole, tables, units] = big ? [many, manyTables, 88 * 63] : [few, fewTables, 12 * 8];
        const data = Buffer.from(whole.subarray(0, whole.length - (cut > 20 ? cut - 20 : 0)));
        for (const [at, value] of changes) data[at % data.length] = value;
        const blocks = order.map((number) => tables[number % tables.length]!);
        const count = Math.max(0, Math.floor(units / blocks.length) + more);
        expect(walkPiece(data, blocks, count)).toBe(plainWalk(data, blocks, count));
      }),
      { numRuns: 120 },
    );
  });

  it('takes random data, and more blocks in an MCU than any picture has', async () => {
    const blocks = tablesOf(await small.clone().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer());
    const copies = Array.from({ length: 900 }, (_, index) => blocks[index % blocks.length]!);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.constantFrom(blocks, copies), fc.integer({ min: 1, max: 40 }), (bytes, order, units) => {
        expect(walkPiece(Buffer.from(bytes), order, units)).toBe(plainWalk(Buffer.from(bytes), order, units));
      }),
      { numRuns: 300 },
    );
  });

  it('forgets tables for others', async () => {
    for (let quality = 50; quality < 70; quality++) {
      const jpeg = await small.clone().jpeg({ quality, optimiseCoding: true }).toBuffer();
      expect(entropyFault(jpeg, parseJpeg(jpeg))).toBeNull();
    }
  });
});
