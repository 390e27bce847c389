import path from 'node:path';
import type { lumaOf, similarityOf } from './ms-ssim';

/** What whoever loads it gets. */
export interface SimilarityModule {
  readonly lumaOf: typeof lumaOf;
  readonly similarityOf: typeof similarityOf;
}

/** Where ms-ssim lies, with the extension of how this runs (`.js` as built, `.ts` under the test runner): worker threads load it by path. */
export const similarityModule = path.join(__dirname, `ms-ssim${path.extname(__filename)}`);
