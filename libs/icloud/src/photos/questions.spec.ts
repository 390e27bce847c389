import type { ContentAnswer, ContentResponse, ServiceRequest, WebService } from '../service';
import { ServiceClient } from '../service';
import { assetRecord, failure, masterRecord, primary } from '../e2e/paper/records';
import { PhotoLibrary } from './library';

/** Answers from a script, by path; the last answer of a path stays. */
class Scripted extends ServiceClient {
  readonly asked: { path: string; body: unknown; query: unknown }[] = [];
  readonly slept: number[] = [];
  readonly library = new PhotoLibrary(this, { clock: { sleep: async (ms) => void this.slept.push(ms) } });

  constructor(private readonly answers: Record<string, unknown[]>) {
    super();
  }

  override async call(_: WebService, path: string, { body, query }: ServiceRequest): Promise<unknown> {
    const short = path.replace('/database/1/com.apple.photos.cloud/production', '');
    this.asked.push({ path: short, body, query });
    const answers = this.answers[short];
    if (!answers) throw new Error(`nobody scripted ${short}`);
    return answers.length > 1 ? answers.shift() : answers[0];
  }

  override async open(): Promise<ContentResponse> {
    throw new Error('nothing to download here');
  }

  override async send(): Promise<ContentAnswer> {
    throw new Error('nothing is taken here');
  }
}

const zone = (zoneName: string, more: object = {}) => ({ zoneID: { zoneName, ownerRecordName: '_me', zoneType: 'REGULAR_CUSTOM_ZONE' }, ...more });

describe('zones', () => {
  it('are the own library and shared ones of both databases, each once', async () => {
    const cloud = new Scripted({
      '/private/zones/list': [{ zones: [zone('CMM-1'), zone('PrimarySync'), zone('SharedSync-A'), zone('SharedSync-OLD', { deleted: true }), zone('AppLibrarySync-X')] }],
      '/shared/zones/list': [{ zones: [{ zoneID: { zoneName: 'SharedSync-B', ownerRecordName: '_other' } }, zone('SharedSync-A')] }],
    });
    expect(await cloud.library.zones()).toEqual([
      { name: 'PrimarySync', owner: '_me', database: 'private', shared: false },
      { name: 'SharedSync-A', owner: '_me', database: 'private', shared: true },
      { name: 'SharedSync-B', owner: '_other', database: 'shared', shared: true },
    ]);
    expect(cloud.asked[0]).toMatchObject({ body: {}, query: { remapEnums: 'true', getCurrentSyncToken: 'true' } });
  });

  it('of an account without the shared database are the private ones', async () => {
    const cloud = new Scripted({ '/private/zones/list': [{ zones: [zone('PrimarySync')] }], '/shared/zones/list': [{ serverErrorCode: 'ACCESS_DENIED', reason: 'no' }] });
    expect(await cloud.library.zones()).toHaveLength(1);
  });

  it.each([
    ['none', { zones: [zone('AppLibrarySync-X')] }, 'ICLOUD_PHOTOS_OFF'],
    ['web access off', { serverErrorCode: 'ACCESS_DENIED', reason: 'private db access disabled for this account' }, 'ICLOUD_WEB_ACCESS_OFF'],
    ['photos off', { serverErrorCode: 'ZONE_NOT_FOUND', reason: 'PrimarySync' }, 'ICLOUD_PHOTOS_OFF'],
    ['another refusal', { serverErrorCode: 'ACCESS_DENIED', reason: 'something else' }, 'ICLOUD_ANSWER_UNKNOWN'],
    ['no answer at all', 'hello', 'ICLOUD_ANSWER_UNKNOWN'],
  ])('%s', async (_, answer, code) => {
    const cloud = new Scripted({ '/private/zones/list': [answer], '/shared/zones/list': [{ zones: [] }] });
    await expect(cloud.library.zones()).rejects.toMatchObject({ code });
  });
});

describe('answers that ask to come later', () => {
  it.each(['RETRY_LATER', 'TRY_AGAIN_LATER', 'CAS_OP_LOCK', 'THROTTLED'])('%s is asked again, after as long as it says', async (serverErrorCode) => {
    const cloud = new Scripted({ '/private/zones/list': [{ serverErrorCode, reason: 'busy', retryAfter: 7 }, { zones: [{ serverErrorCode }] }, { zones: [zone('PrimarySync')] }], '/shared/zones/list': [{ zones: [] }] });
    expect(await cloud.library.zones()).toHaveLength(1);
    expect(cloud.slept[0]).toBe(7000);
    expect(cloud.slept).toHaveLength(2);
  });

  it('end as a rate limit when they do not stop, or ask for too long', async () => {
    const busy = new Scripted({ '/private/zones/list': [{ serverErrorCode: 'THROTTLED', reason: '' }] });
    await expect(busy.library.zones()).rejects.toMatchObject({ code: 'ICLOUD_RATE_LIMITED' });
    expect(busy.asked).toHaveLength(7);
    const far = new Scripted({ '/private/zones/list': [{ serverErrorCode: 'THROTTLED', retryAfter: 86_400 }] });
    await expect(far.library.zones()).rejects.toMatchObject({ code: 'ICLOUD_RATE_LIMITED' });
    expect(far.asked).toHaveLength(1);
  });
});

