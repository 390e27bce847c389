import fc from 'fast-check';
import type { CloudContentFile, CloudContentPage } from '../..';
import { newPrefix } from '../samples';
import type { Setup } from './setup';

const file = (recordName: string, checksum: string, changes: Partial<CloudContentFile> = {}): CloudContentFile => ({ recordName, masterName: `master of ${recordName}`, role: 'original', checksum, bytes: 7, state: 'shown', ...changes });
const page = (changes: Partial<CloudContentPage>): CloudContentPage => ({ fromScratch: false, assets: [], files: [], syncToken: null, ...changes });

export function cloudContentContract(setup: () => Setup): void {
  describe('what is in iCloud', () => {
    it('is kept by content, asset by asset, with the place to go on from', async () => {
      const { database, another } = setup();
      const zone = newPrefix();
      expect(await database.cloudContents.syncToken(zone)).toBeNull();
      const [a, b, moves] = [file('A', 'one'), file('B', 'one', { state: 'trashed' }), file('A', 'moves', { role: 'live_video', bytes: 3_000_000_000 })];
      await database.cloudContents.save(zone, page({ assets: ['A', 'B'], files: [a, b, moves], syncToken: 'first' }));
      expect(await another.cloudContents.syncToken(zone)).toBe('first');
      expect(await another.cloudContents.find(zone, ['one', 'none', 'moves'])).toEqual([moves, a, b]);
      expect(await another.cloudContents.find('another zone', ['one'])).toEqual([]);
      expect(await another.cloudContents.find(zone, [])).toEqual([]);

      await database.cloudContents.save(zone, page({ assets: ['A', 'C'], files: [file('A', 'two')], syncToken: 'second' }));
      expect(await another.cloudContents.find(zone, ['one', 'two', 'moves'])).toEqual([file('A', 'two'), b]);

      await database.cloudContents.save(zone, page({ fromScratch: true, files: [file('D', 'one')] }));
      expect(await another.cloudContents.find(zone, ['one', 'two'])).toEqual([file('D', 'one')]);
      expect(await another.cloudContents.syncToken(zone)).toBeNull();
    });

    it('is what the last page said of each asset', async () => {
      const { database } = setup();
      const names = fc.constantFrom('A', 'B', 'C', 'D\u0000', 'é');
      const saved = fc.record({ fromScratch: fc.boolean(), files: fc.uniqueArray(fc.record({ name: names, checksum: fc.constantFrom('one', 'two', 'three') }), { selector: ({ name }) => name }), gone: fc.uniqueArray(names) });
      await fc.assert(
        fc.asyncProperty(fc.array(saved, { minLength: 1, maxLength: 8 }), async (pages) => {
          const zone = newPrefix();
          const kept = new Map<string, string>();
          for (const { fromScratch, files, gone } of pages) {
            if (fromScratch) kept.clear();
            for (const name of fromScratch ? [] : gone) kept.delete(name);
            for (const { name, checksum } of files) kept.set(name, checksum);
            await database.cloudContents.save(zone, page({ fromScratch, assets: [...gone, ...files.map(({ name }) => name)], files: files.map(({ name, checksum }) => file(name, checksum)) }));
          }
          const found = await database.cloudContents.find(zone, ['one', 'two', 'three']);
          expect(new Map(found.map(({ recordName, checksum }) => [recordName, checksum]))).toEqual(new Map([...kept].map(([name, checksum]) => [name.replaceAll('\0', ''), checksum])));
        }),
        { numRuns: 20 },
      );
    });
  });
}
