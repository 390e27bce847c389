/**
 * The bans that go by module name or by syntax. Each says where the thing belongs instead.
 * @typedef {{ modules?: string, names?: string, syntax?: string[], message: string }} Ban `modules` is a regular expression for module names,
 * `names` one for the imported names it is limited to, `syntax` are ESLint selectors
 * @type {Record<string, Ban>}
 */
const bans = {
  nats: { modules: '^(@nats-io/|nats$|nats\\.ws$)', message: 'Only libs/bus speaks to NATS: use @media-pipeline/bus.' },
  orm: { modules: '^(typeorm|better-sqlite3|pg)(/|$)', message: 'Only libs/schema speaks to databases: use @media-pipeline/schema.' },
  environment: {
    modules: '^(node:)?process$',
    syntax: ["MemberExpression[property.name='env'][object.name='process']", "MemberExpression[property.name='env'][object.property.name='process']", "MemberExpression[property.value='env'][object.name='process']", "VariableDeclarator[init.name='process'] Property[key.name='env']"],
    message: 'Only libs/config reads the environment: ask for a setting.',
  },
  sync: {
    modules: '^(node:)?(fs|child_process|zlib|crypto)$',
    names: 'Sync$',
    syntax: ['MemberExpression[property.name=/Sync$/]', 'MemberExpression[property.value=/Sync$/]'],
    message: 'Blocking calls stop the heartbeats that keep a message ours: use the promise or callback form.',
  },
  testing: { modules: '^@media-pipeline/testing$', message: 'libs/testing is for specs and e2e tests only.' },
  contracts: { modules: '^(?!zod$|\\.)', message: 'contracts imports only zod, so that everything may import contracts.' },
};

/** @param {(keyof typeof bans)[]} names @returns the two ESLint rules that carry these bans */
export function restrictions(names) {
  const chosen = names.map((name) => bans[name]);
  const patterns = chosen.filter((ban) => ban.modules).map(({ modules, names: importNamePattern, message }) => ({ regex: modules, message, ...(importNamePattern && { importNamePattern }) }));
  // import() and import('…') types are no import declarations: the import rule does not see them
  const expressions = chosen
    .filter((ban) => ban.modules && !ban.names)
    .flatMap(({ modules, message }) => [
      { selector: `ImportExpression > Literal[value=/${modules.replaceAll('/', '\\/')}/]`, message },
      { selector: `TSImportType Literal[value=/${modules.replaceAll('/', '\\/')}/]`, message },
    ]);
  const syntax = chosen.flatMap(({ syntax: selectors = [], message }) => selectors.map((selector) => ({ selector, message })));
  return {
    '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
    'no-restricted-syntax': ['error', ...expressions, ...syntax],
  };
}
