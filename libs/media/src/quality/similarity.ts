import { pixelsWasm } from '../kernels/pixels.wasm';
import { similarityWith } from './ms-ssim';

/** The measure of whoever is not in a thread of its own. */
export const { lumaOf, similarityOf } = similarityWith(pixelsWasm);
