import fc from 'fast-check';
import { nameKey } from '@media-pipeline/files';
import { arrival, arrivingFile, discovered, libraryPath, logOf, mustFind, newPrefix, pair, reserveOne, sha } from '../samples';
import type { Setup } from './setup';

export function arrivalContract(setup: () => Setup): void {
  describe('what arrives', () => {
    it('is written down before a byte is here, and found by id and path', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const asset = await reserveOne(database, pair(`${prefix}/IMG_1`));
      expect(asset).toMatchObject({ state: 'arriving', source: 'folder', kind: 'live_photo', sourceKey: `${prefix}/IMG_1.HEIC`, renditions: [] });
      expect(asset.files.map(({ role, path, sha256, bytes, modifiedAt }) => ({ role, path, sha256, bytes, at: modifiedAt?.toISOString() }))).toEqual([
        { role: 'primary', path: `originals/${prefix}/IMG_1.HEIC`, sha256: null, bytes: 10, at: '2021-05-03T12:03:01.000Z' },
        { role: 'live_video', path: `originals/${prefix}/IMG_1.MOV`, sha256: null, bytes: 10, at: '2021-05-03T12:03:01.000Z' },
      ]);
      expect(await database.assets.find(asset.id)).toEqual(asset);
      expect(await database.assets.findByPath(libraryPath(`originals/${prefix}/IMG_1.MOV`))).toEqual(asset);
      expect(await database.assets.findByPath(libraryPath(`originals/${prefix}/img_1.mov`))).toBeNull();
      expect(await database.assets.find('no id at all')).toBeNull();
    });

    it('is the same asset when the same files come again, and a new one when they changed', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const first = await reserveOne(database, pair(`${prefix}/a`));
      expect(await reserveOne(another, pair(`${prefix}/a`))).toEqual(first);
      expect((await reserveOne(database, arrival(`${prefix}/a.HEIC`))).id).toBe(first.id);
      const changed = await reserveOne(database, arrival(`${prefix}/a.HEIC`, { fingerprint: '11:2:1' }));
      expect(changed.id).not.toBe(first.id);
      expect(changed.files[0]?.path).toBe(`originals/${prefix}/a (2).HEIC`);
      const seen = await database.assets.seen('folder', prefix);
      expect(seen.get(`${prefix}/a.HEIC`)).toEqual({ sourcePath: `${prefix}/a.HEIC`, fingerprint: '11:2:1', assetId: changed.id, state: 'arriving', code: null, goneAt: null });
      expect(seen.get(`${prefix}/a.MOV`)?.assetId).toBe(first.id);
    });

    it('is the same asset when one call names it twice', async () => {
      const { database } = setup();
      const name = `${newPrefix()}/a.jpg`;
      const [first, second] = await database.assets.reserve([arrival(name), arrival(name)]);
      expect(second).toEqual(first);
    });

    it('never gives two files the same place, whatever they are called', async () => {
      const { database, another } = setup();
      const names = ['a.jpg', 'A.JPG', 'a (2).jpg', 'stra\u00dfe.jpg', 'STRASSE.jpg', '\u00e9.jpg', 'e\u0301.jpg', 'b', `${'x'.repeat(250)}.mov`];
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }), async (wanted) => {
          const prefix = newPrefix();
          const arrivals = wanted.map((files, a) => ({
            ...arrival(`${prefix}/${a}`),
            files: files.map((name, f) => arrivingFile(`${prefix}/${a}/${f}`, { path: `originals/${prefix}/${name}` })),
          }));
          const half = Math.floor(arrivals.length / 2);
          const made = (await Promise.all([database.assets.reserve(arrivals.slice(0, half)), another.assets.reserve(arrivals.slice(half))])).flat();
          const paths = made.flatMap(({ files }) => files.map(({ path }) => nameKey(path)));
          expect(new Set(paths).size).toBe(wanted.flat().length);
          expect((await database.assets.reserve(arrivals)).map(({ id }) => id)).toEqual(made.map(({ id }) => id));
        }),
        { numRuns: 15 },
      );
    });

    it('keeps the names of a pair together', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      await reserveOne(database, arrival(`${prefix}/other`, { path: `originals/${prefix}/IMG.MOV` }));
      const asset = await reserveOne(database, pair(`${prefix}/IMG`));
      expect(asset.files.map(({ path }) => path)).toEqual([`originals/${prefix}/IMG (2).HEIC`, `originals/${prefix}/IMG (2).MOV`]);
    });

    it('numbers a thousand equal names without asking for each', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const made = await database.assets.reserve(Array.from({ length: 1_000 }, (_, i) => arrival(`${prefix}/${i}`, { path: `originals/${prefix}/IMG.jpg` })));
      expect(new Set(made.map(({ files }) => files[0]?.path)).size).toBe(1_000);
      const next = await reserveOne(database, arrival(`${prefix}/next`, { path: `originals/${prefix}/IMG.jpg` }));
      expect(next.files[0]?.path).toBe(`originals/${prefix}/IMG (1001).jpg`);
    });

    it('is discovered once, with its hashes', async () => {
      const { database, another } = setup();
      const asset = await reserveOne(database, arrival(`${newPrefix()}/a.jpg`));
      const files = asset.files.map(({ id }) => ({ fileId: id, sha256: sha('a'), bytes: 12 }));
      const answers = await Promise.all([database, another, database].map(({ assets }) => assets.arrived(asset.id, files, logOf('ingest'))));
      expect(answers.filter(Boolean)).toHaveLength(1);
      const now = await mustFind(another, asset.id);
      expect(now).toMatchObject({ state: 'discovered', files: [{ sha256: sha('a'), bytes: 12 }] });
      expect(await database.log.list({ assetId: asset.id, limit: 10 })).toHaveLength(1);
    });

    it('adopts a file that lies in the library once, even when two find it at the same time', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const path = libraryPath(`originals/${prefix}/hand.jpg`);
      const file = { filename: 'hand.jpg', kind: 'photo' as const, sha256: sha(prefix), bytes: 5, modifiedAt: new Date() };
      const made = await Promise.all([database, another, database, another].map(({ assets }) => assets.adopt(path, file)));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(made[0]).toMatchObject({ state: 'discovered', source: 'operator', files: [{ path, sha256: sha(prefix), bytes: 5 }] });
      const known = await discovered(database, arrival(`${prefix}/b.jpg`));
      expect((await database.assets.adopt(libraryPath(`originals/${prefix}/b.jpg`), file)).id).toBe(known.id);
      await expect(database.assets.adopt(libraryPath(`originals/${prefix}/HAND.jpg`), file)).rejects.toMatchObject({ code: 'NAME_CONFLICT' });
    });

    it('is seen again below its folder only', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const long = `${prefix}/deep/${'ä'.repeat(1_500)}.jpg`;
      await database.assets.reserve([arrival(`${prefix}/in/a.jpg`), arrival(`${prefix}/inside.jpg`), { ...arrival(long, { path: `originals/${prefix}/long.jpg` }) }]);
      expect([...(await database.assets.seen('folder', `${prefix}/in`)).keys()]).toEqual([`${prefix}/in/a.jpg`]);
      expect((await database.assets.seen('folder', `${prefix}/`)).size).toBe(3);
      expect((await database.assets.seen('folder', '')).has(long)).toBe(true);
      expect((await database.assets.seen('icloud', prefix)).size).toBe(0);
    });
  });
}
