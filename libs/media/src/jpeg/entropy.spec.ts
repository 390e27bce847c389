import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { entropyFault } from './entropy';
import { parseJpeg } from './segments';

const noise = makeNoise({ width: 203, height: 117 });
const fault = (bytes: Buffer): string | null => entropyFault(bytes, parseJpeg(bytes));

describe('entropyFault', () => {
  it.each<[string, sharp.JpegOptions]>([
    ['4:2:0', { chromaSubsampling: '4:2:0' }],
    ['4:4:4', { chromaSubsampling: '4:4:4' }],
    ['optimised tables', { optimiseCoding: true }],
    ['high quality', { quality: 100 }],
    ['low quality', { quality: 5 }],
    ['progressive (not looked at)', { progressive: true }],
  ])('finds none in a sound picture: %s', async (_, options) => {
    expect(fault(await noise.clone().jpeg(options).toBuffer())).toBeNull();
    expect(fault(await noise.clone().toColourspace('b-w').jpeg(options).toBuffer())).toBeNull();
  });

  it('finds what the decoder conceals', async () => {
    const sound = await noise.clone().jpeg({ quality: 90 }).toBuffer();
    let found = 0;
    for (let trial = 1; trial <= 20; trial++) {
      const bytes = Buffer.from(sound);
      const start = parseJpeg(sound).scanStart + 20 + trial * 300;
      // a filled 0xff in front would make a marker of what follows
      for (let at = start; at < start + 64; at++) if (bytes[at - 1] !== 0xff) bytes[at] = ((bytes[at] ?? 0) ^ 0x5a) & 0xfe;
      if (fault(bytes) !== null) found++;
    }
    expect(found).toBeGreaterThan(15);
  });

  it('allows filling behind the last block, and nothing else', async () => {
    const sound = await noise.clone().jpeg().toBuffer();
    const insert = (...values: number[]): Buffer => Buffer.concat([sound.subarray(0, -2), Buffer.from(values), sound.subarray(-2)]);
    expect(fault(insert(0, 0, 0))).toBeNull();
    expect(fault(insert(1, 2, 3))).toBe('3 bytes of the picture data belong to no block');
    expect(fault(Buffer.concat([sound.subarray(0, -40), sound.subarray(-2)]))).toMatch(/too early|does not exist/);
  });

  it('answers to any damage', async () => {
    const sound = await noise.clone().jpeg({ optimiseCoding: true }).toBuffer();
    const structure = parseJpeg(sound);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(fc.nat({ max: 700 }), fc.nat({ max: sound.length - 1 })), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(sound);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          entropyFault(bytes, parseJpeg(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: 'MEDIA_CORRUPT' });
        }
        expect(structure.end).toBe(sound.length);
      }),
      { numRuns: 400 },
    );
  });
});
