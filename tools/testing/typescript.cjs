// Lets a child process of a test run the TypeScript sources as they are: `node -r tools/testing/typescript.cjs worker.ts`.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { transformSync } = require('@swc/core');

const root = path.resolve(__dirname, '../..');
const { baseUrl: _baseUrl, paths: _paths, ...jsc } = JSON.parse(readFileSync(path.join(root, '.swcrc'), 'utf8')).jsc;
const scope = '@media-pipeline/';

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), { filename, jsc, module: { type: 'commonjs' }, swcrc: false, sourceMaps: 'inline' });
  module._compile(code, filename);
};
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  resolve(request.startsWith(scope) ? path.join(root, 'libs', request.slice(scope.length), 'src/index.ts') : request, ...rest);
