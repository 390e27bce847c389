import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';

/** The app itself and, for the command that runs stages by name, those that its project.json names. @param {string} root @param {string} app */
export function appsOf(root, app) {
  const project = JSON.parse(readFileSync(path.join(root, 'apps', app, 'project.json'), 'utf8'));
  return [app, ...(project.implicitDependencies ?? [])];
}

const requireCall = /\b(?:require|import)\(["']([^"'\n]+)["']\)/g;

/**
 * Which built projects the apps need, and what packages these require. Whole projects: a worker or a migration that is loaded by its
 * file name is there too.
 * @param {string} dist
 * @param {string[]} apps
 * @returns {{ projects: string[], requires: Set<string> }} projects as `apps/x`, `libs/y`; package names
 */
export function projectsOf(dist, apps) {
  const projects = [];
  const requires = new Set();
  const waiting = apps.map((app) => `apps/${app}`);
  while (waiting.length > 0) {
    const project = waiting.pop();
    if (projects.includes(project)) continue;
    projects.push(project);
    const files = globSync('**/*.js', { cwd: path.join(dist, project) });
    if (files.length === 0) throw new Error(`dist/${project} holds no JavaScript: build it first.`);
    for (const file of files) {
      const place = path.join(dist, project, file);
      for (const [, target] of readFileSync(place, 'utf8').matchAll(requireCall)) {
        if (isBuiltin(target)) continue;
        if (target.startsWith('.')) waiting.push(path.relative(dist, path.resolve(path.dirname(place), target)).split(path.sep).slice(0, 2).join('/'));
        else requires.add(target.split('/').slice(0, target.startsWith('@') ? 2 : 1).join('/'));
      }
    }
  }
  return { projects: projects.sort(), requires };
}

/**
 * Versions of the required packages, and of what these want beside them: a database driver that TypeORM loads by name is a peer dependency.
 * @param {Record<string, string>} pins the workspace's dependencies
 * @returns {Record<string, string>}
 */
export function packagesOf(root, requires, pins) {
  const chosen = {};
  const waiting = [...requires];
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (name in chosen) continue;
    if (!(name in pins)) {
      if (requires.has(name)) throw new Error(`The built code requires ${name}, which package.json does not list under dependencies.`);
      continue;
    }
    chosen[name] = pins[name];
    const { peerDependencies = {} } = JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8'));
    waiting.push(...Object.keys(peerDependencies));
  }
  return Object.fromEntries(Object.entries(chosen).sort(([a], [b]) => a.localeCompare(b)));
}
