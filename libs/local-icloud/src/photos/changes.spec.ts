import fc from 'fast-check';
import { assetsOf, mastersOf, PhotoServer, primary } from './spec-support/photo-server';
import type { WireRecord } from './spec-support/photo-server';

let server: PhotoServer;
beforeEach(async () => (server = await PhotoServer.start()));
afterEach(() => server.close());

const token = async () => (await server.list(0)).syncToken;
const names = (records: readonly WireRecord[]) => records.map(({ recordName, recordType }) => recordType === 'CPLLibraryInfo' ? 'info' : recordName);

describe('a sync token', () => {
  it('looks as recorded ones do and stands still while nothing changes', async () => {
    server.library.addSynthetic(3);
    const now = await token();
    expect(now).toMatch(/^AQ[A-Za-z0-9+/]{42}$/);
    expect(await server.changes(now)).toMatchObject({ records: [], moreComing: false, syncToken: now });
  });

  it('begins all history when there is none, and stands for the end when it is empty', async () => {
    server.library.addSynthetic(3);
    const first = await server.changes(undefined);
    expect(first).toMatchObject({ records: [], moreComing: true });
    const second = await server.changes(first.syncToken);
    expect([mastersOf(second.records).length, assetsOf(second.records).length]).toEqual([3, 3]);
    expect(await server.changes('')).toMatchObject({ records: [], moreComing: false });
  });

  it('that is no longer or was never good is refused inside HTTP 200, for its zone alone', async () => {
    const other = server.library.addSharedLibrary();
    const [good, database] = [await token(), (await server.post('changes/database', {})).syncToken];
    const refusal = async (syncToken: string) => {
      const answer = await server.post('changes/zone', { zones: [{ zoneID: primary, syncToken }, { zoneID: { zoneName: other } }, { zoneID: { zoneName: 'SharedSync' } }] });
      expect([answer.status, answer.zones[1]?.serverErrorCode, answer.zones[2]?.serverErrorCode]).toEqual([200, undefined, 'ZONE_NOT_FOUND']);
      return [answer.zones[0]?.serverErrorCode, answer.zones[0]?.reason];
    };
    const unknown = ['BAD_REQUEST', 'Unknown sync continuation type'];
    expect(await refusal(Buffer.from('garbage').toString('base64'))).toEqual(unknown);
    expect(await refusal(good.slice(0, 20))).toEqual(['BAD_REQUEST', 'Invalid continuation format']);
    expect(await refusal(database)).toEqual(unknown);
    expect(await refusal((await server.list(0, { zoneID: { zoneName: other } })).syncToken)).toEqual(unknown);
    server.faults.once('token.expired');
    expect(await refusal(good)).toEqual(unknown);
    expect(await server.changes(good)).not.toHaveProperty('serverErrorCode');
    server.library.expireTokens();
    expect(await refusal(good)).toEqual(unknown);
  });
});

it('answers with one request whether anything has changed, and where', async () => {
  const shared = server.library.addSharedLibrary();
  const all = await server.post('changes/database', {});
  expect(all.zones.map(({ zoneID }) => zoneID.zoneName)).toEqual(['PrimarySync', shared]);
  const none = await server.post('changes/database', { syncToken: all.syncToken });
  expect(none.zones).toEqual([]);
  expect(none.syncToken).not.toBe(all.syncToken);
  server.library.addSynthetic(1, { zone: shared });
  expect((await server.post('changes/database', { syncToken: none.syncToken })).zones.map(({ zoneID }) => zoneID.zoneName)).toEqual([shared]);
  expect(await server.post('changes/database', { syncToken: 'AAAA' })).toMatchObject({ status: 400, serverErrorCode: 'BAD_REQUEST' });
});

