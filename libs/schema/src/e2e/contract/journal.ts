import { arrival, discovered, libraryPath, mustFind, newPrefix, sha } from '../samples';
import type { Setup } from './setup';

export function journalContract(setup: () => Setup): void {
  describe('the journal of files', () => {
    it('takes the row along with the bytes, once', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const asset = await discovered(database, arrival(`${prefix}/a.jpg`));
      const [file] = asset.files;
      const move = { operation: 'move' as const, assetId: asset.id, fileId: file!.id, from: file!.path, to: libraryPath(`cleanup/${prefix}/a.jpg`), sha256: sha('a'), bytes: 10, reason: 'archived' };
      const entry = await database.journal.plan(move);
      expect(entry).toMatchObject({ ...move, state: 'planned' });
      expect((await another.journal.unfinished()).filter(({ id }) => id === entry.id)).toEqual([entry]);
      await Promise.all([database.journal.finish(entry.id), another.journal.finish(entry.id)]);
      expect((await mustFind(database, asset.id)).files[0]?.path).toBe(move.to);
      expect((await database.journal.unfinished()).some(({ id }) => id === entry.id)).toBe(false);
      expect(await database.journal.list({ assetId: asset.id, limit: 5 })).toEqual([{ ...entry, state: 'done' }]);
      expect(await database.assets.findByPath(move.from)).toBeNull();
      expect(await database.journal.list({ from: move.from, limit: 5 })).toEqual([{ ...entry, state: 'done' }]);
      expect(await database.journal.list({ from: move.to, limit: 5 })).toEqual([]);
    });

    it('knows where the original is after its working copy was removed', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const asset = await discovered(database, arrival(`${prefix}/a.jpg`));
      const [file] = asset.files;
      const archived = libraryPath(`sorted/${prefix}/a.jpg`);
      await database.assets.setArchivedPath(file!.id, archived);
      const entry = await database.journal.plan({ operation: 'remove', assetId: asset.id, fileId: file!.id, from: file!.path, to: null, sha256: sha('a'), bytes: 10, reason: 'pruned' });
      await database.journal.finish(entry.id);
      expect((await mustFind(database, asset.id)).files[0]).toMatchObject({ path: archived, archivedPath: archived });
    });

    it('follows renditions too, and keeps what belongs to no asset', async () => {
      const { database } = setup();
      const prefix = newPrefix();
      const asset = await discovered(database, arrival(`${prefix}/a.jpg`));
      const [file] = asset.files;
      const from = libraryPath(`compressed/${prefix}/a.jpg`);
      await database.renditions.save({ fileId: file!.id, assetId: asset.id, sourceSha256: sha('a'), outcome: 'compressed', code: null, reason: null, path: from, sha256: sha('b'), bytes: 3, settings: '{}', proof: null });
      const removed = await database.journal.plan({ operation: 'remove', assetId: asset.id, fileId: file!.id, from, to: null, sha256: sha('b'), bytes: 3, reason: 'proven' });
      await database.journal.finish(removed.id);
      expect((await mustFind(database, asset.id)).renditions[0]?.path).toBeNull();
      const stray = await database.journal.plan({ operation: 'remove', assetId: null, fileId: null, from, to: null, sha256: sha('b'), bytes: 3, reason: 'stray' });
      await database.journal.finish(stray.id);
      await expect(database.journal.finish(asset.id)).rejects.toMatchObject({ code: 'UNEXPECTED' });
    });
  });
}
