import fc from 'fast-check';
import { arrival, discovered, logOf, mustFind, newPrefix, reserveOne, sha } from '../samples';
import type { Setup } from './setup';

export function contentContract(setup: () => Setup): void {
  describe('content', () => {
    it('belongs to exactly one of those who claim it at the same time', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const claimers = await database.assets.reserve(Array.from({ length: 6 }, (_, i) => arrival(`${prefix}/${i}.jpg`)));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(5), fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 })), { minLength: 2, maxLength: 12 }), async (claims) => {
          const salt = newPrefix();
          const answers = await Promise.all(
            claims.map(([who, what], i) => (i % 2 ? database : another).assets.claimContent(claimers[who]?.id ?? '', what.map((n) => sha(`${salt}${n}`)))),
          );
          const owners = new Map<string, string>();
          answers.forEach((answer, i) => {
            expect(answer.size).toBe(claims[i]?.[1].length);
            for (const [hash, owner] of answer) {
              expect(owners.get(hash) ?? owner).toBe(owner);
              owners.set(hash, owner);
            }
          });
          for (const [hash, owner] of owners) {
            const asked = claims.filter(([, what]) => what.some((n) => sha(`${salt}${n}`) === hash)).map(([who]) => claimers[who]?.id);
            expect(asked).toContain(owner);
          }
        }),
        { numRuns: 20 },
      );
    });

    it('is noted as a duplicate once', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const [a, b] = await database.assets.reserve([arrival(`${prefix}/a.jpg`), arrival(`${prefix}/b.jpg`)]);
      const pairs = [{ originalFileId: a?.files[0]?.id ?? '', duplicateFileId: b?.files[0]?.id ?? '', sha256: sha('x') }];
      await database.assets.recordDuplicate(pairs);
      await database.assets.recordDuplicate(pairs);
      await database.assets.recordDuplicate([]);
      await expect(database.assets.recordDuplicate([{ ...pairs[0]!, duplicateFileId: a!.id }])).rejects.toThrow(/foreign key/i);
    });

    it('is found by the checksum that iCloud has of it', async () => {
      const { database } = setup();
      const [one, two] = await database.assets.reserve([arrival(`${newPrefix()}/a.jpg`), arrival(`${newPrefix()}/b.jpg`)]);
      const [first, second] = [one!.files[0]!, two!.files[0]!];
      const [sha256, checksum] = [sha(one!.id), `checksum of ${one!.id}`];
      expect(await database.assets.findContent(checksum)).toBeNull();
      await database.assets.arrived(one!.id, [{ fileId: first.id, sha256, bytes: 7, checksum }], logOf('ingest'));
      expect(await database.assets.findContent(checksum)).toEqual({ sha256, bytes: 7, paths: [first.path] });
      await database.assets.arrived(two!.id, [{ fileId: second.id, sha256, bytes: 7, checksum }], logOf('ingest'));
      await database.assets.setArchivedPath(second.id, first.path);
      const found = await database.assets.findContent(checksum);
      expect([...(found?.paths ?? [])].sort()).toEqual([first.path, second.path].sort());
      expect(await database.assets.findContent('another')).toBeNull();
    });

    it('is found among renditions by the checksum that iCloud has of it', async () => {
      const { database } = setup();
      const original = await discovered(database, arrival(`${newPrefix()}/a.jpg`));
      const [returned] = await database.assets.reserve([arrival(`${newPrefix()}/b.jpg`)]);
      const [file, again] = [original.files[0]!, returned!.files[0]!];
      const [sha256, checksum] = [sha(returned!.id), `checksum of ${returned!.id}`];
      await database.renditions.save({ fileId: file.id, assetId: original.id, sourceSha256: sha('source'), outcome: 'compressed', code: null, reason: null, path: file.path, sha256, bytes: 3, settings: '{}', proof: null });
      await database.assets.arrived(returned!.id, [{ fileId: again.id, sha256, bytes: 3, checksum }], logOf('ingest'));
      expect([...((await database.assets.findContent(checksum))?.paths ?? [])].sort()).toEqual([file.path, again.path].sort());
    });

    it('is remembered as what compression made of it', async () => {
      const { database } = setup();
      const asset = await discovered(database, arrival(`${newPrefix()}/a.jpg`, { bytes: 1_000 }));
      const [file] = asset.files;
      const source = sha(asset.id);
      const made = { fileId: file!.id, assetId: asset.id, sourceSha256: source, outcome: 'compressed' as const, code: null, reason: null, path: file!.path, sha256: sha('r'), bytes: 400, settings: '{"q":80}', proof: '{"version":1}' };
      const saved = await database.renditions.save(made);
      expect(saved).toEqual({ ...made, id: saved.id, archivedPath: null });
      await database.renditions.setArchivedPath(saved.id, file!.path);
      expect(await database.renditions.findBySource(source, '{"q":80}')).toEqual({ ...saved, archivedPath: file!.path });
      expect(await database.renditions.findBySource(source, '{"q":70}')).toBeNull();
      expect(await database.renditions.findByResult(sha('r'))).toMatchObject({ sha256: sha('r'), outcome: 'compressed' });
      expect(await database.renditions.findByResult(source)).toBeNull();
      expect((await database.renditions.save(made)).archivedPath).toBe(file!.path);
      const before = (await database.assets.countByCode()).get('NOT_SMALLER') ?? 0;
      const kept = await database.renditions.save({ ...made, outcome: 'kept', code: 'NOT_SMALLER', reason: 'is as small', path: null, sha256: null, bytes: null, proof: null });
      expect((await database.assets.countByCode()).get('NOT_SMALLER')).toBe(before + 1);
      expect(kept).toMatchObject({ id: saved.id, outcome: 'kept', archivedPath: null });
      expect((await mustFind(database, asset.id)).renditions).toEqual([kept]);
    });

    it('has one name in the archive for each owner, the same number for what belongs together', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const assets = await database.assets.reserve(Array.from({ length: 5 }, (_, i) => arrival(`${prefix}/${i}.jpg`)));
      const wanted = (id: string) => [
        { ownerId: id, path: arrival(`${prefix}/IMG.HEIC`).files[0]!.path },
        { ownerId: id.replace(/^.{8}/, '00000000'), path: arrival(`${prefix}/IMG.MOV`).files[0]!.path },
      ];
      const given = await Promise.all(assets.map(({ id }, i) => (i % 2 ? database : another).assets.reserveArchivePaths(id, wanted(id))));
      expect(new Set(given.flat().map((path) => path.toLowerCase())).size).toBe(10);
      for (const [heic, mov] of given) expect(heic?.replace('.HEIC', '')).toBe(mov?.replace('.MOV', ''));
      for (const [i, { id }] of assets.entries()) expect(await database.assets.reserveArchivePaths(id, wanted(id))).toEqual(given[i]);
    });

    it('can be found where it was put', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const [a, b] = await database.assets.reserve([arrival(`${prefix}/a.jpg`), arrival(`${prefix}/b.jpg`)]);
      const place = arrival(`${prefix}/sorted/a.jpg`).files[0]!.path;
      await database.assets.setArchivedPath(a!.files[0]!.id, place);
      expect((await database.assets.findByPath(place))?.id).toBe(a?.id);
      await database.assets.setFilePath(a!.files[0]!.id, place);
      expect((await mustFind(database, a!.id)).files[0]).toMatchObject({ path: place, archivedPath: place });
      await expect(database.assets.setFilePath(b!.files[0]!.id, place)).rejects.toMatchObject({ code: 'NAME_CONFLICT' });
    });

    it('is part of one transaction, or of none', async () => {
      const { database, another } = setup();
      const name = `${newPrefix()}/a.jpg`;
      const { id } = await discovered(database, arrival(name));
      const failing = database.write(async ({ assets }) => {
        await assets.claimContent(id, [sha(name)]);
        expect(await assets.move(id, 'discovered', 'unique', logOf('dedupe'))).toBe(true);
        expect((await assets.find(id))?.state).toBe('unique');
        expect((await database.assets.find(id))?.state).toBe('discovered');
        expect((await another.assets.find(id))?.state).toBe('discovered');
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect((await database.assets.find(id))?.state).toBe('discovered');
      const other = await reserveOne(database, arrival(`${name}2`));
      expect((await another.assets.claimContent(other.id, [sha(name)])).get(sha(name))).toBe(other.id);
      await expect(database.write(() => database.log.write(logOf('cli')))).rejects.toMatchObject({ code: 'UNEXPECTED' });
    });
  });
}