describe('what people do shows as clients recorded it', () => {
  const delta = async (act: (recordName: string, masterName: string) => void | Promise<void>) => {
    const { recordName, masterName } = await server.library.add({ filename: 'a.jpg', original: { synthetic: 'jpeg' } });
    const before = await token();
    await act(recordName, masterName);
    const { records } = await server.changes(before);
    return { records: records.filter(({ recordType }) => recordType !== 'CPLLibraryInfo'), recordName, masterName, names: names(records) };
  };

  it('an addition: master, asset and the library’s counters', async () => {
    const before = await token();
    const { recordName, masterName } = await server.library.add({ filename: 'a.jpg', original: { synthetic: 'jpeg' } });
    expect(names((await server.changes(before)).records)).toEqual([masterName, recordName, 'info']);
  });

  it('edits, favourites, hiding and dates: the asset alone', async () => {
    for (const act of [(name: string) => server.library.edit(name, { picture: { synthetic: 'jpeg' } }), (name: string) => server.library.favourite(name), (name: string) => server.library.hide(name), (name: string) => server.library.redate(name, 5)]) {
      const { names, recordName } = await delta(act);
      expect(names).toEqual([recordName, 'info']);
    }
  });

  it('trash: both records with isDeleted 1 and everything else still there; restoring: the asset alone, without the field', async () => {
    const trashed = await delta((name) => server.library.trash(name));
    expect(trashed.records.map(({ recordName }) => recordName)).toEqual([trashed.masterName, trashed.recordName]);
    for (const { deleted, fields } of trashed.records) expect([deleted, fields['isDeleted']?.value]).toEqual([false, 1]);
    expect(trashed.records[0]?.fields.resOriginalRes).toBeDefined();
    const before = await token();
    server.library.restore(trashed.recordName);
    const { records } = await server.changes(before);
    expect(names(records)).toEqual([trashed.recordName, 'info']);
    expect(records[0]?.fields).not.toHaveProperty('isDeleted');
  });

  it('trash of one of two assets: that asset alone', async () => {
    const { names, recordName } = await delta((name) => {
      server.library.duplicate(name);
      server.library.trash(name);
    });
    expect(names).toHaveLength(3);
    expect(names).toContain(recordName);
  });

  it('trash of an asset that is in the trash already, with another alive: nothing about the master', async () => {
    const { records, masterName } = await delta((name) => {
      server.library.trash(name);
      server.library.duplicate(name);
      server.library.trash(name);
    });
    expect(records.find(({ recordName }) => recordName === masterName)?.fields['isDeleted']?.value).toBe(1);
  });

  it('purging: names without type or fields', async () => {
    const { records, recordName, masterName } = await delta((name) => server.library.purge(name));
    for (const name of [recordName, masterName]) expect(records).toContainEqual(expect.objectContaining({ recordName: name, recordType: null, deleted: true, recordChangeTag: expect.any(String) }));
    expect(records[0]).not.toHaveProperty('fields');
    expect((await server.post('records/lookup', { records: [{ recordName }], zoneID: primary })).records).toEqual([{ recordName, serverErrorCode: 'NOT_FOUND', reason: 'Record not found' }]);
  });

  it('albums: the album and a relation, neither asset nor master', async () => {
    const album = server.library.albums.create('Lisbon');
    const added = await delta((name) => server.library.albums.include(album, name));
    expect(added.names).toEqual([album, `${added.recordName}-IN-${album}`, 'info']);
    const before = await token();
    server.library.albums.exclude(album, added.recordName);
    const gone = (await server.changes(before)).records;
    expect(gone).toContainEqual(expect.objectContaining({ recordName: `${added.recordName}-IN-${album}`, recordType: null, deleted: true }));
  });

  it('sharing: the same master name in the other zone, with who contributed it', async () => {
    const zone = server.library.addSharedLibrary();
    const { recordName, masterName } = await server.library.add({ filename: 'a.jpg', original: { synthetic: 'jpeg' } });
    server.library.share(recordName, zone);
    const { records } = await server.list(0, { zoneID: { zoneName: zone } });
    expect(records[0]).toMatchObject({ recordName: masterName, fields: { contributors: { type: 'REFERENCE_LIST', value: [{ recordName: server.library.owner }] } } });
  });
});