describe('count', () => {
  it('is what the server says, or null', async () => {
    const path = '/private/internal/records/query/batch';
    const counted = new Scripted({ [path]: [{ batch: [{ records: [{ recordName: 'x', fields: { itemCount: { value: 1234, type: 'INT64' } } }] }] }] });
    expect(await counted.library.count(primary)).toBe(1234);
    expect(JSON.stringify(counted.asked[0]?.body)).toContain('CPLAssetByAssetDateWithoutHiddenOrDeleted');
    expect(await new Scripted({ [path]: [{ batch: [{ records: [] }] }] }).library.count(primary)).toBeNull();
    await expect(new Scripted({ [path]: [{ batch: [{ serverErrorCode: 'ZONE_NOT_FOUND' }] }] }).library.count(primary)).rejects.toMatchObject({ code: 'ICLOUD_PHOTOS_OFF' });
  });
});

describe('changed zones', () => {
  it('cost two requests, and nothing more while nothing changes', async () => {
    const cloud = new Scripted({
      '/private/changes/database': [{ syncToken: 'p1', moreComing: true, zones: [zone('PrimarySync')] }, { syncToken: 'p2', zones: [zone('SharedSync-A')] }, { syncToken: 'p3', moreComing: false, zones: [] }],
      '/shared/changes/database': [{ syncToken: 's1', moreComing: false, zones: [] }],
    });
    const first = await cloud.library.changedZones(null);
    expect(first.zones.map(({ name }) => name)).toEqual(['PrimarySync', 'SharedSync-A']);
    const before = cloud.asked.length;
    const second = await cloud.library.changedZones(first.token);
    expect(second.zones).toEqual([]);
    expect(cloud.asked.slice(before).map(({ body }) => body)).toEqual([{ syncToken: 'p2' }, { syncToken: 's1' }]);
  });

  it('say when the token is no good', async () => {
    const cloud = new Scripted({ '/private/changes/database': [{ serverErrorCode: 'BAD_REQUEST', reason: 'Invalid continuation format' }], '/shared/changes/database': [{ syncToken: 's', zones: [] }] });
    await expect(cloud.library.changedZones('{"private":"p","shared":null}')).rejects.toMatchObject({ code: 'ICLOUD_SYNC_TOKEN_INVALID' });
    await expect(cloud.library.changedZones('nonsense')).rejects.toMatchObject({ code: 'ICLOUD_SYNC_TOKEN_INVALID' });
  });
});

describe('lookup', () => {
  const known = new Map<string, unknown>([
    ['a1', assetRecord('a1', 'm1')],
    ['a2', assetRecord('a2', 'm1', { isDeleted: { value: 1 } })],
    ['a3', assetRecord('a3', 'missing')],
    ['m1', masterRecord('m1')],
  ]);
  const cloud = () => {
    const scripted = new Scripted({});
    scripted.call = async (_, path, { body }) => {
      scripted.asked.push({ path, body, query: null });
      return { records: (body as { records: { recordName: string }[] }).records.flatMap(({ recordName }) => (recordName === 'silent' ? [] : [known.get(recordName) ?? failure(recordName)])) };
    };
    return scripted;
  };

  it('gives assets as they are, and a reason for each that it cannot give', async () => {
    const scripted = cloud();
    const { assets, refused } = await scripted.library.lookup(primary, ['a1', 'a2', 'a3', 'nobody', 'silent', 'm1']);
    expect([...assets.keys()].sort()).toEqual(['a1', 'a2']);
    expect(assets.get('a2')?.trashed).toBe(true);
    expect(Object.fromEntries(refused.map(({ recordName, code }) => [recordName, code]))).toEqual({ a3: 'MASTER_NOT_FOUND', nobody: 'NOT_FOUND', silent: 'NOT_ANSWERED', m1: 'NOT_UNDERSTOOD' });
  });

  it('takes one round with the masters’ names, and goes in batches', async () => {
    const scripted = cloud();
    await scripted.library.lookup(primary, [{ recordName: 'a1', masterName: 'm1' }]);
    expect(scripted.asked).toHaveLength(1);
    await scripted.library.lookup(primary, Array.from({ length: 250 }, (_, index) => `x${index}`));
    expect(scripted.asked).toHaveLength(4);
  });
});

describe('albums', () => {
  it('are the person’s own, also those in folders', async () => {
    const album = (recordName: string, name: string, fields: object = {}) => ({ recordName, recordType: 'CPLAlbum', fields: { albumNameEnc: { type: 'ENCRYPTED_BYTES', value: Buffer.from(name).toString('base64') }, albumType: { value: 0 }, ...fields } });
    const cloud = new Scripted({
      '/private/records/query': [
        { records: [album('----Root-Folder----', 'root', { albumType: { value: 3 } }), album('A', 'Été 🏖️'), album('F', 'Trips', { albumType: { value: 3 } })], continuationMarker: 'more' },
        { records: [album('D', 'deleted', { isDeleted: { value: 1 } })] },
        { records: [album('B', 'Rome', { parentId: { value: 'F' } })] },
      ],
    });
    expect(await cloud.library.albums(primary)).toEqual([
      { recordName: 'A', name: 'Été 🏖️', parent: null },
      { recordName: 'B', name: 'Rome', parent: 'F' },
    ]);
  });
});
