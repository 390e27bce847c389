import fc from 'fast-check';
import sharp from 'sharp';
import { lumaOf, regionSide, similarityOf, type Plane } from './ms-ssim';

const plane = (width: number, height: number, value: (x: number, y: number) => number): Plane => {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = Math.max(0, Math.min(255, Math.round(value(x, y))));
  return { data, width, height };
};
const scene = plane(700, 600, (x, y) => 120 + 60 * Math.sin(x / 11) + 50 * Math.cos(y / 7) + (Math.imul(x * 31 + y * 17, 2654435761) >>> 28));

describe('similarityOf', () => {
  it('is 1 for the same picture, and the same whichever comes first', () => {
    expect(similarityOf(scene, scene)).toEqual({ mean: 1, worst: 1 });
    const darker = { ...scene, data: scene.data.map((value) => value * 0.7) };
    const [one, other] = [similarityOf(scene, darker), similarityOf(darker, scene)];
    expect(one.mean).toBeCloseTo(other.mean, 10);
    expect(one.mean).toBeLessThan(0.99);
  });

  it('falls as a JPEG gets worse', async () => {
    const scores: number[] = [];
    for (const quality of [95, 80, 60, 30, 10]) {
      const { data, info } = await sharp(await sharp(scene.data, { raw: { width: 700, height: 600, channels: 1 } }).jpeg({ quality }).toBuffer()).raw().toBuffer({ resolveWithObject: true });
      scores.push(similarityOf(scene, { ...scene, data: lumaOf(data, info.channels) }).mean);
    }
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scores[0]).toBeGreaterThan(0.99);
    expect(scores[4]).toBeLessThan(0.99);
  });

  it('does not let a ruined square drown', () => {
    const large = plane(4 * regionSide, 4 * regionSide, (x, y) => 120 + 60 * Math.sin(x / 11) + 50 * Math.cos(y / 7));
    const ruined = { ...large, data: large.data.map((value, at) => (at % large.width < regionSide && at < regionSide * large.width ? 255 - value : value)) };
    const { mean, worst } = similarityOf(large, ruined);
    expect(mean).toBeGreaterThan(0.7);
    expect(worst).toBeLessThan(0.3);
  });

  it('has nothing to say of other sizes, and of very small pictures whether they are the same', () => {
    expect(similarityOf(scene, plane(699, 600, () => 1))).toEqual({ mean: 0, worst: 0 });
    expect(similarityOf(plane(3, 3, (x) => x), plane(3, 3, (x) => x)).mean).toBe(1);
    expect(similarityOf(plane(3, 3, (x) => x), plane(3, 3, (x) => x + 1)).mean).toBe(0);
  });

  it('stays between 0 and 1 whatever it is given', () => {
    const picture = fc.integer({ min: 1, max: 20 }).chain((width) => fc.tuple(fc.constant(width), fc.integer({ min: 1, max: 20 }), fc.uint8Array({ minLength: 400, maxLength: 400 }), fc.uint8Array({ minLength: 400, maxLength: 400 })));
    fc.assert(
      fc.property(picture, ([width, height, a, b]) => {
        for (const value of Object.values(similarityOf({ width, height, data: a }, { width, height, data: b }))) expect(value >= 0 && value <= 1 + 1e-9).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('lumaOf', () => {
  it('weighs red, green and blue, and leaves grey what it is', () => {
    expect([...lumaOf(Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]), 3)]).toEqual([76, 150, 29, 255]);
    expect([...lumaOf(Uint8Array.from([9, 1, 7, 2]), 2)]).toEqual([9, 7]);
    expect([...lumaOf(Uint8Array.from([10, 20, 30, 99]), 4)]).toEqual([18]);
  });
});
