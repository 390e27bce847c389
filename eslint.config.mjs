// The architecture's rules as lint: what may import what (Nx tags), what only one library may touch, what stage code may not do.
// tools/lint/bans.spec.mjs shows each of them to fire.
import js from '@eslint/js';
import comments from '@eslint-community/eslint-plugin-eslint-comments';
import nx from '@nx/eslint-plugin';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { restrictions } from './tools/lint/restrictions.mjs';
import { loadProjectGraph } from './tools/lint/project-graph.mjs';

// Without a graph the boundary rule would skip itself with a warning; with an old one it would judge yesterday's projects.
await loadProjectGraph();

const code = ['apps/**/*.ts', 'libs/**/*.ts'];
const tests = ['**/*.spec.ts', '**/e2e/**/*.ts', 'libs/testing/**/*.ts'];

const scopes = (...names) => names.map((name) => `scope:${name}`);
const layers = [
  // An app never imports an app, nothing imports an app, and only tests import libs/testing (the second configuration below).
  { sourceTag: 'type:stage', onlyDependOnLibsWithTags: ['type:lib'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:lib', 'type:stand-in'] },
  { allSourceTags: ['type:lib', 'scope:contracts'], onlyDependOnLibsWithTags: [], allowedExternalImports: ['zod'] },
  { allSourceTags: ['type:lib', 'scope:config'], onlyDependOnLibsWithTags: scopes('contracts') },
  { allSourceTags: ['type:lib', 'scope:files'], onlyDependOnLibsWithTags: scopes('contracts') },
  { allSourceTags: ['type:lib', 'scope:schema'], onlyDependOnLibsWithTags: scopes('contracts', 'files') },
  { allSourceTags: ['type:lib', 'scope:bus'], onlyDependOnLibsWithTags: scopes('contracts') },
  { allSourceTags: ['type:lib', 'scope:media'], onlyDependOnLibsWithTags: scopes('contracts') },
  { allSourceTags: ['type:lib', 'scope:duplicates'], onlyDependOnLibsWithTags: scopes('files') },
  { allSourceTags: ['type:lib', 'scope:likeness'], onlyDependOnLibsWithTags: scopes('contracts', 'files', 'media', 'schema') },
  { allSourceTags: ['type:lib', 'scope:icloud'], onlyDependOnLibsWithTags: scopes('contracts', 'files') },
  // The stand-in for Apple's servers knows nothing of the client: it is written from the protocol.
  { allSourceTags: ['type:stand-in', 'scope:local-icloud'], onlyDependOnLibsWithTags: [] },
  { allSourceTags: ['type:lib', 'scope:stage'], onlyDependOnLibsWithTags: scopes('contracts', 'config', 'files', 'schema', 'bus') },
];
const inTests = layers.map((layer) => ({
  ...layer,
  onlyDependOnLibsWithTags: [...layer.onlyDependOnLibsWithTags, 'type:testing', 'type:stand-in'],
  ...(layer.allowedExternalImports && { allowedExternalImports: [...layer.allowedExternalImports, 'fast-check'] }),
}));
const boundaries = (depConstraints, extra = {}) => ['error', { enforceBuildableLibDependency: false, allow: [], depConstraints, ...extra }];

export default tseslint.config(
  { ignores: ['dist/', 'tmp/', 'node_modules/', '.nx/', 'coverage/', 'library/'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
    plugins: { comments },
    rules: {
      'comments/require-description': ['error', { ignore: [] }],
      'comments/no-unlimited-disable': 'error',
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    rules: { ...js.configs.recommended.rules, 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
    languageOptions: {
      globals: Object.fromEntries(['process', 'console', 'Buffer', 'URL', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'AbortSignal', 'fetch', 'Response', 'TextDecoder', 'require', 'module', '__dirname', '__filename'].map((name) => [name, 'readonly'])),
    },
  },
  // What the local iCloud serves runs in a browser.
  { files: ['libs/local-icloud/page/*.js'], languageOptions: { globals: Object.fromEntries(['document', 'window', 'location', 'history', 'parent', 'top', 'crypto', 'customElements', 'addEventListener', 'HTMLElement', 'XMLHttpRequest', 'URLSearchParams', 'Headers', 'TextEncoder', 'btoa', 'atob'].map((name) => [name, 'readonly'])) } },
  { files: ['**/*.spec.mjs'], languageOptions: { globals: Object.fromEntries(['describe', 'it', 'expect', 'beforeAll', 'afterAll', 'beforeEach', 'afterEach', 'jest'].map((name) => [name, 'readonly'])) } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { ...importX.flatConfigs.typescript.settings, 'import-x/resolver-next': [createTypeScriptImportResolver({ project: 'tsconfig.json' })] },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `return resolve()` and `() => void` shorthands read well and lose nothing
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      // Nest declares its options as classes and documents them to be given as literals
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
    },
  },
  {
    files: code,
    plugins: { '@nx': nx },
    rules: { '@nx/enforce-module-boundaries': boundaries(layers) },
  },
  {
    files: tests,
    rules: {
      '@nx/enforce-module-boundaries': boundaries(inTests, {
        // libs/testing stands on the libraries whose specs use it; nothing that is built goes round in that circle
        ignoredCircularDependencies: [['testing', '*']],
      }),
      // expect(mock.method) names a method on purpose
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // stand-ins for ports are async because the port is
      '@typescript-eslint/require-await': 'off',
      // Jest types its matchers (expect.objectContaining) as any
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  // Later entries replace a rule's options as a whole, so each folder is given its full list.
  { files: code, rules: restrictions(['nats', 'orm', 'environment', 'sync', 'testing']) },
  { files: ['libs/bus/**/*.ts'], rules: restrictions(['orm', 'environment', 'sync', 'testing']) },
  { files: ['libs/schema/**/*.ts'], rules: restrictions(['nats', 'environment', 'sync', 'testing']) },
  { files: ['libs/config/**/*.ts'], rules: restrictions(['nats', 'orm', 'testing']) },
  { files: ['libs/contracts/**/*.ts'], rules: restrictions(['nats', 'orm', 'environment', 'sync', 'testing', 'contracts']) },
  // A thread of its own has no heartbeats to keep, and walks a tree three times as fast without promises.
  { files: ['libs/{duplicates,likeness}/**/*.worker.ts'], rules: { ...restrictions(['nats', 'orm', 'environment', 'testing']), '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: tests, rules: restrictions(['nats', 'orm']) },
  { files: ['libs/bus/**/*.spec.ts', 'libs/bus/**/e2e/**/*.ts'], rules: restrictions(['orm']) },
  { files: ['libs/schema/**/*.spec.ts'], rules: restrictions(['nats']) },
);
