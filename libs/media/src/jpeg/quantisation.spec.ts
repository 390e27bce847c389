import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import { meanSteps } from './quantisation';
import { parseJpeg } from './segments';

describe('meanSteps', () => {
  const picture = (quality: number): Promise<Buffer> => makeNoise({ width: 64, height: 48 }).jpeg({ quality }).toBuffer();
  const stepsOf = (bytes: Buffer): readonly number[] | null => meanSteps(bytes, parseJpeg(bytes));

  it('gives an eighth of the first step of annex K, for each component', async () => {
    expect(stepsOf(await picture(50))).toEqual([2, 17 / 8, 17 / 8]);
    expect(stepsOf(await picture(100))).toEqual([1 / 8, 1 / 8, 1 / 8]);
  });

  it('has nothing to say where a table is missing, and answers to any damage', async () => {
    const bytes = await picture(80);
    const { segments } = parseJpeg(bytes);
    const tables = segments.filter(({ marker }) => marker === 0xdb);
    const without = Buffer.concat([bytes.subarray(0, tables[0]?.start), bytes.subarray(tables.at(-1)?.end)]);
    expect(stepsOf(without)).toBeNull();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 220 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          for (const step of stepsOf(damaged) ?? []) expect(step).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MEDIA_CORRUPT' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
