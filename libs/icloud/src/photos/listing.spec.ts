import fc from 'fast-check';
import { PaperCloud, paperAssets } from '../e2e/paper/paper-cloud';
import { failure, masterRecord, primary } from '../e2e/paper/records';
import { PhotoLibrary } from './library';
import type { ListOptions } from './listing';
import type { CloudAsset, Refusal } from './types';

const clock = { sleep: () => Promise.resolve() };

async function listed(cloud: PaperCloud, options: ListOptions & { pageSize?: number } = {}) {
  const assets: CloudAsset[] = [];
  const refused: Refusal[] = [];
  const tokens = new Set<string>();
  const library = new PhotoLibrary(cloud, { clock, ...(options.pageSize && { pageSize: options.pageSize }) });
  for await (const page of library.list(primary, options)) {
    assets.push(...page.assets);
    refused.push(...page.refused);
    tokens.add(page.syncToken);
  }
  return { names: assets.map(({ recordName }) => recordName), assets, refused, tokens: [...tokens] };
}

const sorted = (names: readonly string[]) => [...names].sort();

it('lists every asset once, with the first answer’s token', async () => {
  const cloud = new PaperCloud(paperAssets(1000));
  const { names, tokens, refused } = await listed(cloud);
  expect(sorted(names)).toEqual(sorted(cloud.assets.map(({ id }) => id)));
  expect([tokens, refused]).toEqual([['token-1'], []]);
  expect(cloud.asked.every(({ body }) => (body.resultsLimit ?? 0) <= 200)).toBe(true);
});

it('lists an empty library in three requests', async () => {
  const cloud = new PaperCloud([]);
  expect(await listed(cloud)).toMatchObject({ names: [], tokens: ['token-1'] });
  expect(cloud.asked.length).toBe(3);
});

it('lists every asset once whatever way records are torn over pages, doubled, shuffled and left out for a page', async () => {
  const tear = fc.record({ pages: fc.nat({ max: 15 }), how: fc.constantFrom('last asset later', 'first master later', 'nothing at all', 'reversed', 'doubled', 'half'), at: fc.nat({ max: 100 }) });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 120 }), fc.integer({ min: 4, max: 40 }), fc.array(tear, { maxLength: 8 }), fc.boolean(), async (most, pageSize, tears, countKnown) => {
      const cloud = new PaperCloud(paperAssets(most));
      // Without a count nobody can know that something held back is still to come after the last page.
      if (!countKnown && !tears.some(({ how }) => how.endsWith('later'))) cloud.count = null;
      let late: unknown[] = [];
      let emptied = 0;
      cloud.distort = (records, page) => {
        // A short page is one that ends sooner: what it leaves out begins the next.
        let answer = tears.some(({ pages, how }) => pages === page && how === 'half') ? records.slice(0, Math.ceil(records.length / 2)) : [...records];
        const held = late;
        late = [];
        for (const { pages, how } of tears) {
          if (pages !== page) continue;
          if (how === 'last asset later') late.push(...answer.splice(-1));
          if (how === 'first master later') late.push(...answer.splice(0, 1));
          if (how === 'reversed') answer.reverse();
          if (how === 'doubled') answer = answer.flatMap((record) => [record, record]);
          // Two empty answers for one place are borne, more may be the end.
          if (how === 'nothing at all' && emptied < 2) {
            emptied += 1;
            return [];
          }
        }
        return [...answer, ...held];
      };
      const { names, refused } = await listed(cloud, { pageSize });
      expect(sorted(names)).toEqual(sorted(cloud.assets.map(({ id }) => id)));
      expect(refused).toEqual([]);
    }),
    { numRuns: 120 },
  );
});

