import path from 'node:path';
import type { planesOf } from '../jpeg/planes';
import type { chromaDifference } from './chroma';
import type { lumaOf, similarityOf } from './ms-ssim';

/** What whoever loads them gets. */
export interface SimilarityModule {
  readonly lumaOf: typeof lumaOf;
  readonly similarityOf: typeof similarityOf;
}
export interface ChromaModule {
  readonly chromaDifference: typeof chromaDifference;
}
export interface PlanesModule {
  readonly planesOf: typeof planesOf;
}

const extension = path.extname(__filename);

/** Where these lie, with the extension of how this runs (`.js` as built, `.ts` under the test runner): worker threads load them by path. */
export const similarityModule = path.join(__dirname, `ms-ssim${extension}`);
export const chromaModule = path.join(__dirname, `chroma${extension}`);
export const planesModule = path.join(__dirname, '../jpeg', `planes${extension}`);
