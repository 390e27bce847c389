import fc from 'fast-check';
import sharp from 'sharp';
import { bitsOf } from '../look/bits';
import { findPairs, turned, type PairSearch } from './all-pairs.worker';
import { halves, searchPairs } from './search';

const popcount = (value: number): number => (value === 0 ? 0 : (value & 1) + popcount(value >>> 1));
const word = fc.nat(0xffffffff);
/** Fingerprints that lie near each other, as those of real pictures do. */
const near = fc.array(fc.tuple(fc.nat(3), fc.uniqueArray(fc.nat(63), { maxLength: 8 })), { minLength: 2, maxLength: 60 }).chain((shapes) =>
  fc.tuple(fc.array(fc.tuple(word, word), { minLength: 4, maxLength: 4 }), fc.constant(shapes)).map(([centres, all]) =>
    all.map(([centre, flips]) => {
      const words = [...(centres[centre] ?? [0, 0])];
      for (const bit of flips) words[bit >> 5] = ((words[bit >> 5] ?? 0) ^ (1 << (bit & 31))) >>> 0;
      return words as [number, number];
    }),
  ),
);
const searchOf = (prints: readonly (readonly [number, number])[], changes: Partial<PairSearch> = {}): PairSearch => ({
  high: Uint32Array.from(prints, ([high]) => high), low: Uint32Array.from(prints, ([, low]) => low),
  gradientHigh: new Uint32Array(prints.length), gradientLow: new Uint32Array(prints.length), distance: 11, gradientDistance: 64, turnedDistance: -1, maxPairs: 1e6, ...changes,
});
const triples = ({ pairs, count }: { pairs: Uint32Array; count: number }): string[] => Array.from({ length: count }, (_, at) => [...pairs.subarray(at * 3, at * 3 + 3)].join()).sort();

describe('the search for near fingerprints', () => {
  it.each([3, 7, 11])('finds every pair up to a distance of %d, once', (distance) => {
    fc.assert(
      fc.property(near, (prints) => {
        const expected: string[] = [];
        for (const [i, a] of prints.entries()) {
          for (const [j, b] of prints.entries()) {
            const apart = popcount((a[0] ^ b[0]) >>> 0) + popcount((a[1] ^ b[1]) >>> 0);
            if (i < j && apart <= distance) expected.push([i, j, apart].join());
          }
        }
        expect(triples(findPairs(searchOf(prints, { distance })))).toEqual(expected.sort());
      }),
      { numRuns: 15 },
    );
  });

  it('finds turned ones, and says by how much', () => {
    const [high, low] = [0x12345678, 0x9abcdef1];
    for (const quarters of [1, 2, 3] as const) {
      const other = turned(high, low, quarters);
      const back = turned(other.high, other.low, (4 - quarters) as 1 | 2 | 3);
      expect(back).toEqual({ high, low: low >>> 0 });
      // the second needs the rest of the circle
      expect(triples(findPairs(searchOf([[high, low], [other.high, other.low]], { distance: 0, turnedDistance: 2 })))).toEqual([`0,1,${256 * (4 - quarters)}`]);
    }
  });

  it('asks the second fingerprint, stops at its limit, runs in a thread', async () => {
    const prints = Array.from({ length: 5 }, (): [number, number] => [1, 1]);
    expect(findPairs(searchOf(prints, { gradientHigh: Uint32Array.from([0, 0, 0xffff, 0xffff0000, 0]), gradientDistance: 5 })).count).toBe(3);
    expect(findPairs(searchOf(prints, { maxPairs: 4 }))).toMatchObject({ count: 4, cut: true });
    expect((await searchPairs(searchOf(prints))).count).toBe(10);
    await expect(searchPairs(searchOf(prints, { distance: 20 }))).rejects.toThrow('not found completely');
  });

  it('turns fingerprints as pictures are turned', async () => {
    const pixels = Buffer.from(Array.from({ length: 96 * 96 * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % 96, Math.floor(at / 288)];
      return 128 + 60 * Math.sin(x / 9 + 1) * Math.cos(y / 15) + 50 * Math.sin(y / 7 + x / 30);
    }));
    const picture = sharp(pixels, { raw: { width: 96, height: 96, channels: 3 } });
    const print = (data: Buffer) => halves(bitsOf({ data, width: 96, height: 96 })?.bits ?? '');
    const [high, low] = print(pixels);
    for (const quarters of [1, 2, 3] as const) {
      const expected = turned(high, low, quarters);
      const [seenHigh, seenLow] = print(await picture.clone().rotate(quarters * 90).raw().toBuffer());
      expect(popcount((expected.high ^ seenHigh) >>> 0) + popcount((expected.low ^ seenLow) >>> 0)).toBeLessThanOrEqual(3);
    }
  });
});
