// node prune.mjs APP OUT: what one image carries of the built workspace (run `nx run-many -t build` first).
//   OUT/dist             the app and the libraries it uses
//   OUT/package.json     only the packages these require, with the workspace's versions; package-lock.json to match
//   OUT/main.js          starts the app
//   OUT/system-packages  Debian packages, one a line
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appsOf, packagesOf, projectsOf } from './closure.mjs';
import { systemPackages } from './system-packages.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');
const [app, out] = process.argv.slice(2);
if (!app || !out) throw new Error('usage: node prune.mjs APP OUT');
const workspace = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

const { projects, requires } = projectsOf(path.join(root, 'dist'), appsOf(root, app));
const dependencies = packagesOf(root, requires, workspace.dependencies);

mkdirSync(out, { recursive: true });
for (const project of projects) cpSync(path.join(root, 'dist', project), path.join(out, 'dist', project), { recursive: true });
const { name, version, overrides } = workspace;
writeFileSync(path.join(out, 'package.json'), `${JSON.stringify({ name, version, private: true, dependencies, overrides }, null, 2)}\n`);
writeFileSync(path.join(out, 'main.js'), `require('./dist/apps/${app}/src/main.js');\n`);
writeFileSync(path.join(out, 'system-packages'), systemPackages(app).map((line) => `${line}\n`).join(''));

// npm itself takes out of the workspace's lockfile what this package.json does not ask for; versions stay, nothing is looked up.
cpSync(path.join(root, 'package-lock.json'), path.join(out, 'package-lock.json'));
execFileSync('npm', ['install', '--package-lock-only', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: out, stdio: ['ignore', 'ignore', 'inherit'] });
process.stdout.write(`${app}: ${projects.join(' ')}; ${Object.keys(dependencies).length} packages; ${systemPackages(app).join(' ') || 'no system packages'}\n`);
