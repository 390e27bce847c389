import fc from 'fast-check';
import type { ContentAnswer, ContentResponse, ServiceRequest, WebService } from '../service';
import { ServiceClient } from '../service';
import { assetRecord, failure, masterRecord, primary, tombstone } from '../e2e/paper/records';
import { PhotoLibrary } from './library';
import type { Change, Refusal } from './types';

interface Page {
  readonly records: readonly unknown[] | undefined;
  readonly moreComing: boolean;
  readonly syncToken: string;
}

/** Pages of changes by token; records by name. */
class ChangesOnPaper extends ServiceClient {
  readonly lookups: string[][] = [];
  readonly pages = new Map<string, unknown>();
  readonly records = new Map<string, unknown>();

  static of(pages: readonly Page[], records: readonly { recordName: string }[] = []): ChangesOnPaper {
    const paper = new ChangesOnPaper();
    pages.forEach((page, index) => paper.pages.set(index === 0 ? 'start' : (pages[index - 1]?.syncToken ?? ''), { zones: [{ zoneID: { zoneName: 'PrimarySync' }, ...page }] }));
    for (const record of records) paper.records.set(record.recordName, record);
    return paper;
  }

  override async call(_: WebService, path: string, { body }: ServiceRequest): Promise<unknown> {
    if (path.endsWith('/records/lookup')) {
      const names = (body as { records: { recordName: string }[] }).records.map(({ recordName }) => recordName);
      this.lookups.push(names);
      return { records: names.map((name) => this.records.get(name) ?? failure(name)) };
    }
    const token = (body as { zones: { syncToken: string }[] }).zones[0]!.syncToken;
    return this.pages.get(token) ?? { zones: [{ zoneID: { zoneName: 'PrimarySync' }, serverErrorCode: 'BAD_REQUEST', reason: 'Unknown sync continuation type' }] };
  }

  override async open(): Promise<ContentResponse> {
    throw new Error('nothing to download here');
  }

  override async send(): Promise<ContentAnswer> {
    throw new Error('nothing is taken here');
  }
}

async function changesOf(paper: ChangesOnPaper, token = 'start') {
  const changes: Change[] = [];
  const refused: Refusal[] = [];
  const tokens: string[] = [];
  for await (const page of new PhotoLibrary(paper, { clock: { sleep: () => Promise.resolve() } }).changes(primary, token)) {
    changes.push(...page.changes);
    refused.push(...page.refused);
    tokens.push(page.syncToken);
  }
  return { said: changes.map((change) => (change.kind === 'asset' ? `here ${change.asset.recordName}` : `${change.how} ${change.recordName}`)), refused, tokens };
}

it('tells new, trashed, hidden and purged assets, over empty pages', async () => {
  const paper = ChangesOnPaper.of([
    { records: [masterRecord('m1'), assetRecord('a1', 'm1'), { recordName: 'Album', recordType: 'CPLAlbum', fields: {} }], moreComing: true, syncToken: 't1' },
    { records: [], moreComing: true, syncToken: 't2' },
    { records: undefined, moreComing: true, syncToken: 't3' },
    { records: [assetRecord('a2', 'm2', { isDeleted: { value: 1 } }), masterRecord('m2', { isDeleted: { value: 1 } }), assetRecord('a3', 'm3', { isHidden: { value: 1 } })], moreComing: true, syncToken: 't4' },
    { records: [tombstone('a4'), tombstone('a1-IN-Album')], moreComing: false, syncToken: 't5' },
  ]);
  const { said, tokens, refused } = await changesOf(paper);
  expect(said).toEqual(['here a1', 'trashed a2', 'hidden a3', 'purged a4']);
  expect(tokens).toEqual(['t1', 't2', 't3', 't4', 't5']);
  expect([refused, paper.lookups]).toEqual([[], []]);
});

it('looks the master up when only the asset changed, but not when the page before had it', async () => {
  const paper = ChangesOnPaper.of(
    [
      { records: [assetRecord('a1', 'm1', { isFavorite: { value: 1 } }), masterRecord('m2')], moreComing: true, syncToken: 't1' },
      { records: [assetRecord('a2', 'm2'), assetRecord('a3', 'gone')], moreComing: false, syncToken: 't2' },
    ],
    [masterRecord('m1') as { recordName: string } & Record<string, unknown>],
  );
  const { said, refused } = await changesOf(paper);
  expect(said).toEqual(['here a1', 'here a2']);
  expect(refused).toMatchObject([{ recordName: 'a3', code: 'MASTER_NOT_FOUND' }]);
  expect(paper.lookups).toEqual([['m1'], ['gone']]);
});

it('takes a zone’s error for a token that is no good, and a gone zone for photos that are off', async () => {
  await expect(changesOf(ChangesOnPaper.of([]), 'old')).rejects.toMatchObject({ code: 'ICLOUD_SYNC_TOKEN_INVALID' });
  const paper = ChangesOnPaper.of([]);
  paper.pages.set('start', { zones: [{ serverErrorCode: 'ZONE_NOT_FOUND', reason: 'Zone does not exist' }] });
  await expect(changesOf(paper)).rejects.toMatchObject({ code: 'ICLOUD_PHOTOS_OFF' });
});

it('does not go round in circles with a token that stands still', async () => {
  const paper = ChangesOnPaper.of([{ records: [], moreComing: true, syncToken: 'start' }]);
  await expect(changesOf(paper)).rejects.toMatchObject({ code: 'ICLOUD_ANSWER_UNKNOWN' });
});

it('ends with each name as it was last mentioned, whatever pages the log is cut into', async () => {
  const event = fc.record({ id: fc.nat({ max: 15 }), what: fc.constantFrom('here', 'trashed', 'hidden', 'purged', 'broken'), withMaster: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (events, size) => {
      const expected = new Map<string, string>();
      const log = events.flatMap(({ id, what, withMaster }) => {
        const name = `a${id}`;
        expected.set(name, what === 'broken' ? 'here' : what);
        const fields = what === 'trashed' ? { isDeleted: { value: 1 } } : what === 'hidden' ? { isHidden: { value: 1 } } : {};
        const record = what === 'purged' ? tombstone(name) : what === 'broken' ? failure(name, 'INTERNAL_ERROR') : assetRecord(name, `m${id % 5}`, fields);
        return withMaster ? [masterRecord(`m${id % 5}`), record] : [record];
      });
      const pages: Page[] = [];
      for (let start = 0; start < log.length || pages.length === 0; start += size) pages.push({ records: log.slice(start, start + size), moreComing: start + size < log.length, syncToken: `t${start}` });
      const known = [...Array.from({ length: 5 }, (_, index) => masterRecord(`m${index}`)), ...Array.from({ length: 16 }, (_, index) => assetRecord(`a${index}`, `m${index % 5}`))];
      const { said, refused } = await changesOf(ChangesOnPaper.of(pages, known as unknown as { recordName: string }[]));
      const last = new Map(said.map((line) => line.split(' ').reverse() as [string, string]));
      expect(last).toEqual(expected);
      expect(refused).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
