import fc from 'fast-check';
import { SeenNames } from './seen-names';

it('is a set', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (names) => {
      const seen = new SeenNames();
      const model = new Set<string>();
      for (const name of names) {
        expect(seen.has(name)).toBe(model.has(name));
        expect(seen.add(name)).toBe(!model.has(name));
        model.add(name);
      }
      expect(seen.size).toBe(model.size);
    }),
  );
});

it('keeps what it has while it grows', () => {
  const seen = new SeenNames();
  for (let index = 0; index < 20_000; index += 1) expect(seen.add(`name-${index}`)).toBe(true);
  for (let index = 0; index < 20_000; index += 1) expect(seen.add(`name-${index}`)).toBe(false);
  expect(seen.size).toBe(20_000);
});
