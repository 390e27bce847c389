import fc from 'fast-check';
import { portions } from './portions';

const file = (name: string, checksum = name) => ({ name, checksum });

it('are as large as they may be, in order', () => {
  expect(portions(['a', 'b', 'c', 'd', 'e'].map((name) => file(name)), 2).map((portion) => portion.map(({ name }) => name).join(''))).toEqual(['ab', 'cd', 'e']);
  expect(portions([], 2)).toEqual([]);
});

it('have no name and no content twice, and all files once', () => {
  const some = fc.array(fc.record({ name: fc.constantFrom('a', 'A', 'b', 'c', 'd'), checksum: fc.constantFrom('1', '2', '3', '4') }), { maxLength: 40 });
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 7 }), (files, most) => {
      const found = portions(files, most);
      for (const portion of found) {
        expect(portion.length).toBeLessThanOrEqual(most);
        expect(new Set(portion.map(({ name }) => name.toLowerCase())).size).toBe(portion.length);
        expect(new Set(portion.map(({ checksum }) => checksum)).size).toBe(portion.length);
      }
      expect(new Set(found.flat())).toEqual(new Set(files));
      expect(found.flat()).toHaveLength(files.length);
    }),
  );
});
