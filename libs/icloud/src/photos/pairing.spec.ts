import fc from 'fast-check';
import * as paper from '../e2e/paper/records';
import { Pairing } from './pairing';
import { sortRecords } from './wire';

/** Assets with their masters' numbers: a few masters have several. */
const library = fc.array(fc.nat({ max: 40 }), { maxLength: 80 }).map((masters) => masters.map((master, index) => ({ id: `asset-${index}`, master: `master-${master}` })));

const scrambled = library.chain((assets) => {
  const records = [...assets.map(({ id, master }) => paper.assetRecord(id, master)), ...[...new Set(assets.map(({ master }) => master))].map((name) => paper.masterRecord(name))];
  return fc.tuple(
    fc.constant(assets),
    fc.shuffledSubarray(records, { minLength: records.length, maxLength: records.length }),
    fc.array(fc.nat({ max: 12 }), { maxLength: 60 }),
    fc.array(fc.nat(), { maxLength: 10 }),
    fc.integer({ min: 1, max: 30 }),
  );
});

it('pairs every asset once or hands it back, in any order, over any page borders, and holds no more than it may', () => {
  fc.assert(
    fc.property(scrambled, ([assets, records, sizes, repeats, room]) => {
      const stream = [...records];
      for (const at of repeats) if (stream.length > 0) stream.splice(at % stream.length, 0, ...(records[at % records.length] ? [records[at % records.length]!] : []));
      const pairing = new Pairing(room);
      const paired = new Set<string>();
      const open = new Set<string>();
      for (let start = 0, page = 0; start < stream.length; page += 1) {
        const size = sizes.length === 0 ? 7 : (sizes[page % sizes.length] ?? 1) + (page % 2);
        const sorted = sortRecords(stream.slice(start, start + size));
        start += size;
        // As a listing does: an asset that has been seen is not fed again.
        const fresh = sorted.assets.filter(({ recordName }, index) => !paired.has(recordName) && !open.has(recordName) && sorted.assets.findIndex((other) => other.recordName === recordName) === index);
        const { pairs, overdue } = pairing.feed(fresh, sorted.masters);
        for (const { asset, master } of pairs) {
          expect(asset.masterName).toBe(master.recordName);
          expect(paired.has(asset.recordName)).toBe(false);
          paired.add(asset.recordName);
        }
        for (const { recordName } of fresh) if (!paired.has(recordName)) open.add(recordName);
        for (const { recordName } of pairs.map(({ asset }) => asset)) open.delete(recordName);
        for (const { recordName } of overdue) paired.add(recordName);
        expect(pairing.held).toBeLessThanOrEqual(2 * room);
      }
      for (const { recordName } of pairing.finish().overdue) {
        expect(paired.has(recordName)).toBe(false);
        paired.add(recordName);
      }
      expect([...paired].sort()).toEqual(assets.map(({ id }) => id).sort());
    }),
    { numRuns: 300 },
  );
});

it('tells masters that no asset named', () => {
  const pairing = new Pairing(10);
  const { assets, masters } = sortRecords([paper.masterRecord('m1'), paper.masterRecord('m2'), paper.assetRecord('a', 'm2')]);
  pairing.feed(assets, masters);
  expect(pairing.finish().lone.map(({ recordName }) => recordName)).toEqual(['m1']);
});
