import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import fc from 'fast-check';
import { BoxFile } from './box-file';
import { boxHeader, boxPayload, descend, fullBox, readBoxes, requireBox, writeBox } from './boxes';

describe('boxes', () => {
  it('reads what it writes, side by side and nested', () => {
    const bytes = Buffer.concat([writeBox('ftyp', Buffer.from('qt  ')), writeBox('moov', writeBox('trak', writeBox('tkhd', Buffer.from([1, 0, 0, 7, 9]))), Buffer.alloc(4))]);
    const boxes = readBoxes(bytes);
    expect(boxes.map(({ type }) => type)).toEqual(['ftyp', 'moov']);
    const tkhd = descend(bytes, boxes, 'moov', 'trak', 'tkhd');
    expect(tkhd && fullBox(bytes, tkhd)).toMatchObject({ version: 1, flags: 7 });
    expect(descend(bytes, boxes, 'moov', 'udta')).toBeUndefined();
    expect(boxPayload(bytes, requireBox(boxes, 'ftyp')).toString()).toBe('qt  ');
    expect(() => requireBox(boxes, 'meta')).toThrow('"meta" is missing');
  });

  it('knows the 64-bit size and the size "to the end"', () => {
    const large = Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('mdat'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 20]), Buffer.alloc(4)]);
    expect(readBoxes(large)).toEqual([{ type: 'mdat', start: 0, data: 16, end: 20 }]);
    expect(readBoxes(Buffer.concat([Buffer.alloc(4), Buffer.from('mdat'), Buffer.alloc(9)]))).toEqual([{ type: 'mdat', start: 0, data: 8, end: 17 }]);
    expect(boxHeader('mdat', 0xffff_fff8).readUInt32BE(0)).toBe(1);
    expect(boxHeader('mdat', 0xffff_fff7).readUInt32BE(0)).toBe(0xffff_ffff);
  });

  it('refuses boxes that leave their parent', () => {
    const bytes = writeBox('moov', writeBox('trak', Buffer.alloc(10)));
    bytes.writeUInt32BE(500, 8);
    const [moov] = readBoxes(bytes);
    expect(() => readBoxes(bytes, moov?.data, moov?.end)).toThrow('claims 500 bytes');
    expect(() => readBoxes(Buffer.from([0, 0, 0, 3, 1, 2, 3, 4]))).toThrow(PipelineError);
  });

  it('finds boxes side by side without a gap in any bytes, or says that they are corrupt', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        const bytes = Buffer.from(data);
        try {
          let at = 0;
          for (const box of readBoxes(bytes)) {
            expect(box.start).toBe(at);
            expect(box.data).toBeGreaterThan(box.start);
            expect(box.end).toBeGreaterThanOrEqual(box.data);
            at = box.end;
          }
          expect(bytes.length - at).toBeLessThan(8);
        } catch (error) {
          if (!(error instanceof PipelineError)) throw error;
        }
      }),
    );
  });
});

describe('BoxFile', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'media-boxes-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('lists the boxes of a file as they are in memory', async () => {
    const at = path.join(folder, 'file');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('ftyp', 'mdat', 'moov', 'free'), fc.uint8Array({ maxLength: 40 })), { maxLength: 5 }), fc.nat({ max: 30 }), async (parts, cut) => {
        const whole = Buffer.concat(parts.map(([type, data]) => writeBox(type, data)));
        const bytes = whole.subarray(0, Math.max(0, whole.length - cut));
        await writeFile(at, bytes);
        let expected: unknown = 'corrupt';
        try {
          expected = readBoxes(bytes);
        } catch {
          // both must find it corrupt
        }
        const found = await BoxFile.open(at).then(
          async (file) => {
            await file.close();
            return file.boxes;
          },
          () => 'corrupt',
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('reads a payload, and never more than is there or allowed', async () => {
    const at = path.join(folder, 'limits');
    await writeFile(at, writeBox('moov', Buffer.from('payload')));
    await using file = await BoxFile.open(at);
    const moov = requireBox(file.boxes, 'moov');
    expect((await file.payload(moov)).toString()).toBe('payload');
    await expect(file.payload(moov, 3)).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
    await expect(file.read(0, 1000)).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
  });
});
