import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { identify } from '@media-pipeline/media';
import { makeDng, makePicture } from '@media-pipeline/testing';
import { compare, readSketch } from '../judge/compare';
import { lookAtFile } from './file';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'look-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('a look at a raw file', () => {
  let preview: Buffer;
  let place: string;
  beforeAll(async () => {
    preview = await sharp(await makePicture(5, { width: 320, height: 240 })).jpeg().toBuffer();
    place = path.join(folder, 'IMG_1.DNG');
  });
  const likenessTo = async (other: Buffer): Promise<number> => {
    await writeFile(path.join(folder, 'other.jpg'), other);
    const [raw, jpeg] = [await lookAtFile(place, { maxMegapixels: 100 }), await lookAtFile(path.join(folder, 'other.jpg'), { maxMegapixels: 100 })];
    return compare(await readSketch(raw.frames[0]?.sketch ?? ''), await readSketch(jpeg.frames[0]?.sketch ?? '')).structure;
  };

  it('sees its preview upright, and says how large the raw picture is', async () => {
    await writeFile(place, makeDng(preview, { width: 4032, height: 3024, orientation: 6 }));
    expect(await identify(place)).toMatchObject({ format: 'dng' });
    expect(await lookAtFile(place, { maxMegapixels: 100 })).toMatchObject({ width: 3024, height: 4032, durationMs: null });
    expect(await likenessTo(await sharp(preview).rotate(90).jpeg().toBuffer())).toBeGreaterThan(0.95);
    expect(await likenessTo(await sharp(await makePicture(6, { width: 240, height: 320 })).jpeg().toBuffer())).toBeLessThan(0.9);
  });

  it('says so when there is none, or only damage', async () => {
    await writeFile(place, makeDng(null, { width: 4032, height: 3024, orientation: 1 }));
    await expect(lookAtFile(place, { maxMegapixels: 100 })).rejects.toMatchObject({ code: 'MEDIA_CORRUPT', message: expect.stringContaining('no preview') as string });
    await writeFile(place, makeDng(Buffer.alloc(preview.length, 7), { width: 4032, height: 3024, orientation: 1 }));
    await expect(lookAtFile(place, { maxMegapixels: 100 })).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
  });
});
