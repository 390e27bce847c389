import fc from 'fast-check';
import { freeNumber } from './free-number';

const search = async (taken: ReadonlySet<number>): Promise<{ n: number; questions: number }> => {
  let questions = 0;
  const n = await freeNumber((candidate) => {
    questions += 1;
    return taken.has(candidate);
  });
  return { n, questions };
};

describe('freeNumber', () => {
  it('finds a free number, and never one that leaves the numbers before it unused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 2, max: 60 })), async (numbers) => {
        const taken = new Set(numbers);
        const { n } = await search(taken);
        expect(taken.has(n)).toBe(false);
        expect(n === 2 || taken.has(n - 1)).toBe(true);
      }),
    );
  });

  it('asks few questions in a folder of twenty thousand', async () => {
    const { n, questions } = await search(new Set(Array.from({ length: 20_000 }, (_, i) => i + 2)));
    expect(n).toBe(20_002);
    expect(questions).toBeLessThan(35);
  });
});
