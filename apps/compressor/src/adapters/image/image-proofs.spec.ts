import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import fc from 'fast-check';
import sharp from 'sharp';
import { exif, ImageScene, picture } from './e2e/image-scene';

const corpus = path.resolve(__dirname, '../../../../../../shared/corpus');

let scene: ImageScene;
beforeAll(async () => {
  scene = await ImageScene.open();
});
afterAll(() => scene.close());

describe('damage', () => {
  it.each<[string, () => Promise<Buffer>]>([
    ['jpeg', () => picture().jpeg({ quality: 95 }).toBuffer()],
    ['png', () => picture().png().toBuffer()],
    ['webp', () => picture().webp({ quality: 95 }).toBuffer()],
    ['gif', () => picture().gif().toBuffer()],
    ['tiff', () => picture().tiff({ compression: 'lzw' }).toBuffer()],
    ['tiny jpeg', () => picture(24, 24).jpeg().toBuffer()],
  ])('a %s that is cut short is corrupt', async (_, make) => {
    const original = await make();
    await expect(scene.compress(original.subarray(0, Math.floor(original.length * 0.6)))).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
  });

  it('flipped bits in the picture data of a JPEG and a PNG are found', async () => {
    for (const original of [await picture().jpeg({ quality: 95 }).toBuffer(), await picture().png().toBuffer()]) {
      const bytes = Buffer.from(original);
      for (let at = Math.floor(bytes.length / 2); at < bytes.length / 2 + 64; at++) bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
      await expect(scene.compress(bytes)).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
    }
  });

  it('of any kind ends in a result that is proven, a kept original, or an error with a code', async () => {
    const originals = [await picture(200, 150).withExif(exif).jpeg({ quality: 98 }).toBuffer(), await picture(60, 40).png({ compressionLevel: 1 }).toBuffer(), await picture(200, 150).webp({ quality: 100 }).toBuffer(), await picture(60, 40).gif().toBuffer()];
    for (const original of originals.slice(0, 3)) expect((await scene.compress(original)).result.outcome).toBe('encoded');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...originals), fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), async (original, changes) => {
        const bytes = Buffer.from(original);
        for (const [where, value] of changes) bytes[Math.max(12, Math.floor(where * bytes.length))] = value;
        await scene.compress(bytes).catch((error: unknown) => {
          if (!(error instanceof PipelineError) || !['MEDIA_CORRUPT', 'MEDIA_TOO_LARGE'].includes(error.code)) throw error;
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe('the proof', () => {
  it('does not take another picture, lost metadata or a damaged result', async () => {
    const original = await picture().withExif(exif).jpeg({ quality: 98 }).toBuffer();
    const { bytes } = await scene.compress(original);
    const source = path.join(scene.folder, 'source');
    await writeFile(source, original);
    const job = await scene.jobFor(source);
    const prove = async (result: Buffer): Promise<string | undefined> => {
      await writeFile(job.temporary, result);
      return (await scene.prover.prove(job))?.code;
    };
    expect(await prove(bytes)).toBeUndefined();
    expect(await prove(original)).toBe('NOT_SMALLER');
    expect(await prove(await sharp(original).jpeg({ quality: 70 }).toBuffer())).toBe('METADATA_WOULD_CHANGE');
    const negative = await sharp(original).negate().keepMetadata().jpeg({ quality: 70, mozjpeg: true }).toBuffer();
    const { spliceJpeg } = jest.requireActual<typeof import('@media-pipeline/media')>('@media-pipeline/media');
    expect(await prove(spliceJpeg(original, negative))).toBe('PROOF_FAILED');
    expect(await prove(bytes.subarray(0, -400))).toBe('PROOF_FAILED');
    const holed = Buffer.from(bytes);
    holed.fill(0x33, bytes.length - 600, bytes.length - 500);
    expect(await prove(holed)).toBe('PROOF_FAILED');
    await rm(job.temporary);
  });
});

(existsSync(corpus) ? describe : describe.skip)('real camera files (skipped without the corpus)', () => {
  const outcomes: Record<string, string> = {
    'gain-map.jpg': 'encoded', 'apple-gainmap.jpg': 'encoded', 'iphone-hdr.jpg': 'encoded', 'leica-t.jpg': 'encoded', 'portrait-6.jpg': 'encoded', 'android-depth-map.jpg': 'NOT_SMALLER', 'rotating-squares.gif': 'ANIMATED',
    'IMG_2927.HEIC': 'encoded',
  };
  it.each(Object.entries(outcomes))('%s: %s', async (name, expected) => {
    const source = path.join(corpus, name);
    const job = await scene.jobFor(source, { jpegQuality: 85 });
    const result = await scene.encoder.encode(job);
    expect(result.outcome === 'kept' ? result.code : result.outcome).toBe(expected);
    if (result.outcome === 'encoded') expect(await scene.prover.prove(job)).toBeNull();
    await rm(job.temporary, { force: true });
  }, 180_000);
});
