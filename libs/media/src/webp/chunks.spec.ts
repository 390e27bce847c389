import { PipelineError } from '@media-pipeline/contracts';
import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { Refusal } from '../refusal';
import { parseWebp, spliceWebp, webpDifference } from './chunks';

const noise = (channels: 3 | 4 = 3): sharp.Sharp => makeNoise({ width: 90, height: 70, channels, spread: 30 });
const rich = (): Promise<Buffer> => noise().withExif({ IFD0: { Copyright: 'me' } }).withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').webp({ quality: 99 }).toBuffer();

describe('spliceWebp', () => {
  it('exchanges the picture and nothing else', async () => {
    const file = await rich();
    const result = spliceWebp(file, await sharp(file).webp({ quality: 40 }).toBuffer());
    expect(result.length).toBeLessThan(file.length);
    expect(webpDifference(file, result)).toBeNull();
    expect((await sharp(result, { failOn: 'warning' }).metadata()).exif?.toString('latin1')).toContain('me');
  });

  it('keeps plain and transparent files what they are', async () => {
    for (const file of [await noise().webp({ quality: 99 }).toBuffer(), await noise(4).webp({ quality: 99 }).toBuffer(), await noise(4).webp({ lossless: true }).toBuffer()]) {
      const { lossless } = parseWebp(file);
      const result = spliceWebp(file, await sharp(file).webp({ lossless, quality: 50 }).toBuffer());
      expect(webpDifference(file, result)).toBeNull();
      expect((await sharp(result, { failOn: 'warning' }).metadata()).hasAlpha).toBe((await sharp(file).metadata()).hasAlpha);
    }
  });

  it('notices a lost block and a changed kind', async () => {
    const file = await rich();
    expect(webpDifference(file, await sharp(file).webp().toBuffer())).toBe('the number of chunks differs');
    expect(webpDifference(await noise().webp().toBuffer(), await noise().webp({ lossless: true }).toBuffer())).toBe('one is lossless and the other is not');
  });

  it('answers to any damage with one of its own errors', async () => {
    const file = await rich();
    const encoded = await noise().webp({ quality: 30 }).toBuffer();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 }), fc.nat({ max: file.length }), fc.boolean(), (changes, length, cut) => {
        const bytes = Buffer.from(cut ? file.subarray(0, length) : file);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          webpDifference(bytes, spliceWebp(bytes, encoded));
        } catch (error) {
          if (!(error instanceof Refusal) && !(error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
