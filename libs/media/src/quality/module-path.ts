import path from 'node:path';

/** Where ms-ssim lies, with the extension of how this runs (`.js` as built, `.ts` under the test runner): worker threads load it by path. */
export const similarityModule = path.join(__dirname, `ms-ssim${path.extname(__filename)}`);
