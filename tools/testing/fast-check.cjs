// What specs get when they import fast-check: with one seed for all, so that a test run is the same run anywhere and a red one
// can be trusted to come from the change. New seeds are for `npm run soak`, which looks for what no fixed seed finds.
const fc = require('../../node_modules/fast-check/lib/cjs/fast-check'); // by its path: its name leads back here

const seed = process.env.MEDIA_PIPELINE_PROPERTY_SEED;
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seed === undefined ? 20_261_122 : Number(seed) });
module.exports = fc;
