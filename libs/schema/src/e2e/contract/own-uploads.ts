import { newPrefix, sha } from '../samples';
import type { Setup } from './setup';

export function ownUploadContract(setup: () => Setup): void {
  describe('what was uploaded from here', () => {
    it('is found by what iCloud calls it, many at a time', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const [photo, film] = [{ checksum: `${prefix} photo`, bytes: 7, sha256: sha('photo') }, { checksum: `${prefix} film`, bytes: 3_000_000_000, sha256: sha('film') }];
      await database.ownUploads.note([photo, film]);
      await database.ownUploads.note([]);
      expect(await another.ownUploads.find([photo.checksum, 'none', film.checksum])).toEqual([film, photo]);
      expect(await another.ownUploads.find([])).toEqual([]);
      expect(await another.ownUploads.find(['none'])).toEqual([]);
    });

    it('is written down once, whoever does, and stays', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const contents = Array.from({ length: 20 }, (_, at) => ({ checksum: `${prefix} ${at}`, bytes: at, sha256: sha(String(at)) }));
      await Promise.all([database.ownUploads.note(contents), another.ownUploads.note([...contents].reverse()), database.ownUploads.note(contents.slice(5))]);
      const found = await another.ownUploads.find(contents.map(({ checksum }) => checksum));
      expect(new Map(found.map((content) => [content.checksum, content]))).toEqual(new Map(contents.map((content) => [content.checksum, content])));
    });

    it('is written down together with the delivery, or not at all', async () => {
      const { database, another } = setup();
      const content = { checksum: newPrefix(), bytes: 1, sha256: sha('one') };
      const broken = database.write(async ({ ownUploads }) => {
        await ownUploads.note([content]);
        throw new Error('killed');
      });
      await expect(broken).rejects.toThrow('killed');
      expect(await another.ownUploads.find([content.checksum])).toEqual([]);
    });
  });
}
