import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { assemblePlanes } from './assemble';
import { planesOf } from './planes';
import { chromaSteps, chromaSubsampling, parseJpeg } from './segments';
import { withStoredColours } from './stored-colours';

const run = promisify(execFile);

/** As libjpeg draws out one line of chroma to `length` samples (jdsample.c, h2v1_fancy_upsample). */
function drawnOut(line: readonly number[], length: number): number[] {
  const at = (index: number): number => line[Math.min(line.length - 1, Math.max(0, index))] ?? 0;
  return Array.from({ length }, (_, x) => {
    const own = x >> 1;
    if (x === 0 || x === 2 * line.length - 1) return at(own);
    return x % 2 === 0 ? (3 * at(own) + at(own - 1) + 1) >> 2 : (3 * at(own) + at(own + 1) + 2) >> 2;
  });
}

const sample = fc.nat({ max: 255 });

describe('planesOf', () => {
  it('gives back what libjpeg drew out, across and down, to within a rounding', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 3, maxLength: 60 }), fc.boolean(), fc.boolean(), (line, odd, down) => {
        const length = 2 * line.length - (odd ? 1 : 0);
        const data = Uint8Array.from(drawnOut(line, length).flatMap((value, index) => [index & 255, value, 255 - value]));
        const pixels = down ? { data, width: 1, height: length } : { data, width: length, height: 1 };
        const [luma, cb, cr] = planesOf(pixels, down ? { across: 1, down: 2 } : { across: 2, down: 1 }, 'libjpeg');
        expect([...luma.data]).toEqual(Array.from({ length }, (_, index) => index & 255));
        expect([cb.width, cb.height]).toEqual(down ? [1, line.length] : [line.length, 1]);
        for (const [index, value] of line.entries()) {
          expect(Math.abs((cb.data[index] ?? 999) - value)).toBeLessThanOrEqual(1);
          expect(Math.abs(255 - (cr.data[index] ?? 999) - value)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes means of what was drawn out otherwise, and of lines too short for triangles', () => {
    const pixels = (...values: number[]) => ({ data: Uint8Array.from(values.flatMap((value) => [0, value, value])), width: values.length, height: 1 });
    expect([...planesOf(pixels(10, 20, 30, 41, 7), { across: 2, down: 1 }, 'otherwise')[1].data]).toEqual([15, 36, 7]);
    expect([...planesOf(pixels(10, 10, 30, 30), { across: 2, down: 1 }, 'libjpeg')[1].data]).toEqual([10, 30]);
    expect([...planesOf(pixels(4, 4, 4, 4, 9, 9), { across: 4, down: 1 }, 'libjpeg')[2].data]).toEqual([4, 9]);
    expect([...planesOf(pixels(1, 2, 3), { across: 1, down: 1 }, 'libjpeg')[1].data]).toEqual([1, 2, 3]);
  });

  const stored = async (bytes: Buffer): Promise<ReturnType<typeof planesOf>> => {
    const structure = parseJpeg(bytes);
    const { data, info } = await sharp(withStoredColours(bytes, structure), { failOn: 'warning' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: structure.frame.width, height: structure.frame.height, channels: 3 });
    return planesOf({ data, width: info.width, height: info.height }, chromaSteps(structure.frame) ?? { across: 0, down: 0 }, 'libjpeg');
  };

  it.each([202, 203])("finds the planes of another encoder's 4:2:2, %i pixels wide", async (width) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'media-planes-'));
    try {
      const [png, jpeg] = [path.join(folder, 'a.png'), path.join(folder, 'a.jpg')];
      await makeNoise({ width, height: 90, spread: 60 }).blur(1.2).png().toFile(png);
      await run('ffmpeg', ['-v', 'error', '-i', png, '-pix_fmt', 'yuvj422p', '-q:v', '3', '-strict', 'unofficial', jpeg]);
      const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', jpeg, '-pix_fmt', 'yuvj422p', '-f', 'rawvideo', '-'], { encoding: 'buffer', maxBuffer: 1 << 26 });
      const bytes = await readFile(jpeg);
      expect(chromaSubsampling(parseJpeg(bytes).frame)).toBe('4:2:2');
      let from = 0;
      for (const { data } of await stored(bytes)) {
        const wanted = stdout.subarray(from, (from += data.length));
        const off = wanted.map((value, index) => Math.abs(value - (data[index] ?? 999)));
        // the two decoders' inverse transforms differ by a level now and then
        expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.2);
        expect(Math.max(...off)).toBeLessThanOrEqual(4);
      }
      expect(from).toBe(stdout.length);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [2, 1, 203, 90],
    [1, 2, 117, 203],
    [1, 2, 90, 64],
    [4, 1, 206, 60],
  ])('finds the planes that a picture was put together from (%i × %i)', async (across, down, width, height) => {
    const [w, h] = [Math.ceil(width / across), Math.ceil(height / down)];
    const plane = (seed: number, size: { width: number; height: number }): Promise<Buffer> => makeNoise({ ...size, seed, spread: 60 }).blur(1.2).toColourspace('b-w').jpeg({ quality: 85, mozjpeg: true }).toBuffer();
    const parts: [Buffer, Buffer, Buffer] = [await plane(1, { width, height }), await plane(2, { width: w, height: h }), await plane(3, { width: w, height: h })];
    for (const [index, { data }] of (await stored(assemblePlanes(parts, { across, down }))).entries()) {
      const wanted = await sharp(parts[index]).toColourspace('b-w').raw().toBuffer();
      expect(data).toHaveLength(wanted.length);
      expect(wanted.every((value, at) => Math.abs(value - (data[at] ?? 999)) <= 1)).toBe(true);
    }
  });
});
