const preset = require('../jest.preset.cjs')(__dirname);

// The tools are plain JavaScript modules (they run before anything is installed); Jest gets them as CommonJS.
const [pattern, [transformer, options]] = Object.entries(preset.transform)[0];
const javascript = { ...options, jsc: { ...options.jsc, parser: { syntax: 'ecmascript' } } };
module.exports = {
  ...preset,
  testMatch: ['<rootDir>/**/*.spec.{ts,mjs}'],
  transform: { [pattern]: [transformer, options], '^.+\\.mjs$': [transformer, javascript] },
};
