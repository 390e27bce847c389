import { newPrefix, sha } from '../samples';
import type { Setup } from './setup';

export function handOverContract(setup: () => Setup): void {
  describe('what left a folder by hand', () => {
    it('is found by the file, in all its forms, with the last moment of each', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const [first, second] = [sha(`${prefix} first`), sha(`${prefix} second`)];
      const [early, late] = [new Date('2026-01-02T03:04:05.678Z'), new Date('2026-02-02T03:04:05Z')];
      const itself = { originalSha256: first, sha256: first, checksum: `${prefix} a`, bytes: 3_000_000_000, name: 'IMG_1.HEIC', form: null, at: early };
      const converted = { originalSha256: first, sha256: sha(`${prefix} jpeg`), checksum: `${prefix} b`, bytes: 7, name: 'IMG_1\0.JPG', form: 'JPEG', at: early };
      await database.handOvers.note([itself, converted, { ...itself, originalSha256: second, sha256: second }]);
      await database.handOvers.note([{ ...itself, at: late }]);
      await database.handOvers.note([]);
      expect(await another.handOvers.find([first])).toEqual([{ ...converted, name: 'IMG_1.JPG' }, { ...itself, at: late }]);
      expect(await another.handOvers.find([second, 'none', first])).toHaveLength(3);
      expect(await another.handOvers.find([])).toEqual([]);
    });

    it('is all there, however many write at once', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const rows = Array.from({ length: 30 }, (_, at) => ({ originalSha256: sha(`${prefix} ${at}`), sha256: sha(`${prefix} ${at}`), checksum: `${prefix} ${at}`, bytes: at, name: `${at}`, form: null, at: new Date() }));
      await Promise.all(rows.map(async (row, at) => await (at % 2 === 0 ? database : another).handOvers.note([row])));
      expect(await database.handOvers.find(rows.map(({ originalSha256 }) => originalSha256))).toHaveLength(30);
    });
  });
}
