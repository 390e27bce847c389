import { makeNoise, seededRandom } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { meanSteps } from '../jpeg/quantisation';
import { parseJpeg } from '../jpeg/segments';
import { chromaDifference, isSameChroma, type ColourPixels } from './chroma';

const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** Pixels whose Cb and Cr are given by place. */
function pixels(width: number, height: number, at: (x: number, y: number) => { luma: number; cb: number; cr: number }): ColourPixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const { luma, cb, cr } = at(x, y);
      data.set([clamp(luma + 1.402 * cr), clamp(luma - 0.344136 * cb - 0.714136 * cr), clamp(luma + 1.772 * cb)], to);
    }
  }
  return { data, width, height, channels: 3 };
}

const scene = (cb: (x: number, y: number) => number, cr: (x: number, y: number) => number) => pixels(320, 240, (x, y) => ({ luma: 120 + 20 * Math.sin(x / 30), cb: cb(x, y), cr: cr(x, y) }));

describe('chromaDifference', () => {
  it('is nothing between equal pictures', () => {
    const picture = scene((x) => 20 * Math.sin(x / 20), (_, y) => 15 * Math.cos(y / 9));
    const { crossed, ...rest } = chromaDifference(picture, picture);
    expect(rest).toEqual({ own: 0, squares: 0, worst: 0 });
    expect(crossed).toBeGreaterThan(5);
  });

  it.each<[string, (x: number, y: number) => number, (x: number, y: number) => number]>([
    ['a colourful picture', (x) => 25 * Math.sin(x / 40), (_, y) => 25 * Math.cos(y / 30)],
    ['one that is faintly tinted', () => -3, () => 2],
    ['a grey one with one coloured square', (x, y) => (x > 100 && x < 150 && y > 60 && y < 110 ? 25 : 0), (x, y) => (x > 100 && x < 150 && y > 60 && y < 110 ? -10 : 0)],
    ['one with fine colour alone', (x) => (x % 10 < 5 ? 4 : -4), (x) => (x % 10 < 5 ? -4 : 4)],
  ])('does not take exchanged, missing, turned or strange planes for the same: %s', (_, cb, cr) => {
    const right = scene(cb, cr);
    const step = 1;
    expect(isSameChroma(chromaDifference(right, right), 0.1)).toBe(true);
    expect(isSameChroma(chromaDifference(right, scene(cr, cb)), step)).toBe(false);
    expect(isSameChroma(chromaDifference(right, scene((x, y) => -cb(x, y), (x, y) => -cr(x, y))), step)).toBe(false);
    expect(isSameChroma(chromaDifference(right, scene((x, y) => cb(x, y) + 10, cr)), step)).toBe(false);
  });

  it.each<[string, (x: number, y: number) => number, (x: number, y: number) => number]>([
    ['missing', () => 0, () => 0],
    ['mirrored', (x) => 25 * Math.sin((320 - x) / 40), (_, y) => 25 * Math.cos((240 - y) / 30)],
    ['shifted by sixteen pixels', (x) => 25 * Math.sin((x - 16) / 40), (_, y) => 25 * Math.cos((y - 16) / 30)],
  ])('does not take %s planes for the same', (_, cb, cr) => {
    const right = scene((x) => 25 * Math.sin(x / 40), (__, y) => 25 * Math.cos(y / 30));
    const step = 2.5;
    expect(isSameChroma(chromaDifference(right, scene(cb, cr)), step)).toBe(false);
  });

  it.each([20, 40, 60, 80, 95])('takes what an encoder does to colours for the same (quality %i): noise, drawings, grey', async (quality) => {
    const random = seededRandom(5);
    const drawing = Buffer.alloc(400 * 300 * 3, 250);
    for (let index = 0; index < 40; index++) {
      const [left, top, colour] = [Math.floor(random() * 360), Math.floor(random() * 260), [random() * 255, random() * 255, random() * 255]];
      for (let y = top; y < top + 40; y++) for (let x = left; x < left + 40; x++) drawing.set(colour, (y * 400 + x) * 3);
    }
    const pictures = [makeNoise({ width: 400, height: 300 }), sharp(drawing, { raw: { width: 400, height: 300, channels: 3 } }), makeNoise({ width: 400, height: 300 }).blur(3).modulate({ saturation: 2 }), makeNoise({ width: 400, height: 300 }).modulate({ saturation: 0 })];
    for (const picture of pictures) {
      const before = await picture.clone().raw().toBuffer();
      const coded = await picture.clone().jpeg({ quality, mozjpeg: true, chromaSubsampling: '4:4:4' }).toBuffer();
      const after = await sharp(coded).toColourspace('srgb').raw().toBuffer();
      const step = meanSteps(coded, parseJpeg(coded))?.[1] ?? 0;
      const size = { width: 400, height: 300, channels: 3 };
      const found = chromaDifference({ data: before, ...size }, { data: after, ...size });
      expect({ found, same: isSameChroma(found, step) }).toEqual({ found, same: true });
    }
  });

  it('makes no square of the few pixels that are left at an edge', () => {
    const base = pixels(321, 97, () => ({ luma: 120, cb: 10, cr: 5 }));
    const edge = pixels(321, 97, (x, y) => ({ luma: 120, cb: x === 320 || y === 96 ? 40 : 10, cr: 5 }));
    expect(chromaDifference(base, edge).worst).toBeLessThan(3);
    const corner = pixels(321, 97, (x, y) => ({ luma: 120, cb: x > 288 && y > 64 ? 40 : 10, cr: 5 }));
    expect(chromaDifference(base, corner).worst).toBeGreaterThan(25);
  });

  it('answers for any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), fc.nat(), (width, height, seed) => {
        const random = seededRandom(seed);
        const data = Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
        const found = chromaDifference({ data, width, height, channels: 3 }, { data, width, height, channels: 3 });
        expect(found).toMatchObject({ own: 0, squares: 0, worst: 0 });
      }),
    );
  });
});