it('misses nothing while photos are deleted and added in mid-listing', async () => {
  const cloud = new PaperCloud(paperAssets(600));
  const stay = cloud.assets.filter((_, index) => index % 7 !== 0).map(({ id }) => id);
  cloud.beforePage = (page) => {
    if (page === 2) cloud.assets = cloud.assets.filter(({ id }) => stay.includes(id));
    if (page === 3) cloud.assets = [...Array.from({ length: 5 }, (_, index) => ({ id: `new-${index}`, master: `new-m-${index}`, at: 1_800_000_000_000 })), ...cloud.assets];
  };
  const { names } = await listed(cloud);
  expect(new Set(names).size).toBe(names.length);
  for (const id of stay) expect(names).toContain(id);
});

it('looks a refused record up once more, and then counts it', async () => {
  const cloud = new PaperCloud(paperAssets(30));
  cloud.distort = (records) =>
    records.map((record) => {
      const { recordName } = record as { recordName: string };
      return ['asset-4', 'asset-6', 'master-9'].includes(recordName) ? failure(recordName, 'INTERNAL_ERROR') : record;
    });
  const whole = cloud.lookup.bind(cloud);
  cloud.lookup = (name) => (name === 'asset-6' || name === 'master-9' ? failure(name, 'NOT_FOUND', 'gone') : whole(name));
  const { names, refused } = await listed(cloud);
  expect(names).toContain('asset-4');
  expect(sorted(refused.map(({ recordName }) => recordName))).toEqual(['asset-6', 'asset-9']);
  expect(names.length + refused.length).toBe(30);
});

it('says which records it could not understand and which masters are alone', async () => {
  const cloud = new PaperCloud(paperAssets(3));
  cloud.distort = (records, page) => (page === 0 ? [...records, 17, { recordName: 'odd', recordType: 12 }, masterRecord('alone')] : records);
  const { names, refused } = await listed(cloud);
  expect(names.length).toBe(3);
  expect(refused.map(({ recordName, code }) => `${recordName}:${code}`).sort()).toEqual(['(unnamed):NOT_UNDERSTOOD', 'alone:MASTER_WITHOUT_ASSET', 'odd:NOT_UNDERSTOOD']);
});

it('ends, with few requests, when the server counts more than it lists', async () => {
  const cloud = new PaperCloud(paperAssets(50));
  cloud.count = 5000;
  expect((await listed(cloud)).names.length).toBe(50);
  expect(cloud.asked.length).toBeLessThan(20);
});

it('gives the newest first whichever way the server ranks', async () => {
  const newestFirst = paperAssets(500);
  for (const assets of [newestFirst, [...newestFirst].reverse()]) {
    const cloud = new PaperCloud(assets);
    const library = new PhotoLibrary(cloud, { clock });
    const pages: CloudAsset[][] = [];
    for await (const page of library.list(primary, { newestFirst: true })) pages.push(page.assets);
    const first = new Set(pages[0]?.map(({ recordName }) => recordName));
    expect(first).toContain('asset-0');
    expect(pages.flat().length).toBe(500);
    const dates = pages.filter(({ length }) => length > 0).map((page) => Math.max(...page.map(({ takenAt }) => takenAt?.getTime() ?? 0)));
    expect(dates).toEqual([...dates].sort((a, b) => b - a));
  }
});

it('comes to an end with a server that does not heed the rank', async () => {
  const cloud = new PaperCloud(paperAssets(1000));
  const first = (await cloud.call('ckdatabasews', '/records/query', { body: { query: { recordType: 'x' } } })) as { records: unknown[] };
  cloud.distort = () => first.records;
  expect((await listed(cloud)).names.length).toBe(first.records.filter((record) => (record as { recordType: string }).recordType === 'CPLAsset').length);
  expect(cloud.asked.length).toBeLessThan(100);
});

it('waits for the library to be indexed', async () => {
  const cloud = new PaperCloud([]);
  const answer = cloud.call.bind(cloud);
  cloud.call = async (service, path, request) => {
    const body = (await answer(service, path, request)) as { records?: { recordType?: string }[] };
    return body.records?.[0]?.recordType === 'CheckIndexingState' ? { records: [{ fields: { state: { value: 'RUNNING' } } }] } : body;
  };
  await expect(listed(cloud)).rejects.toMatchObject({ code: 'ICLOUD_INDEXING' });
});
