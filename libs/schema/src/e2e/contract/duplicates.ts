import { randomUUID } from 'node:crypto';
import type { Fingerprint, SimilarGroup } from '../..';
import { arrival, discovered, libraryPath, logOf, mustFind, newPrefix, sha } from '../samples';
import type { Setup } from './setup';

export function duplicateContract(setup: () => Setup): void {
  describe('duplicates', () => {
    it('are decided once for each newcomer, and can be undone', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const [first, second] = [await discovered(database, arrival(`${prefix}/a.jpg`)), await discovered(database, arrival(`${prefix}/b.jpg`))];
      const decision = { assetId: second.id, kind: 'duplicate' as const, survivorId: first.id, survivorPath: null, better: 'newcomer' as const, reason: 'original name', adopted: true };
      await database.duplicates.record({ ...decision, reason: 'at first' });
      await database.duplicates.record(decision);
      expect(await database.duplicates.find(second.id)).toMatchObject({ ...decision, undoneAt: null });
      expect((await database.duplicates.list({ kind: 'duplicate', limit: 100 })).filter(({ assetId }) => assetId === second.id)).toHaveLength(1);
      await database.duplicates.undone(second.id);
      expect((await database.duplicates.find(second.id))?.undoneAt).toBeInstanceOf(Date);
      expect(await database.duplicates.find('no id')).toBeNull();
    });

    it('have holders, whose content passes on when their bytes are gone', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const [first, second] = [await discovered(database, arrival(`${prefix}/a.jpg`)), await discovered(database, arrival(`${prefix}/b.jpg`))];
      const hash = sha(prefix);
      await database.assets.claimContent(first.id, [hash]);
      expect(await database.duplicates.holders(second.id, [hash])).toEqual([first.id]);
      expect(await database.duplicates.holders(first.id, [hash])).toEqual([]);
      await database.duplicates.takeOver(second.id, [hash], second.id);
      expect(await database.duplicates.holders(second.id, [hash])).toEqual([first.id]);
      await database.duplicates.takeOver(second.id, [hash], first.id);
      expect(await database.duplicates.holders(first.id, [hash])).toEqual([second.id]);
    });

    it('give their better names to the survivor until it has a name elsewhere', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const asset = await discovered(database, arrival(`${prefix}/IMG_1 (2).jpg`));
      const fileId = asset.files[0]!.id;
      expect(await database.duplicates.adoptNames(asset.id, [{ fileId, filename: 'IMG_1.jpg', modifiedAt: new Date('2019-01-01T00:00:00Z') }])).toBe(true);
      expect((await mustFind(database, asset.id)).files[0]).toMatchObject({ filename: 'IMG_1.jpg', modifiedAt: new Date('2019-01-01T00:00:00Z') });
      await database.assets.reserveArchivePaths(asset.id, [{ ownerId: fileId, path: libraryPath(`sorted/${prefix}/IMG_1.jpg`) }]);
      expect(await database.duplicates.adoptNames(asset.id, [{ fileId, filename: 'other.jpg', modifiedAt: null }])).toBe(false);
      expect((await mustFind(database, asset.id)).files[0]?.filename).toBe('IMG_1.jpg');
    });

    it('of files outside of the library are known by size; a hash stays as long as the version does', async () => {
      const { database } = setup();
      const root = `/outside/${newPrefix()}`;
      const bytes = Math.floor(Math.random() * 1e12);
      const file = { path: `${root}/a.jpg`, root, bytes, fingerprint: '1:1:1' };
      const long = { path: `${root}/${'ü'.repeat(1500)}.jpg`, root, bytes, fingerprint: '1:1:2' };
      const [before, later] = [new Date(Date.now() + 3600_000), new Date(Date.now() + 7200_000)];
      await database.duplicates.see([file, long], before);
      await database.duplicates.setKnownHash(file.path, '9:9:9', sha('wrong'));
      await database.duplicates.setKnownHash(file.path, file.fingerprint, sha('a'));
      await database.duplicates.see([file], later);
      expect(await database.duplicates.knownOfSize(bytes)).toEqual(expect.arrayContaining([{ ...file, sha256: sha('a') }, { ...long, sha256: null }]));
      await database.duplicates.see([{ ...file, fingerprint: '2:2:2' }], later);
      await database.duplicates.forget([root], later);
      expect(await database.duplicates.knownOfSize(bytes)).toEqual([{ ...file, fingerprint: '2:2:2', sha256: null }]);
      await database.duplicates.forget([], later);
      expect(await database.duplicates.knownOfSize(bytes)).toEqual([]);
    });

    it('that a sweep moved are listed with it', async () => {
      const { database } = setup();
      const sweepId = randomUUID();
      const wanted = { sweepId, from: libraryPath('sorted/a.jpg'), to: libraryPath('cleanup/a.jpg'), survivorPath: '/b.jpg', sha256: sha('a'), bytes: 5 };
      const move = await database.duplicates.planSweepMove(wanted);
      await database.duplicates.planSweepMove({ ...wanted, bytes: 7 });
      await database.duplicates.setSweepMove(move.id, 'undone');
      expect(await database.duplicates.sweepMoves(sweepId)).toEqual([{ ...move, state: 'undone' }, expect.objectContaining({ bytes: 7, state: 'planned' })]);
      expect((await database.duplicates.sweeps(1000)).find((sweep) => sweep.sweepId === sweepId)).toMatchObject({ files: 2, moved: 1, bytes: 12 });
    });
  });

  describe('likeness', () => {
    it('has fingerprints of what is past dedupe, frame by frame', async () => {
      const { database } = setup();
      const asset = await discovered(database, arrival(`${newPrefix()}/a.mov`));
      expect(await database.likeness.missing(7, 10_000)).not.toContain(asset.id);
      await database.assets.move(asset.id, 'discovered', 'unique', logOf('dedupe'));
      expect(await database.likeness.missing(7, 10_000)).toContain(asset.id);
      const before = await database.likeness.countMissing(7);
      const frame = (n: number): Fingerprint => ({
        fileId: asset.files[0]!.id, frame: n, assetId: asset.id, version: 7, bits: 'ffffffffffffffff', gradient: '0'.repeat(16), sketch: 'c2tldGNo', problem: null,
        width: 4000, height: 3000, durationMs: 12_345, takenAt: '2021-05-03T14:03:01+02:00', sharpness: 512,
      });
      await database.likeness.save([frame(0), frame(1), frame(2)]);
      await database.likeness.save([frame(0), frame(1)]);
      expect(await database.likeness.countMissing(7)).toBe(before - 1);
      const { sketch: _, ...light } = frame(0);
      expect((await database.likeness.page(7, null, 10_000)).filter(({ assetId }) => assetId === asset.id)).toEqual([light, { ...light, frame: 1 }]);
      expect(await database.likeness.sketches([asset.id], 7)).toEqual([0, 1].map((n) => ({ assetId: asset.id, frame: n, sketch: 'c2tldGNo' })));
    });

    it('keeps verdicts about pairs, and groups with their ids', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const ids = await Promise.all(['a', 'b', 'c'].map(async (name) => (await discovered(database, arrival(`${prefix}/${name}.jpg`))).id));
      const [a = '', b = '', c = ''] = ids.sort();
      const pair = { firstId: a, secondId: b, relation: 'copy' as const, structure: 990, distance: 2, why: 'smaller' };
      await database.likeness.savePairs([{ ...pair, relation: 'different' }, { ...pair, secondId: c }]);
      await database.likeness.savePairs([pair]);
      expect((await another.likeness.pairs()).filter(({ firstId }) => firstId === a)).toEqual([pair, { ...pair, secondId: c }]);
      const group = (members: string[]): Omit<SimilarGroup, 'id' | 'state'> => ({ kind: 'copy', bestAssetId: a, why: 'larger', members: members.map((assetId) => ({ assetId, why: 'w' })) });
      const mine = async () => (await database.likeness.groups({ kind: 'copy', limit: 1000 })).find(({ bestAssetId }) => bestAssetId === a);
      await database.likeness.replaceGroups([group([a, b])]);
      const first = await mine();
      expect(first).toMatchObject({ ...group([a, b]), state: 'proposed' });
      expect(await database.likeness.setGroupState(first?.id ?? '', 'dismissed')).toBe(true);
      await database.likeness.replaceGroups([group([a, b])]);
      expect(await mine()).toMatchObject({ id: first?.id, state: 'dismissed' });
      await database.likeness.replaceGroups([group([a, b, c])]);
      expect(await database.likeness.findGroup(first?.id ?? '')).toMatchObject({ ...group([a, b, c]), state: 'proposed' });
      await database.likeness.replaceGroups([]);
      expect(await mine()).toBeUndefined();
    });
  });
}
