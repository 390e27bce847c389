import path from 'node:path';
import type { planesOf } from '../jpeg/planes';
import type { chromaDifference } from './chroma';
import type { pixelsWasm } from '../kernels/pixels.wasm';
import type { similarityWith } from './ms-ssim';

/** What whoever loads them gets; the measure is `similarityWith(pixelsWasm)`. */
export interface SimilarityModules {
  readonly similarityWith: typeof similarityWith;
  readonly pixelsWasm: typeof pixelsWasm;
}
export interface ChromaModule {
  readonly chromaDifference: typeof chromaDifference;
}
export interface PlanesModule {
  readonly planesOf: typeof planesOf;
}

const extension = path.extname(__filename);

/** Where these lie, with the extension of how this runs (`.js` as built, `.ts` under the test runner): worker threads load them by path. */
export const similarityModules = { similarity: path.join(__dirname, `ms-ssim${extension}`), kernel: path.join(__dirname, '../kernels', `pixels.wasm${extension}`) } as const;
export const chromaModule = path.join(__dirname, `chroma${extension}`);
export const planesModule = path.join(__dirname, '../jpeg', `planes${extension}`);
