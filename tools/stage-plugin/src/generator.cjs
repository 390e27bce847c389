const path = require('node:path');
const { generateFiles, logger, names, updateJson } = require('@nx/devkit');

const stages = 'libs/contracts/src/stages.ts';
const subjects = 'libs/contracts/src/subjects.ts';

/** Replaces one place of a file, which must be there. */
function edit(tree, file, pattern, replacement) {
  const text = tree.read(file, 'utf8') ?? '';
  if (!pattern.test(text)) throw new Error(`${file} no longer looks as this generator expects (${pattern}): bring tools/stage-plugin up to date.`);
  tree.write(file, text.replace(pattern, replacement));
}

/**
 * Makes apps/<name>, and what makes it a stage: its name and its subject in libs/contracts, its place in what the CLI carries.
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, subject?: string }} options
 */
module.exports = async function stage(tree, { name, subject = `media.${name}.requested` }) {
  const root = `apps/${name}`;
  if (tree.exists(root)) throw new Error(`${root} exists already.`);
  const known = (tree.read(subjects, 'utf8') ?? '').includes(`'${subject}':`);
  generateFiles(tree, path.join(__dirname, 'templates'), root, { name, subject, className: names(name).className, propertyName: names(name).propertyName });
  edit(tree, stages, /(export const stageNames = \[[^\]]*)\]/, `$1, '${name}']`);
  if (known) edit(tree, subjects, new RegExp(`('${subject.replaceAll('.', '\\.')}': subject\\([^[]*\\[)([^\\]]*)\\]`), (_, head, policies) => `${head}${policies.trim() ? `${policies.trim().replace(/,$/, '')}, ` : ''}policy('${name}')]`);
  else edit(tree, subjects, /\n\} as const;/, `\n  '${subject}': subject(AssetMessage, [policy('${name}')]),\n} as const;`);
  updateJson(tree, 'apps/cli/project.json', (project) => ({ ...project, implicitDependencies: [...(project.implicitDependencies ?? []), name] }));
  return () => logger.info(`\n${root} acts on ${subject}${known ? '' : ', which nothing says yet: let the stage before it emit it'}. Next: what it decides (${name}.service.ts), its place in the asset's states (libs/contracts/src/asset-state.ts) and wherever \`npm run typecheck\` asks for it, a service in docker/compose.yaml, what its image needs (tools/docker/system-packages.mjs).`);
};
