import type { Arrival } from '../..';
import { arrivingFile, discovered, libraryPath, logOf, mustFind, newPrefix, reserveOne, sha } from '../samples';
import type { Setup } from './setup';

/** A photo of iCloud: its files are known by record and resource. */
const photo = (zone: string, record: string, changes: { readonly fingerprint?: string; readonly resources?: readonly string[] } = {}): Arrival => ({
  source: 'icloud',
  sourceKey: `${zone}/${record}.HEIC`,
  sourceRecord: `${zone}/${record}`,
  takenAt: '2021-05-03T14:03:01+02:00',
  kind: 'photo',
  files: (changes.resources ?? ['resOriginal']).map((resource, at) =>
    arrivingFile(`icloud:${zone}/${record}/${resource}`, {
      role: at === 0 ? 'primary' : 'edited',
      path: `originals/icloud/${zone}/${record}-${resource}.HEIC`,
      fingerprint: changes.fingerprint ?? '10:checksum',
    }),
  ),
});

export function sourceContract(setup: () => Setup): void {
  describe('what a source with identities of its own shows', () => {
    it('is kept with the asset: its record, and when it says it was taken', async () => {
      const { database } = setup();
      const zone = newPrefix();
      const asset = await reserveOne(database, photo(zone, 'A', { resources: ['resOriginal', 'resJPEGFull'] }));
      expect(asset).toMatchObject({ sourceRecord: `${zone}/A`, takenAt: '2021-05-03T14:03:01+02:00', goneAt: null, goneHow: null });
      expect(asset.files.map(({ role }) => role)).toEqual(['primary', 'edited']);
      expect((await discovered(database, { ...photo(zone, 'B'), takenAt: null, sourceRecord: null })).sourceRecord).toBeNull();
    });

    it('is seen again a page at a time', async () => {
      const { database, another } = setup();
      const zone = newPrefix();
      const long = 'r'.repeat(2_000);
      const asset = await discovered(database, photo(zone, 'A'));
      const other = await reserveOne(database, { ...photo(zone, long), files: [arrivingFile(`icloud:${zone}/${long}/resOriginal`, { path: `originals/${zone}/long.HEIC`, fingerprint: '1:x' })] });
      const page = [`icloud:${zone}/A/resOriginal`, `icloud:${zone}/A/resJPEGFull`, `icloud:${zone}/${long}/resOriginal`];
      const seen = await another.assets.seenFiles('icloud', page);
      expect([...seen.values()].sort((a, b) => a.sourcePath.length - b.sourcePath.length)).toEqual([
        { sourcePath: page[0], fingerprint: '10:checksum', assetId: asset.id, state: 'discovered', code: null, goneAt: null },
        { sourcePath: page[2], fingerprint: '1:x', assetId: other.id, state: 'arriving', code: null, goneAt: null },
      ]);
      expect((await database.assets.seenFiles('folder', page)).size).toBe(0);
      expect((await database.assets.seenFiles('icloud', [])).size).toBe(0);
      await database.assets.stop(other.id, 'set_aside', { code: 'FILE_VANISHED', reason: 'gone' }, logOf('ingest'));
      expect((await database.assets.seenFiles('icloud', page)).get(page[2] ?? '')).toMatchObject({ state: 'set_aside', code: 'FILE_VANISHED' });
    });

    it('is found by its record, in every version', async () => {
      const { database } = setup();
      const zone = newPrefix();
      const first = await discovered(database, photo(zone, 'A'));
      const edit = await discovered(database, photo(zone, 'A', { fingerprint: '11:other', resources: ['resJPEGFull'] }));
      await discovered(database, photo(zone, 'B'));
      expect((await database.assets.ofSourceRecords('icloud', [`${zone}/A`, `${zone}/none`])).map(({ id }) => id)).toEqual([first.id, edit.id]);
      expect(await database.assets.ofSourceRecords('folder', [`${zone}/A`])).toEqual([]);
      expect(await database.assets.ofSourceRecords('icloud', [])).toEqual([]);
    });

    it('is recorded when it is gone, once, and when it is there again', async () => {
      const { database, another } = setup();
      const zone = newPrefix();
      const asset = await discovered(database, photo(zone, 'A'));
      const before = await database.assets.countGone('icloud');
      const log = logOf('ingest', 'deleted in iCloud');
      const news = await Promise.all([database, another].map(({ assets }) => assets.recordGone([asset.id], 'trashed', log)));
      expect(news.flat()).toEqual([asset.id]);
      const gone = await mustFind(database, asset.id);
      expect(gone).toMatchObject({ goneHow: 'trashed', state: 'discovered' });
      expect(gone.goneAt).toBeInstanceOf(Date);
      expect((await database.assets.countGone('icloud')).trashed - before.trashed).toBe(1);
      expect((await database.assets.list({ source: 'icloud', gone: true, limit: 1_000 })).map(({ id }) => id)).toContain(asset.id);
      expect((await database.assets.list({ gone: false, limit: 1_000 })).map(({ id }) => id)).not.toContain(asset.id);
      expect(await database.assets.recordGone([asset.id, 'no id'], 'purged', log)).toEqual([asset.id]);
      expect(await mustFind(database, asset.id)).toMatchObject({ goneHow: 'purged', goneAt: gone.goneAt });
      expect(await database.assets.recordReturned([asset.id], logOf('ingest', 'back'))).toEqual([asset.id]);
      expect(await database.assets.recordReturned([asset.id], logOf('ingest', 'back'))).toEqual([]);
      expect(await mustFind(database, asset.id)).toMatchObject({ goneHow: null, goneAt: null });
      expect((await database.log.list({ assetId: asset.id, limit: 10 })).map(({ message }) => message).slice(0, 3)).toEqual(['back', 'deleted in iCloud', 'deleted in iCloud']);
    });

    it('is listed with what is the same as it', async () => {
      const { database } = setup();
      const zone = newPrefix();
      const [kept, twin] = [await discovered(database, photo(zone, 'A')), await discovered(database, photo(zone, 'B'))];
      await database.assets.move(twin.id, 'discovered', 'duplicate', logOf('dedupe'), { duplicateOf: kept.id });
      expect((await database.assets.list({ duplicateOf: kept.id, gone: false, limit: 10 })).map(({ id }) => id)).toEqual([twin.id]);
      await database.assets.recordGone([twin.id], 'purged', logOf('ingest'));
      expect(await database.assets.list({ duplicateOf: kept.id, gone: false, limit: 10 })).toEqual([]);
    });

    it('is listed by source', async () => {
      const { database } = setup();
      const asset = await reserveOne(database, photo(newPrefix(), 'A'));
      expect((await database.assets.list({ state: 'arriving', source: 'icloud', limit: 1_000 })).map(({ id }) => id)).toContain(asset.id);
      expect((await database.assets.list({ state: 'arriving', source: 'folder', limit: 1_000 })).map(({ id }) => id)).not.toContain(asset.id);
    });
  });

  describe('how far a source was read', () => {
    it('is kept by scope, and replaced', async () => {
      const { database, another } = setup();
      const scope = `zone:${newPrefix()}`;
      expect(await database.cursors.get('icloud', scope)).toBeNull();
      await database.cursors.set({ source: 'icloud', scope, token: null, filter: sha('a'), counts: {} });
      await database.cursors.set({ source: 'icloud', scope, token: 'AQAAAA==', filter: sha('b'), counts: { listed: 5, skipped: { video: 2 }, name: 'a\0b' } });
      const cursor = await another.cursors.get('icloud', scope);
      expect(cursor).toMatchObject({ token: 'AQAAAA==', filter: sha('b'), counts: { listed: 5, skipped: { video: 2 }, name: 'ab' } });
      expect(cursor?.updatedAt).toBeInstanceOf(Date);
      expect((await database.cursors.list('icloud')).filter((one) => one.scope === scope)).toEqual([cursor]);
      expect(await database.cursors.get('folder', scope)).toBeNull();
    });

    it('is saved together with what it covers, or not at all', async () => {
      const { database } = setup();
      const zone = newPrefix();
      const cursor = { source: 'icloud', scope: `zone:${zone}`, token: 'T', filter: '', counts: {} } as const;
      const failing = database.write(async ({ assets, cursors }) => {
        await assets.reserve([photo(zone, 'A')]);
        await cursors.set(cursor);
        throw new Error('cut short');
      });
      await expect(failing).rejects.toThrow('cut short');
      expect(await database.cursors.get('icloud', `zone:${zone}`)).toBeNull();
      expect(await database.assets.findByPath(libraryPath(`originals/icloud/${zone}/A-resOriginal.HEIC`))).toBeNull();
    });
  });
}
