import fc from 'fast-check';
import { searchOtherWays, searchStrength, type SearchSpace } from './quality-search';

const jpeg: SearchSpace = { least: 40, most: 95, start: 84, direction: 1, slope: -0.045 };
const crf: SearchSpace = { least: 14, most: 40, start: 30, direction: -1, slope: -0.15 };
const fineCrf: SearchSpace = { ...crf, step: 0.25 };

/** A score whose distance to 1 falls with goodness, as encoders' do: not quite evenly. */
const curve = (offset: number, slope: number, bend: number) => (goodness: number) => 1 - Math.exp(-offset - slope * goodness - bend * Math.sin(goodness / 5));

describe('searchStrength', () => {
  it.each([['quality', jpeg], ['crf', crf], ['fine crf', fineCrf]] as const)('finds the weakest %s that reaches the target, in few trials', async (_, space) => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 2, max: 8, noNaN: true }), fc.double({ min: 0.02, max: 0.2, noNaN: true }), fc.double({ min: 0, max: 0.05, noNaN: true }), async (offset, slope, bend) => {
        const shift = space.direction === 1 ? -60 : 30;
        const score = (value: number): number => curve(offset, slope, bend)(value * space.direction + shift);
        const size = (value: number): number => 0.3 + (value * space.direction - (space.direction === 1 ? 40 : -40)) / 100;
        const target = 0.9965;
        const found = await searchStrength(space, target, (value) => Promise.resolve({ score: score(value), size: size(value) }));
        expect(found.trials.length).toBeLessThanOrEqual(6);
        expect(found.chosen % (space.step ?? 1)).toBeCloseTo(0, 9);
        expect(new Set(found.trials.map(({ value }) => value)).size).toBe(found.trials.length);
        for (const { value } of found.trials) expect(value >= space.least && value <= space.most).toBe(true);
        const best = space.direction === 1 ? space.most : space.least;
        if (!found.reached) return expect(found.chosen).toBe(best);
        // a value between two trials is taken without one: it may lie a hair below, and never more than a few steps above
        expect(score(found.chosen)).toBeGreaterThan(target - 0.0002);
        const weaker = found.chosen - 4 * space.direction;
        if (weaker >= space.least && weaker <= space.most && found.trials.length < 6) expect(score(weaker)).toBeLessThan(target);
        return undefined;
      }),
      { numRuns: 500 },
    );
  });

  it('says when nothing reaches the target, and when anything does', async () => {
    expect(await searchStrength(jpeg, 0.99, () => Promise.resolve({ score: 0.9, size: 2 }))).toMatchObject({ reached: false, chosen: 95 });
    expect(await searchStrength(crf, 0.99, () => Promise.resolve({ score: 0.999999, size: 0.1 }))).toMatchObject({ reached: true, chosen: 40 });
  });

  it('comes nearer to the target in finer steps', async () => {
    const score = (value: number): number => curve(5, 0.08, 0)(26.6 - value);
    const chosen = async (space: SearchSpace): Promise<number> => (await searchStrength(space, score(26.6), (value) => Promise.resolve({ score: score(value), size: 0.5 }))).chosen;
    expect([await chosen(crf), await chosen(fineCrf)]).toEqual([26, 26.5]);
  });

  it('needs three or four trials where the curve is even', async () => {
    const { trials } = await searchStrength(jpeg, 0.9965, (value) => Promise.resolve({ score: curve(5, 0.05, 0)(value - 75), size: 0.5 }));
    expect(trials.length).toBeLessThanOrEqual(4);
  });
});

describe('searchOtherWays', () => {
  const target = 0.9965;
  /** Another way is `coarse` steps of quality weaker at the same value, and takes `bytes` of the first one's size at the same score. */
  const way = (coarse: number, bytes: number) => (value: number) => ({ score: curve(5, 0.05, 0)(value - 75 - coarse), size: bytes * 0.5 * Math.exp((value - 75 - coarse) / 40) });

  it('takes the way that does with least at the same score, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }), fc.double({ min: 0.8, max: 1.2, noNaN: true }), async (coarse, miss, bytes) => {
        const first = await searchStrength(jpeg, target, (value) => Promise.resolve(way(0, 1)(value)));
        const found = await searchOtherWays(jpeg, target, first, [{ way: 'other', value: first.chosen + coarse + miss }], (_, value) => Promise.resolve(way(coarse, bytes)(value)));
        expect(found.trials.length).toBeLessThanOrEqual(2);
        if (bytes < 0.985) expect(found.way).toBe('other');
        if (bytes > 1.005) expect(found).toMatchObject({ way: null, chosen: first.chosen, size: first.size });
        if (found.way === null) return;
        expect(way(coarse, bytes)(found.chosen).score).toBeGreaterThan(target - 0.0002);
        expect(way(coarse, bytes)(found.chosen - 2).score).toBeLessThan(target);
      }),
      { numRuns: 300 },
    );
  });

  it('tries nothing where the first way does not reach the score, and stays within the space', async () => {
    const attempts: number[] = [];
    const attempt = (_: string, value: number) => Promise.resolve({ score: 0.9 + 0 * attempts.push(value), size: 1 });
    const none = { chosen: 95, reached: false, size: 1, trials: [{ value: 95, score: 0.9, size: 1 }] };
    expect(await searchOtherWays(jpeg, target, none, [{ way: 'a', value: 90 }], attempt)).toMatchObject({ way: null, chosen: 95, trials: [] });
    await searchOtherWays(jpeg, target, { ...none, reached: true }, [{ way: 'a', value: 140 }, { way: 'b', value: 3 }], attempt);
    expect(attempts.length).toBeGreaterThan(1);
    for (const value of attempts) expect(value >= jpeg.least && value <= jpeg.most).toBe(true);
  });
});
