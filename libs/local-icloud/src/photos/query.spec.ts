import { assetsOf, equals, listType, mastersOf, PhotoServer, primary } from './spec-support/photo-server';

let server: PhotoServer;
beforeEach(async () => (server = await PhotoServer.start()));
afterEach(() => server.close());

describe('what is refused', () => {
  it('asks for the session before anything else', async () => {
    const response = await server.raw('records/query', 'not even JSON', { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(response.status).toBe(421);
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded', '{}', /content type/],
    ['broken JSON', 'text/plain', '{', /not valid JSON/],
    ['a list', 'text/plain', '[]', /'body'/],
    ['no query', 'text/plain', '{}', /missing required field 'query'/],
    ['no record type', 'application/json', '{"query":{},"zoneID":{"zoneName":"PrimarySync"}}', /missing required field 'recordType'/],
    ['no zone', 'text/plain', '{"query":{"recordType":"CheckIndexingState"}}', /missing required field 'zoneID'/],
  ])('refuses %s with BAD_REQUEST', async (_what, type, body, reason) => {
    const response = await server.raw('records/query', body, { headers: { cookie: 'session=1', 'content-type': type } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ uuid: expect.any(String), serverErrorCode: 'BAD_REQUEST', reason: expect.stringMatching(reason) });
  });

  it('refuses a page without startRank or direction, and more than 200 records', async () => {
    const query = (filterBy: object[], resultsLimit = 200) => server.post('records/query', { query: { recordType: listType, filterBy }, resultsLimit, zoneID: primary });
    expect((await query([equals('direction', 'ASCENDING')])).reason).toContain("'startRank'");
    expect((await query([equals('startRank', 0, 'INT64')])).reason).toContain("'direction'");
    expect((await query([equals('startRank', -1, 'INT64'), equals('direction', 'ASCENDING')])).status).toBe(400);
    expect((await query([equals('startRank', 0, 'INT64'), equals('direction', 'ASCENDING')], 201)).reason).toContain('resultsLimit is greater than max size 200');
    server.library.overLimit = 'cap';
    server.library.addSynthetic(150);
    expect((await query([equals('startRank', 0, 'INT64'), equals('direction', 'ASCENDING')], 400)).records).toHaveLength(200);
  });

  it('knows no zone of another database, and no photos in a share link', async () => {
    server.library.addOtherZones();
    const shared = server.library.addSharedLibrary('shared');
    expect(await server.list(0, { zoneID: { zoneName: 'SharedSync' } })).toMatchObject({ status: 404, serverErrorCode: 'ZONE_NOT_FOUND' });
    expect(await server.list(0, { zoneID: { zoneName: shared } })).toMatchObject({ serverErrorCode: 'ZONE_NOT_FOUND' });
    expect((await server.list(0, { zoneID: { zoneName: shared }, database: 'shared' })).records).toEqual([]);
    const link = server.library.zones.find((zone) => zone.id.zoneName.startsWith('CMM-'));
    expect(await server.post('records/query', { query: { recordType: 'CheckIndexingState' }, zoneID: link?.id })).toMatchObject({ status: 404, serverErrorCode: 'NOT_FOUND' });
  });
});

it('lists the zones of each database', async () => {
  server.library.addOtherZones();
  const own = server.library.addSharedLibrary('private');
  const foreign = server.library.addSharedLibrary('shared');
  const names = async (database: string) => (await server.post('zones/list', {}, { database })).zones.map(({ zoneID }) => zoneID.zoneName);
  expect(await names('private')).toEqual(['PrimarySync', expect.stringMatching(/^CMM-/), expect.stringMatching(/^AppLibrarySync-/), own]);
  expect(await names('shared')).toEqual([foreign]);
});

it('says whether indexing has finished', async () => {
  const state = async () => (await server.post('records/query', { query: { recordType: 'CheckIndexingState' }, zoneID: primary })).records[0]?.fields['state']?.value;
  expect(await state()).toBe('FINISHED');
  server.faults.once('indexing.running');
  expect(await state()).toBe('RUNNING');
  expect(await state()).toBe('FINISHED');
});

it('gives masters, then assets, newest first, 200 records at most, with one sync token', async () => {
  server.library.addSynthetic(130);
  const first = await server.list(0);
  const second = await server.list(100);
  expect(first.records.map(({ recordType }) => recordType)).toEqual([...Array<string>(100).fill('CPLMaster'), ...Array<string>(100).fill('CPLAsset')]);
  expect(second.records).toHaveLength(60);
  expect(first.continuationMarker).toBeDefined();
  expect(second.continuationMarker).toBeUndefined();
  expect(second.syncToken).toBe(first.syncToken);
  const dates = [...assetsOf(first.records), ...assetsOf(second.records)].map(({ fields }) => Number(fields['assetDate']?.value));
  expect(dates).toEqual(dates.toSorted((a, b) => b - a));
  expect(new Set(dates).size).toBe(130);
  const oldest = assetsOf(second.records).at(-1)?.recordName;
  const back = assetsOf((await server.list(129, { direction: 'DESCENDING' })).records).map(({ recordName }) => recordName);
  expect(back[0]).toBe(oldest);
  expect(back).toHaveLength(100);
  expect(await server.post('records/query', { query: { recordType: 'CheckIndexingState' }, zoneID: primary }, { query: '' })).not.toHaveProperty('syncToken');
});

it('goes on by continuation marker, whatever was added in between', async () => {
  server.library.addSynthetic(250);
  const first = await server.list(0);
  server.library.addSynthetic(7);
  const go = async (continuationMarker: string) => server.post('records/query', { query: { recordType: listType, filterBy: [equals('direction', 'ASCENDING')] }, continuationMarker, resultsLimit: 200, zoneID: primary });
  const second = await go(first.continuationMarker!);
  const third = await go(second.continuationMarker!);
  expect(third.continuationMarker).toBeUndefined();
  expect(new Set([first, second, third].flatMap(({ records }) => assetsOf(records).map(({ recordName }) => recordName))).size).toBe(250);
  expect(await go('bm9uc2Vuc2U=')).toMatchObject({ status: 400, serverErrorCode: 'BAD_REQUEST' });
});

it('gives records in their recorded shape', async () => {
  const { recordName } = await server.library.add({
    filename: '🌄 Füße.heic', original: { synthetic: 'heic', bytes: 5000 }, liveVideo: { synthetic: 'mov', bytes: 3000 }, takenAt: Date.UTC(2024, 0, 2), timeZoneOffset: 3600, width: 64, height: 48,
  });
  await server.library.edit(recordName, { picture: { synthetic: 'jpeg' }, video: { synthetic: 'mov' }, sidecar: { data: Buffer.from('<plist/>'), type: 'com.apple.photos.apple-adjustment-envelope' } });
  const { records } = await server.list(0);
  const [master, asset] = [records[0]!, records[1]!];
  expect(master).toMatchObject({ recordType: 'CPLMaster', deleted: false, recordChangeTag: expect.any(String), pluginFields: {}, zoneID: { zoneName: 'PrimarySync', zoneType: 'REGULAR_CUSTOM_ZONE', ownerRecordName: server.library.owner } });
  expect(master.fields).toMatchObject({
    filenameEnc: { type: 'ENCRYPTED_BYTES', value: Buffer.from('🌄 Füße.heic').toString('base64') },
    itemType: { type: 'STRING', value: 'public.heic' },
    resOriginalFingerprint: { value: master.recordName },
    resOriginalWidth: { type: 'INT64', value: 64 },
    resOriginalRes: { type: 'ASSETID', value: { size: 5000, fileChecksum: master.recordName, wrappingKey: expect.any(String), referenceChecksum: expect.any(String), downloadURL: expect.stringContaining('/${f}?') } },
    resOriginalVidComplFileType: { value: 'com.apple.quicktime-movie' },
    resOriginalVidComplRes: { value: { size: 3000 } },
  });
  expect(asset.fields).toMatchObject({
    assetDate: { type: 'TIMESTAMP', value: Date.UTC(2024, 0, 2) },
    timeZoneOffset: { type: 'INT64', value: 3600 },
    masterRef: { type: 'REFERENCE', value: { recordName: master.recordName, action: 'DELETE_SELF' } },
    isHidden: { value: 0 },
    isFavorite: { value: 0 },
    adjustmentType: { value: 'com.apple.photo' },
    resJPEGFullRes: { type: 'ASSETID' },
    resVidFullRes: { type: 'ASSETID' },
    resSidecarRes: { type: 'ASSETID' },
  });
  expect(asset.fields).not.toHaveProperty('isDeleted');
  const few = await server.list(0, { desiredKeys: ['filenameEnc', 'masterRef'] });
  expect(few.records.map(({ fields }) => Object.keys(fields))).toEqual([['filenameEnc'], ['masterRef']]);
});

it('carries names as text, encrypted, or not at all', async () => {
  await server.library.add({ filename: 'plain.jpg', filenameForm: 'STRING', original: { synthetic: 'jpeg' } });
  await server.library.add({ filename: null, original: { synthetic: 'jpeg' } });
  const names = mastersOf((await server.list(0)).records).map(({ fields }) => fields['filenameEnc']);
  expect(names).toContainEqual({ type: 'STRING', value: 'plain.jpg' });
  expect(names).toContain(undefined);
});

it('gives no downloadURL for what a phone has not sent yet', async () => {
  const { recordName } = await server.library.add({ filename: 'a.jpg', original: { synthetic: 'jpeg' } });
  const resource = async () => mastersOf((await server.list(0)).records)[0]?.fields.resOriginalRes?.value;
  server.library.awaitUpload(recordName);
  expect(await resource()).toEqual(expect.not.objectContaining({ downloadURL: expect.anything() }));
  server.library.awaitUpload(recordName, false);
  expect((await resource())?.downloadURL).toContain('/B/');
});

it('gives a master once on a page, however many assets it has there', async () => {
  const { recordName } = await server.library.add({ filename: 'a.jpg', original: { synthetic: 'jpeg', seed: 5 } });
  const again = await server.library.add({ filename: 'copy of a.jpg', original: { synthetic: 'jpeg', seed: 5 } });
  server.library.duplicate(recordName);
  expect(again.masterName).toBe(server.library.get(recordName).masterName);
  const { records } = await server.list(0);
  expect([mastersOf(records).length, assetsOf(records).length]).toEqual([1, 3]);
});

describe('albums, hidden and deleted', () => {
  it('lists albums by position and their members, three records each', async () => {
    const names = server.library.addSynthetic(90);
    const folder = server.library.albums.create('Trips', { folder: true });
    const album = server.library.albums.create('Lisbon', { within: folder, members: names.slice(0, 80) });
    const albums = await server.post('records/query', { query: { recordType: 'CPLAlbumByPositionLive' }, zoneID: primary });
    expect(albums.records.map(({ recordName }) => recordName)).toEqual(['----Root-Folder----', folder, album]);
    expect(albums.records[2]?.fields).toMatchObject({ albumNameEnc: { type: 'ENCRYPTED_BYTES', value: Buffer.from('Lisbon').toString('base64') }, albumType: { value: 0 } });
    const within = await server.post('records/query', { query: { recordType: 'CPLAlbumByPositionLive', filterBy: [equals('parentId', folder)] }, zoneID: primary });
    expect(within.records.map(({ recordName }) => recordName)).toEqual([album]);

    const page = await server.list(0, { recordType: 'CPLContainerRelationLiveByAssetDate', filterBy: [equals('parentId', album)] });
    expect(page.records).toHaveLength(198);
    expect(page.records[0]).toMatchObject({ recordType: 'CPLContainerRelation', recordName: `${names[79] ?? ''}-IN-${album}`, fields: { containerId: { value: album }, itemId: { value: names[79] } } });
    const rest = await server.list(66, { recordType: 'CPLContainerRelationLiveByAssetDate', filterBy: [equals('parentId', album)] });
    expect(assetsOf(rest.records)).toHaveLength(14);
    expect((await server.list(0, { recordType: 'CPLContainerRelationLiveByAssetDate' })).reason).toContain("'parentId'");
  });

  it('lists hidden, deleted and smart albums apart, and counts all of them', async () => {
    const [a, b, c, d] = server.library.addSynthetic(4);
    server.library.hide(a!);
    server.library.trash(b!);
    server.library.favourite(c!);
    const names = async (recordType: string, filterBy: object[] = []) => assetsOf((await server.list(0, { recordType, filterBy })).records).map(({ recordName }) => recordName);
    expect(await names(listType)).toEqual([d, c]);
    expect(await names('CPLAssetAndMasterHiddenByAssetDate')).toEqual([a]);
    expect(await names('CPLAssetAndMasterDeletedByExpungedDate')).toEqual([b]);
    expect(await names('CPLAssetAndMasterInSmartAlbumByAssetDate', [equals('smartAlbum', 'FAVORITE')])).toEqual([c]);
    const count = async (...ids: string[]) =>
      (await server.post('internal/records/query/batch', { batch: [{ resultsLimit: 1, query: { recordType: 'HyperionIndexCountLookup', filterBy: { fieldName: 'indexCountID', comparator: 'IN', fieldValue: { type: 'STRING_LIST', value: ids } } }, zoneWide: true, zoneID: primary }] })).batch[0]?.records.map(({ fields }) => fields['itemCount']?.value);
    expect(await count('CPLAssetByAssetDateWithoutHiddenOrDeleted', 'CPLAssetHiddenByAssetDate', 'CPLAssetDeletedByExpungedDate', 'CPLAssetInSmartAlbumByAssetDate:Favorite')).toEqual([2, 1, 1, 1]);
    server.faults.once('count.off', 2);
    expect(await count('CPLAssetByAssetDateWithoutHiddenOrDeleted')).toEqual([5]);
    expect(await count('CPLAssetByAssetDateWithoutHiddenOrDeleted')).toEqual([0]);
    expect(await count('CPLAssetByAssetDateWithoutHiddenOrDeleted')).toEqual([2]);
  });
});

describe('faults', () => {
  it('throttles inside HTTP 200, with each code in turn', async () => {
    server.faults.once('query.throttled', 4);
    const codes = [];
    for (let turn = 0; turn < 4; turn++) codes.push(await server.list(0));
    expect(codes.map(({ status, serverErrorCode }) => [status, serverErrorCode])).toEqual(['RETRY_LATER', 'TRY_AGAIN_LATER', 'CAS_OP_LOCK', 'THROTTLED'].map((code) => [200, code]));
    expect((await server.list(0)).records).toEqual([]);
  });

  it('puts one error among the records of a page', async () => {
    server.library.addSynthetic(10);
    server.faults.once('query.recordError');
    const { records } = await server.list(0);
    expect(records.filter(({ serverErrorCode }) => serverErrorCode !== undefined)).toEqual([{ recordName: expect.any(String), serverErrorCode: 'ACCESS_DENIED', reason: expect.any(String) }]);
    expect((await server.list(0)).records.every(({ serverErrorCode }) => serverErrorCode === undefined)).toBe(true);
  });

  it('splits pairs over two pages', async () => {
    server.library.addSynthetic(10);
    const lengths = async () => {
      server.faults.once('query.splitPairs');
      const pages = [await server.list(0, { limit: 6 }), await server.list(3, { limit: 6 }), await server.list(6, { limit: 6 }), await server.list(9, { limit: 6 })];
      return pages.map(({ records }) => [mastersOf(records).length, assetsOf(records).length]);
    };
    // the asset comes a page late, and in the next walk the master
    expect(await lengths()).toEqual([[3, 2], [3, 3], [3, 3], [1, 2]]);
    expect(await lengths()).toEqual([[2, 3], [3, 3], [3, 3], [2, 1]]);
    expect((await server.list(0, { limit: 6 })).records).toHaveLength(6);
  });

  it('gives an empty page that is not the end, to those who ask again and to those who go on', async () => {
    const names = server.library.addSynthetic(10).reverse();
    server.faults.once('query.emptyPage');
    expect((await server.list(3, { limit: 6 })).records).toEqual([]);
    expect(assetsOf((await server.list(3, { limit: 6 })).records).map(({ recordName }) => recordName)).toEqual(names.slice(3, 6));
    await server.list(0, { limit: 6 });
    server.faults.once('query.emptyPage');
    expect((await server.list(3, { limit: 6 })).records).toEqual([]);
    expect(assetsOf((await server.list(6, { limit: 6 })).records).map(({ recordName }) => recordName)).toEqual(names.slice(3, 6));
    expect(assetsOf((await server.list(9, { limit: 6 })).records).map(({ recordName }) => recordName)).toEqual(names.slice(6, 9));
  });

  it('adds an asset while somebody pages', async () => {
    server.library.addSynthetic(10);
    server.faults.always('query.insertMidPaging');
    const first = await server.list(0, { limit: 6 });
    const second = await server.list(3, { limit: 6 });
    expect(server.library.assets()).toHaveLength(11);
    expect(second.syncToken).not.toBe(first.syncToken);
    const news = await server.changes(first.syncToken);
    expect(assetsOf(news.records)).toHaveLength(1);
  });
});
