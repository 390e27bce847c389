const preset = require('../../jest.preset.cjs')(__dirname);

// Commands are loaded when they are typed, by import('./commands/run.js'): the name that it has once it is built.
module.exports = { ...preset, moduleNameMapper: { ...preset.moduleNameMapper, '^(\\.{1,2}/.*)\\.js$': '$1' } };