it('walks superseded changes as empty pages with more behind them', async () => {
  const [name] = server.library.addSynthetic(1);
  const before = await token();
  for (let turn = 0; turn < 600; turn++) server.library.favourite(name!, turn % 2 === 0);
  let page = await server.changes(before);
  const lengths = [page.records.length];
  while (page.moreComing) lengths.push((page = await server.changes(page.syncToken)).records.length);
  expect(lengths.length).toBeGreaterThan(4);
  expect(lengths.slice(0, -1).every((length) => length === 0)).toBe(true);
  expect(lengths.at(-1)).toBe(2);
});

it('looks records up in the order asked, 200 at most, with fresh URLs and one error when told to', async () => {
  const asked = server.library.addSynthetic(3).toReversed();
  const masters = asked.map((name) => server.library.get(name).masterName);
  const lookup = async (wanted: readonly string[]) => server.post('records/lookup', { records: wanted.map((recordName) => ({ recordName })), zoneID: primary, desiredKeys: ['resOriginalRes', 'masterRef'] });
  const first = await lookup([...asked, 'nobody', ...masters]);
  expect(first.records.map(({ recordName }) => recordName)).toEqual([...asked, 'nobody', ...masters]);
  expect(first.records[3]?.serverErrorCode).toBe('NOT_FOUND');
  const url = (answer: typeof first) => answer.records.at(-1)?.fields.resOriginalRes?.value.downloadURL;
  expect(url(await lookup(masters))).not.toBe(url(first));
  server.faults.once('lookup.recordError');
  expect((await lookup(asked)).records.filter(({ serverErrorCode }) => serverErrorCode !== undefined)).toHaveLength(1);
  expect(await lookup(Array<string>(201).fill('x'))).toMatchObject({ status: 400, reason: expect.stringContaining("array 'records' length is greater than max size") });
});

it('reproduces the library by replaying changes from any token, whatever happened and however pages came', async () => {
  const act = fc.record({ what: fc.constantFrom('add', 'favourite', 'hide', 'trash', 'restore', 'purge', 'duplicate', 'edit', 'redate', 'again'), who: fc.nat() });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), fc.constantFrom(1, 3, 7, 200), fc.constantFrom(0, 0.4), async (acts, limit, emptyPage) => {
      const own = await PhotoServer.start();
      try {
        own.faults.withProbability('query.emptyPage', emptyPage);
        const replay = async (state: Map<string, string>, from: string | undefined) => {
          let page = await own.changes(from, limit);
          for (;;) {
            for (const record of page.records) {
              if (record.deleted) state.delete(record.recordName);
              else state.set(record.recordName, JSON.stringify(record.fields, (key, value: unknown) => (key === 'downloadURL' ? null : value)));
            }
            if (!page.moreComing) return page.syncToken;
            page = await own.changes(page.syncToken, limit);
          }
        };
        const library = own.library;
        const copies: { state: Map<string, string>; token: string }[] = [];
        let seed = 0;
        for (const { what, who } of acts) {
          const assets = library.assets();
          const one = assets[who % Math.max(1, assets.length)]?.recordName;
          if (what === 'add' || what === 'again' || one === undefined) await library.add({ filename: 'a.jpg', original: { synthetic: 'jpeg', seed: what === 'again' ? who % 3 : 100 + seed++ } });
          else if (what === 'edit') await library.edit(one, { picture: { synthetic: 'jpeg' } });
          else if (what === 'redate') library.redate(one, who % 100_000);
          else library[what](one);
          if (who % 4 === 0) {
            const state = new Map<string, string>();
            copies.push({ state, token: await replay(state, undefined) });
          }
        }
        const truth = new Map<string, string>();
        await replay(truth, undefined);
        expect([...truth.keys()].filter((name) => library.assets().some(({ recordName }) => recordName === name))).toHaveLength(library.assets().length);
        for (const { state, token } of copies) {
          await replay(state, token);
          expect(Object.fromEntries(state)).toEqual(Object.fromEntries(truth));
        }
      } finally {
        await own.close();
      }
    }),
    { numRuns: 40 },
  );
});
