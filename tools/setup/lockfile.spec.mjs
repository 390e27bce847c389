import { readFileSync } from 'node:fs';
import path from 'node:path';

// npm leaves a platform's package out of the lockfile without a word when the registry lacks that version at the moment of asking;
// `npm ci` then refuses the whole lockfile, on every machine.
describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package-lock.json'), 'utf8'));

  it('has an entry for every optional package of every platform', () => {
    const names = new Set(Object.keys(packages).map((place) => place.split('node_modules/').at(-1)));
    const missing = Object.entries(packages).flatMap(([place, entry]) => Object.keys(entry.optionalDependencies ?? {}).filter((name) => !names.has(name)).map((name) => `${name} (wanted by ${place})`));
    expect(missing).toEqual([]);
  });
});
