import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { PipelineError } from '@media-pipeline/contracts';
import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { Refusal } from '../refusal';
import { parsePng, pngData, pngDifference, splicePng } from './chunks';

const noise = makeNoise({ width: 64, height: 48, spread: 20 });

const chunk = (name: string, data: Buffer): Buffer => {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(name, 'latin1'), data, Buffer.alloc(4)]);
  bytes.writeUInt32BE(data.length, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
};
/** Puts chunks before the picture data. */
const withChunks = async (...chunks: Buffer[]): Promise<Buffer> => {
  const plain = await noise.clone().png({ compressionLevel: 0 }).toBuffer();
  return Buffer.concat([plain.subarray(0, 33), ...chunks, plain.subarray(33), Buffer.from('behind')]);
};
const again = (file: Buffer): Buffer => {
  const structure = parsePng(file);
  return splicePng(file, structure, deflateSync(inflateSync(pngData(file, structure)), { level: 9 }));
};

describe('splicePng', () => {
  it('exchanges the picture data and nothing else', async () => {
    const file = await withChunks(chunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f])), chunk('tIME', Buffer.from([7, 0xe4, 1, 2, 3, 4, 5])), chunk('tEXt', Buffer.from('Author\0me')), chunk('prIv', Buffer.from('safe to copy')));
    const result = again(file);
    expect(result.length).toBeLessThan(file.length);
    expect(pngDifference(file, result)).toBeNull();
    expect((await sharp(result).raw().toBuffer()).equals(await sharp(file).raw().toBuffer())).toBe(true);
  });

  it('drops the index that describes the exchanged bytes', async () => {
    const file = await withChunks(chunk('iDOT', Buffer.alloc(28)));
    const result = again(file);
    expect(result.includes('iDOT')).toBe(false);
    expect(pngDifference(file, result)).toBeNull();
  });

  it('refuses animations and chunks that may depend on the picture data', async () => {
    expect(() => again(Buffer.from([]))).toThrow(PipelineError);
    const animated = await withChunks(chunk('acTL', Buffer.alloc(8)));
    const signed = await withChunks(chunk('caBX', Buffer.alloc(8)));
    expect(() => again(animated)).toThrow('animated');
    expect(() => again(signed)).toThrow('caBX');
  });

  it('notices a changed, a missing and a truncated chunk', async () => {
    const file = await withChunks(chunk('tEXt', Buffer.from('Author\0me')));
    expect(pngDifference(file, await withChunks(chunk('tEXt', Buffer.from('Author\0you'))))).toBe('the chunk tEXt differs');
    expect(pngDifference(file, await withChunks())).toBe('the number of chunks differs');
    expect(() => parsePng(file.subarray(0, file.length - 20))).toThrow('cut off');
  });

  it('answers to any damage with one of its own errors', async () => {
    const file = await withChunks(chunk('tEXt', Buffer.from('Author\0me')));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }), fc.nat({ max: file.length }), fc.boolean(), (changes, length, cut) => {
        const bytes = Buffer.from(cut ? file.subarray(0, length) : file);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          splicePng(bytes, parsePng(bytes), Buffer.alloc(4));
        } catch (error) {
          if (!(error instanceof Refusal) && !(error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
