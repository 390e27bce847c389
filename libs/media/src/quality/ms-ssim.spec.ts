import fc from 'fast-check';
import sharp from 'sharp';
import { regionSide, type Pixels, type Plane, type Similarity } from './ms-ssim';
import { lumaOf, similarityOf } from './similarity';

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

describe('the kernel', () => {
  const samples = (length: number, kind: 'noise' | 'flat' | 'extreme', seed: number): Uint8Array => {
    let state = seed;
    const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
    return Uint8Array.from({ length }, () => (kind === 'noise' ? random() : kind === 'flat' ? seed & 255 : random() < 128 ? 0 : 255));
  };
  const contents = fc.tuple(fc.constantFrom<'noise' | 'flat' | 'extreme'>('noise', 'flat', 'extreme'), fc.nat());
  const sizes = fc.oneof(
    fc.record({ width: fc.integer({ min: 1, max: 70 }), height: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ width: fc.integer({ min: 1, max: 13 }), height: fc.integer({ min: 500, max: 3000 }) }),
    fc.record({ width: fc.integer({ min: 500, max: 20_000 }), height: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ width: fc.integer({ min: 200, max: 700 }), height: fc.integer({ min: 200, max: 700 }) }),
  );

  it('gives the luma that plain arithmetic gives, of any number of pixels', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 16_300, max: 33_000 })), fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3 }), contents, (count, channels, torn, [kind, seed]) => {
        const pixels = samples(count * channels + (channels > 1 ? torn % channels : 0), kind, seed);
        expect(Buffer.compare(lumaOf(pixels, channels), plainLuma(pixels, channels))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the luma of every colour', () => {
    const pixels = new Uint8Array(3 * 65_536);
    for (let red = 0; red < 256; red += 5) {
      for (let at = 0; at < 65_536; at++) pixels.set([red, at >> 8, at & 255], 3 * at);
      expect(Buffer.compare(lumaOf(pixels, 3), plainLuma(pixels, 3))).toBe(0);
    }
  });

  it('gives the score that plain arithmetic gives, of any size and number of channels', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 4 }), contents, contents, fc.boolean(), ({ width, height }, channels, one, other, near) => {
        const a: Pixels = { width, height, channels, data: samples(width * height * channels, ...one) };
        const b: Pixels = { ...a, data: near ? a.data.map((value, at) => value ^ (at % 7 === 0 ? 9 : 1)) : samples(a.data.length, ...other) };
        const [ours, plain] = [similarityOf(a, b), plainSimilarity(planeOf(a), planeOf(b))];
        expect(Math.abs(ours.mean - plain.mean)).toBeLessThanOrEqual(1e-12);
        expect(Math.abs(ours.worst - plain.worst)).toBeLessThanOrEqual(1e-12);
        expect(similarityOf(planeOf(a), planeOf(b))).toEqual(ours);
      }),
      { numRuns: 200 },
    );
  });
});

// What the kernel has to agree with: the same, one sample after another.

const planeOf = ({ data, width, height, channels }: Pixels): Plane => ({ data: plainLuma(data, channels), width, height });

function plainLuma(pixels: Uint8Array, channels: number): Uint8Array {
  const sample = (at: number): number => pixels[at] ?? 0;
  return Uint8Array.from({ length: Math.floor(pixels.length / channels) }, (_, index) => {
    const at = index * channels;
    return channels < 3 ? sample(at) : (sample(at) * 19595 + sample(at + 1) * 38470 + sample(at + 2) * 7471 + 32768) >> 16;
  });
}

function plainHalf({ data, width, height }: Plane): Plane {
  const sample = (x: number, y: number): number => data[y * width + x] ?? 0;
  const half = { width: width >> 1, height: height >> 1 };
  const mean = (x: number, y: number): number => (sample(2 * x, 2 * y) + sample(2 * x + 1, 2 * y) + sample(2 * x, 2 * y + 1) + sample(2 * x + 1, 2 * y + 1) + 2) >> 2;
  return { ...half, data: Uint8Array.from({ length: half.width * half.height }, (_, at) => mean(at % half.width, Math.floor(at / half.width))) };
}

interface Square {
  readonly scale: number;
  readonly cell: number;
  readonly contrast: number;
  readonly luminance: number;
}

function plainSquares(a: Plane, b: Plane, scale: number, columns: number, rows: number): Square[] {
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  const region = Math.max(1, regionSide >> scale);
  const { width, height } = a;
  const from = width < 12 || height < 12 ? 0 : 4;
  const squares: Square[] = [];
  for (let top = from; top + 8 <= height; top += 8) {
    for (let left = from; left + 8 <= width; left += 8) {
      let [sumA, sumB, powers, products] = [0, 0, 0, 0];
      for (let at = 0; at < 64; at++) {
        const place = (top + (at >> 3)) * width + left + (at & 7);
        const [p, q] = [a.data[place] ?? 0, b.data[place] ?? 0];
        [sumA, sumB, powers, products] = [sumA + p, sumB + q, powers + p * p + q * q, products + p * q];
      }
      const [meanA, meanB] = [sumA / 64, sumB / 64];
      squares.push({
        scale,
        cell: Math.min(rows - 1, Math.floor((top + 4) / region)) * columns + Math.min(columns - 1, Math.floor((left + 4) / region)),
        contrast: (2 * (products / 64 - meanA * meanB) + c2) / (powers / 64 - meanA ** 2 - meanB ** 2 + c2),
        luminance: (2 * meanA * meanB + c1) / (meanA ** 2 + meanB ** 2 + c1),
      });
    }
  }
  return squares;
}

function plainSimilarity(a: Plane, b: Plane): Similarity {
  if (Math.min(a.width, a.height) < 8) return Buffer.compare(a.data, b.data) === 0 ? { mean: 1, worst: 1 } : { mean: 0, worst: 0 };
  const [columns, rows] = [Math.max(1, Math.floor(a.width / regionSide)), Math.max(1, Math.floor(a.height / regionSide))];
  const squares: Square[] = [];
  let [left, right] = [a, b];
  for (let scale = 0; scale < 5 && Math.min(left.width, left.height) >= 8; scale++) {
    squares.push(...plainSquares(left, right, scale, columns, rows));
    [left, right] = [plainHalf(left), plainHalf(right)];
  }
  const score = (of: readonly Square[]): number => {
    const weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
    const scales = [0, 1, 2, 3, 4].map((scale) => of.filter((square) => square.scale === scale)).filter(({ length }) => length > 0);
    const sum = weights.slice(0, scales.length).reduce((total, weight) => total + weight, 0);
    const mean = (values: readonly number[]): number => Math.max(0, values.reduce((total, value) => total + value, 0) / values.length);
    return scales.reduce((product, members, scale) => {
      const weight = (weights[scale] ?? 0) / sum;
      const luminance = scale === scales.length - 1 ? mean(members.map((square) => square.luminance)) ** weight : 1;
      return product * mean(members.map(({ contrast }) => contrast)) ** weight * luminance;
    }, 1);
  };
  const cells = Array.from({ length: columns * rows }, (_, cell) => squares.filter((square) => square.cell === cell));
  // a region without any square counts for nothing, and spoils nothing
  return { mean: score(squares), worst: Math.min(1, ...cells.map(score)) };
}
