// One place for what every project's Jest run shares; each project's jest.config.cjs is one line.
const path = require('node:path');
const { readFileSync } = require('node:fs');

const root = __dirname;
const { baseUrl: _baseUrl, paths: _paths, ...jsc } = JSON.parse(readFileSync(path.join(root, '.swcrc'), 'utf8')).jsc;

/** @param {string} directory the project's own folder (`__dirname`) */
module.exports = (directory) => ({
  displayName: path.relative(root, directory).replaceAll(path.sep, '/'),
  rootDir: directory,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/e2e/**/*.spec.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { ...jsc, target: 'es2023' }, module: { type: 'commonjs' }, sourceMaps: 'inline', swcrc: false, exclude: [] }] },
  moduleNameMapper: { '^@media-pipeline/([^/]+)$': path.join(root, 'libs/$1/src/index.ts'), '^fast-check$': path.join(root, 'tools/testing/fast-check.cjs') },
  testTimeout: 60_000,
});
