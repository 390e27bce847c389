import fc from 'fast-check';
import * as paper from '../e2e/paper/records';
import { dateOf, newest, skipReason, type AssetFilter } from './filters';
import type { CloudAsset } from './types';

const everything: AssetFilter = { since: null, until: null, kinds: [], shared: true };
const asset = (changes: Partial<CloudAsset> = {}): CloudAsset => ({
  recordName: 'a',
  masterName: 'm',
  changeTag: '1',
  zone: paper.primary,
  filename: 'a.jpg',
  kind: 'photo',
  takenAt: new Date(1000),
  timeZoneOffsetSeconds: null,
  addedAt: new Date(2000),
  hidden: false,
  trashed: false,
  favourite: false,
  resources: [],
  ...changes,
});

it.each<[string, Partial<CloudAsset>, Partial<AssetFilter>, string | null]>([
  ['nothing asked for', {}, {}, null],
  ['taken at the first time that counts', {}, { since: 1000 }, null],
  ['taken before', {}, { since: 1001 }, 'before_since'],
  ['taken at the first time that does not count', {}, { until: 1000 }, 'after_until'],
  ['only the day of adding is known', { takenAt: null }, { until: 2000 }, 'after_until'],
  ['no date at all', { takenAt: null, addedAt: null }, { since: 5000, until: 6000 }, null],
  ['another kind', { kind: 'video' }, { kinds: ['photo', 'live_photo'] }, 'kind'],
  ['a RAW with its JPEG is a photo', { kind: 'raw_jpeg' }, { kinds: ['photo'] }, null],
  ['shared', { zone: { ...paper.primary, shared: true } }, { shared: false }, 'shared'],
  ['hidden', { hidden: true }, {}, 'hidden'],
  ['trashed', { trashed: true, hidden: true }, {}, 'trashed'],
])('%s', (_, of, filter, expected) => expect(skipReason(asset(of), { ...everything, ...filter })).toBe(expected));

it('keeps the newest, however the pages are cut and ordered, and says what fell out', () => {
  const assets = fc
    .uniqueArray(fc.record({ name: fc.nat(), at: fc.option(fc.integer({ min: 0, max: 50 })) }), { selector: ({ name }) => name })
    .map((items) => items.map(({ name, at }) => asset({ recordName: `r${name}`, takenAt: at === null ? null : new Date(at), addedAt: null })));
  fc.assert(
    fc.property(assets, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 7 }), (all, most, size) => {
      let kept: CloudAsset[] = [];
      const dropped: CloudAsset[] = [];
      for (let start = 0; start < all.length; start += size) {
        const next = newest(kept, all.slice(start, start + size), most);
        expect(next.kept.length).toBeLessThanOrEqual(most);
        kept = next.kept;
        dropped.push(...next.dropped);
      }
      expect(kept.length + dropped.length).toBe(all.length);
      const oldestKept = Math.min(...kept.map((item) => dateOf(item) ?? Infinity));
      for (const item of dropped) expect(dateOf(item) ?? Infinity).toBeLessThanOrEqual(oldestKept);
      expect(newest([], all, most).kept).toEqual(kept);
    }),
  );
});
