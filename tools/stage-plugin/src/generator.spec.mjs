import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import stage from './generator.cjs';

const root = path.join(__dirname, '..', '..', '..');

function workspace() {
  const tree = createTreeWithEmptyWorkspace();
  for (const file of ['libs/contracts/src/stages.ts', 'libs/contracts/src/subjects.ts', 'apps/cli/project.json']) tree.write(file, readFileSync(path.join(root, file)));
  return tree;
}

describe('nx g stage', () => {
  it('writes the five files, a spec and the configuration', async () => {
    const tree = workspace();
    await stage(tree, { name: 'thumb-nailer' });
    const written = tree.listChanges().map((change) => change.path).filter((file) => file.startsWith('apps/thumb-nailer/')).sort();
    expect(written).toEqual([
      'apps/thumb-nailer/jest.config.cjs', 'apps/thumb-nailer/project.json', 'apps/thumb-nailer/src/adapters/asset-files.ts', 'apps/thumb-nailer/src/main.ts', 'apps/thumb-nailer/src/thumb-nailer.controller.ts',
      'apps/thumb-nailer/src/thumb-nailer.module.ts', 'apps/thumb-nailer/src/thumb-nailer.service.spec.ts', 'apps/thumb-nailer/src/thumb-nailer.service.ts',
    ]);
    expect(tree.read('apps/thumb-nailer/src/thumb-nailer.controller.ts', 'utf8')).toContain("@Handle('media.thumb-nailer.requested')");
    expect(tree.read('apps/thumb-nailer/src/thumb-nailer.module.ts', 'utf8')).toContain('export class ThumbNailerModule');
  });

  it('enters the stage into the contracts and into what the CLI carries', async () => {
    const tree = workspace();
    await stage(tree, { name: 'thumb-nailer' });
    expect(tree.read('libs/contracts/src/stages.ts', 'utf8')).toContain("'sorter', 'thumb-nailer']");
    expect(tree.read('libs/contracts/src/subjects.ts', 'utf8')).toContain("  'media.thumb-nailer.requested': subject(AssetMessage, [policy('thumb-nailer')]),\n} as const;");
    expect(JSON.parse(tree.read('apps/cli/project.json', 'utf8')).implicitDependencies).toContain('thumb-nailer');
  });

  it('joins those who act on a subject that is there', async () => {
    const tree = workspace();
    await stage(tree, { name: 'counter', subject: 'media.sorted' });
    await stage(tree, { name: 'lister', subject: 'media.sorted' });
    expect(tree.read('libs/contracts/src/subjects.ts', 'utf8')).toContain("'media.sorted': subject(AssetMessage, [policy('counter'), policy('lister')])");
  });

  it('leaves a stage that exists alone', async () => {
    const tree = workspace();
    tree.write('apps/dedupe/project.json', '{}');
    await expect(stage(tree, { name: 'dedupe' })).rejects.toThrow('exists already');
  });
});
