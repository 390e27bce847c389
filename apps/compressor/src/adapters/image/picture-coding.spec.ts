import type { SamplePlane } from '@media-pipeline/media';
import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import { chromaLeeway, chromaQualityFor, jpegTables, sameQuality, type JpegTable, type Planes } from './picture-coding';

const table = fc.constantFrom(...(Object.keys(jpegTables) as JpegTable[]));
const quality = fc.integer({ min: 40, max: 95 });

describe('sameQuality', () => {
  it('is itself for the same table, goes back and forth, and rises with the quality', () => {
    fc.assert(
      fc.property(quality, table, table, (value, from, to) => {
        expect(sameQuality(value, from, from)).toBe(value);
        expect(Math.abs(sameQuality(sameQuality(value, from, to), to, from) - value)).toBeLessThanOrEqual(1);
        expect(sameQuality(value + 2, from, to)).toBeGreaterThanOrEqual(sameQuality(value, from, to));
      }),
    );
    expect(sameQuality(84, 'annex-k', 'psnr-hvs-m')).toBeLessThan(84);
    expect(sameQuality(84, 'annex-k', 'robidoux')).toBeGreaterThan(84);
  });
});

describe('chroma', () => {
  it('is coded more coarsely the more a usual encoder would have lost before, within bounds', () => {
    fc.assert(
      fc.property(quality, table, fc.double({ min: 0, max: 5, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true }), (value, name, softening, quantising) => {
        const [none, some] = [chromaQualityFor(value, name, { softening: 0, quantising }), chromaQualityFor(value, name, { softening, quantising })];
        expect(some).toBeLessThanOrEqual(none);
        expect(some).toBeGreaterThanOrEqual(1);
        expect(chromaQualityFor(value, name, { softening: 1e9, quantising: 0 })).toBeLessThanOrEqual(some);
      }),
    );
    expect(chromaQualityFor(85, 'annex-k', { softening: 0, quantising: 1 })).toBe(82);
    expect(chromaQualityFor(85, 'annex-k', { softening: 9, quantising: 1 })).toBe(64);
  });

  it('has leeway where averaging would have lost something', async () => {
    const plane = async (seed: number): Promise<SamplePlane> => ({ width: 64, height: 64, data: await makeNoise({ width: 64, height: 64, seed }).toColourspace('b-w').raw().toBuffer() });
    const planes: Planes = { steps: { across: 2, down: 1 }, planes: [await plane(1), await plane(2), await plane(3)] };
    const blurred: Planes = { ...planes, planes: [planes.planes[0], await plane(4), await plane(5)] };
    expect((await chromaLeeway(planes, planes)).softening).toBe(0);
    const { softening, quantising } = await chromaLeeway(planes, blurred);
    expect(softening).toBeGreaterThan(20);
    expect(quantising).toBeGreaterThan(1);
  });
});
