import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Outcome } from '@media-pipeline/contracts';
import type { LocalLibrary, NewAsset } from '@media-pipeline/local-icloud';
import type { AssetWithFiles } from '@media-pipeline/schema';
import { openBus } from '../folder/e2e/scene';
import { CloudScene, reading } from './e2e/scene';
import type { ZoneCounts } from './zone-counts';

let broker: Awaited<ReturnType<typeof openBus>>;
let scene: CloudScene;
let photos: LocalLibrary;

beforeAll(async () => {
  broker = await openBus();
});
afterAll(async () => {
  await broker.close();
});
beforeEach(async () => {
  scene = await CloudScene.open(broker.bus);
  photos = scene.icloud.library;
});
afterEach(async () => {
  await scene.close();
});

const done: unknown = expect.objectContaining({ kind: 'done' });
const bytesOf = (text: string): { readonly data: Buffer; readonly type: string } => ({ data: Buffer.from(text), type: 'public.heic' });
const movie = (text: string): { readonly data: Buffer; readonly type: string } => ({ data: Buffer.from(text), type: 'com.apple.quicktime-movie' });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** 2021-05-03 23:30 at the place, the next day in UTC. */
const evening = { takenAt: Date.parse('2021-05-04T04:30:00Z'), timeZoneOffset: -5 * 3600 };
const add = async (filename: string | null, text = `${filename} ${Math.random()}`, more: Partial<NewAsset> = {}) => await photos.add({ filename, original: bytesOf(text), ...evening, ...more });
const one = async (): Promise<AssetWithFiles> => {
  const [asset, ...others] = await scene.assets();
  if (!asset || others.length > 0) throw new Error(`${others.length + 1} assets`);
  return asset;
};
const zoneCounts = async (zone = 'PrimarySync'): Promise<ZoneCounts> => (await scene.database.cursors.get('icloud', `zone:${zone}`))?.counts as ZoneCounts;
const announced = async (): Promise<number> => (await broker.bus.lag()).find(({ durable }) => durable === 'dedupe')?.pending ?? 0;
const history = async (): Promise<string[]> => (await scene.database.log.list({ limit: 10_000 })).map(({ message }) => message);

describe('what is in iCloud', () => {
  it('comes in once, byte for byte, as whole assets under their names', async () => {
    const live = await photos.add({ filename: 'IMG_1.HEIC', original: bytesOf('still'), liveVideo: movie('moves'), ...evening });
    await photos.edit(live.recordName, { picture: { data: Buffer.from('better'), type: 'public.jpeg' }, video: movie('better moves'), sidecar: { data: Buffer.from('<plist/>'), type: 'com.apple.photos.apple-adjustment-envelope' } });
    await photos.add({ filename: 'IMG_2.DNG', original: { data: Buffer.from('raw'), type: 'com.adobe.raw-image' }, alternative: { data: Buffer.from('developed'), type: 'public.jpeg' }, ...evening });
    await photos.add({ filename: 'IMG_1.HEIC', original: bytesOf('another IMG_1'), ...evening });
    await photos.add({ filename: '🎂/../party.HEIC', original: bytesOf('cake'), ...evening });
    await photos.add({ filename: null, original: bytesOf('nameless'), ...evening });
    const shared = photos.addSharedLibrary('shared');
    await photos.add({ zone: shared, filename: 'IMG_1.MOV', original: movie('ours'), ...evening });
    await scene.signIn();
    const before = await announced();
    expect(await scene.read()).toEqual(done);

    const kept = await scene.originals();
    expect(kept).toEqual(
      new Map([
        ['icloud/2021/05/IMG_1.HEIC', sha256('still')],
        ['icloud/2021/05/IMG_1.MOV', sha256('moves')],
        ['icloud/2021/05/IMG_1-edited.JPG', sha256('better')],
        ['icloud/2021/05/IMG_1-edited.MOV', sha256('better moves')],
        ['icloud/2021/05/IMG_1.AAE', sha256('<plist/>')],
        ['icloud/2021/05/IMG_2.DNG', sha256('raw')],
        ['icloud/2021/05/IMG_2.JPG', sha256('developed')],
        ['icloud/2021/05/IMG_1 (2).HEIC', sha256('another IMG_1')],
        ['icloud/2021/05/🎂_.._party.HEIC', sha256('cake')],
        [[...kept.keys()].find((name) => kept.get(name) === sha256('nameless')) ?? '', sha256('nameless')],
        ['icloud-shared/2021/05/IMG_1.MOV', sha256('ours')],
      ]),
    );
    const assets = await scene.assets();
    expect(assets.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'discovered'));
    expect(await announced()).toBe(before + 6);
    const liveAsset = assets.find(({ sourceRecord }) => sourceRecord === `PrimarySync/${live.recordName}`);
    expect(liveAsset).toMatchObject({ kind: 'live_photo', sourceKey: 'PrimarySync/IMG_1.HEIC', takenAt: '2021-05-03T23:30:00-05:00', source: 'icloud' });
    expect(liveAsset?.files.map(({ role, filename, sha256: hash }) => [role, filename, hash])).toEqual([
      ['primary', 'IMG_1.HEIC', sha256('still')],
      ['live_video', 'IMG_1.MOV', sha256('moves')],
      ['edited', 'IMG_1-edited.JPG', sha256('better')],
      ['edited_video', 'IMG_1-edited.MOV', sha256('better moves')],
      ['sidecar', 'IMG_1.AAE', sha256('<plist/>')],
    ]);
    expect(assets.find(({ kind }) => kind === 'raw_jpeg')?.files.map(({ role, filename }) => [role, filename])).toEqual([['primary', 'IMG_2.JPG'], ['raw', 'IMG_2.DNG']]);
    expect((await stat(path.join(scene.root, 'originals/icloud/2021/05/IMG_1.HEIC'))).mtimeMs).toBe(evening.takenAt);
    expect(await readdir(path.join(scene.root, 'originals/.icloud-parts'))).toEqual([]);

    // every later process finds all of it here
    for (const request of [{}, { full: true }]) expect(await scene.read(scene.service(), request)).toEqual(done);
    expect((await scene.assets()).length).toBe(6);
    expect(await scene.originals()).toEqual(kept);
    expect(scene.icloud.account).toMatchObject({ signIns: 1, pushes: 1 });
  });

  it('is counted against what iCloud counts', async () => {
    photos.addSynthetic(230, { zone: 'PrimarySync' });
    await add('hidden.HEIC', 'h', { hidden: true });
    photos.trash((await add('trashed.HEIC')).recordName);
    await scene.signIn();
    await scene.read(scene.service({ ICLOUD_MEDIA_TYPES: 'photo,live_photo', ICLOUD_SINCE: '2000-01-01' }));
    const { full } = await zoneCounts();
    const visible = photos.assets().filter(({ hidden, trashed }) => !hidden && !trashed).length;
    expect(full).toMatchObject({ listed: visible, here: 0, refused: 0, difference: 0, server: { before: visible, after: visible } });
    const left = Object.values(full?.skipped ?? {}).reduce((sum, count) => sum + count, 0);
    expect((full?.taken ?? 0) + left).toBe(visible);
    expect((await scene.database.assets.countByState()).discovered).toBe(full?.taken);
    expect((await history()).some((line) => line.startsWith(`iCloud, PrimarySync: ${visible} listed = `))).toBe(true);
  });

  it('that is counted otherwise is said to be', async () => {
    await add('a.HEIC');
    await scene.signIn();
    scene.icloud.faults.always('count.off');
    expect(await scene.read()).toEqual(done);
    scene.icloud.faults.clear();
    expect((await zoneCounts()).full?.difference).not.toBe(0);
    expect(await scene.database.log.list({ status: 'error', limit: 1 })).toEqual([expect.objectContaining({ code: 'ICLOUD_COUNT_MISMATCH' })]);
  });

  it('costs few questions while nothing changes', async () => {
    photos.addSynthetic(60);
    await scene.signIn();
    const service = scene.service();
    await scene.read(service);
    const asked = scene.icloud.traffic.requests.length;
    expect(await scene.read(service)).toEqual(done);
    expect(scene.icloud.traffic.requests.length - asked).toBeLessThanOrEqual(3);
  });

  it('is limited to what is wanted: the newest, an album', async () => {
    for (let n = 0; n < 8; n++) await add(`IMG_${n}.HEIC`, `content ${n}`, { takenAt: evening.takenAt + n * 86_400_000 });
    await scene.signIn();
    await scene.read(scene.service({ ICLOUD_RECENT: '3' }));
    expect((await scene.assets()).map(({ sourceKey }) => sourceKey).sort()).toEqual(['PrimarySync/IMG_5.HEIC', 'PrimarySync/IMG_6.HEIC', 'PrimarySync/IMG_7.HEIC']);
    // another filter lists anew
    await scene.read(scene.service({ ICLOUD_UNTIL: '2021-05-04' }));
    expect((await scene.assets()).map(({ sourceKey }) => sourceKey)).toContain('PrimarySync/IMG_0.HEIC');
    expect(await scene.assets()).toHaveLength(4);
    await scene.read(scene.service());
    expect(await scene.assets()).toHaveLength(8);
  });
});

describe('what changes in iCloud', () => {
  const service = () => scene.service();

  it('comes in as it changes: new ones, edits, each version', async () => {
    const { recordName } = await add('IMG_1.HEIC', 'first');
    await scene.signIn();
    const running = service();
    await scene.read(running);
    await add('IMG_2.HEIC', 'second');
    await photos.edit(recordName, { picture: { data: Buffer.from('edit 1'), type: 'public.jpeg' } });
    await scene.read(running);
    await photos.edit(recordName, { picture: { data: Buffer.from('edit 2'), type: 'public.jpeg' } });
    photos.favourite(recordName);
    await scene.read(running);
    const assets = await scene.database.assets.ofSourceRecords('icloud', [`PrimarySync/${recordName}`]);
    expect(assets.map(({ kind, state, files }) => [kind, state, ...files.map(({ role, path: place, sha256: hash }) => [role, place, hash])])).toEqual([
      ['photo', 'discovered', ['primary', 'originals/icloud/2021/05/IMG_1.HEIC', sha256('first')]],
      ['photo', 'discovered', ['edited', 'originals/icloud/2021/05/IMG_1-edited.JPG', sha256('edit 1')]],
      ['photo', 'discovered', ['edited', 'originals/icloud/2021/05/IMG_1-edited (2).JPG', sha256('edit 2')]],
    ]);
    expect(await scene.assets()).toHaveLength(4);
    expect((await zoneCounts()).changes).toMatchObject({ listed: 1, taken: 1, gone: 0 });
  });

  it('is read from the beginning when the token is not known any more', async () => {
    await add('IMG_1.HEIC');
    await scene.signIn();
    const running = service();
    await scene.read(running);
    await add('IMG_2.HEIC');
    photos.expireTokens();
    expect(await scene.read(running)).toEqual(done);
    expect(await scene.assets()).toHaveLength(2);
    expect((await zoneCounts()).full).toMatchObject({ listed: 2, taken: 1, here: 1 });
  });

  it('is fetched in the new version when it changed before its bytes came', async () => {
    const { recordName } = await photos.add({ filename: 'IMG_1.HEIC', original: bytesOf('still'), liveVideo: movie('moves'), ...evening });
    const kept = await add('IMG_2.HEIC', 'stays');
    await photos.edit(recordName, { picture: { data: Buffer.from('edit 1'), type: 'public.jpeg' } });
    await scene.signIn();
    const stopped = new AbortController();
    const stopping = scene.service({}, (plain) => Object.assign(Object.create(plain) as typeof plain, { fetch: () => { stopped.abort(); stopped.signal.throwIfAborted(); } }));
    await expect(stopping.read({}, reading(stopped.signal))).rejects.toThrow();
    expect(await scene.fates()).toEqual(['PrimarySync/IMG_1.HEIC: arriving', 'PrimarySync/IMG_2.HEIC: arriving']);
    await photos.edit(recordName, { picture: { data: Buffer.from('edit 2'), type: 'public.jpeg' } });
    await scene.read(service());
    const assets = await scene.database.assets.ofSourceRecords('icloud', [`PrimarySync/${recordName}`]);
    expect(assets.map(({ kind, state, code, files }) => [kind, state, code, files.map(({ sha256: hash }) => hash)])).toEqual([
      ['live_photo', 'set_aside', 'FILE_CHANGING', [null, null, null]],
      ['live_photo', 'discovered', null, [sha256('still'), sha256('moves'), sha256('edit 2')]],
    ]);
    // an edit that was taken back before it came
    expect(kept.recordName).not.toBe('');
    expect((await scene.originals()).size).toBe(4);
  });

  it('is set aside when it was deleted before its bytes came, and taken when it is restored', async () => {
    const { recordName } = await add('IMG_1.HEIC', 'first');
    await scene.signIn();
    const stopped = new AbortController();
    const stopping = scene.service({}, (plain) => Object.assign(Object.create(plain) as typeof plain, { fetch: () => { stopped.abort(); stopped.signal.throwIfAborted(); } }));
    await expect(stopping.read({}, reading(stopped.signal))).rejects.toThrow();
    photos.trash(recordName);
    const running = service();
    await scene.read(running);
    expect(await one()).toMatchObject({ state: 'set_aside', code: 'FILE_VANISHED', goneHow: 'trashed' });
    photos.restore(recordName);
    await scene.read(running);
    expect(await one()).toMatchObject({ state: 'discovered', goneAt: null });
  });
});

describe('what is deleted in iCloud', () => {
  const sorted = async (asset: AssetWithFiles): Promise<void> => {
    const steps = ['discovered', 'unique', 'compressed', 'bridged', 'verified', 'sorted'] as const;
    for (const [at, state] of steps.slice(1).entries()) await scene.database.assets.move(asset.id, steps[at] ?? 'discovered', state, { step: 'cli', status: 'info', message: 'test' });
    for (const { id, path: place } of asset.files) await scene.database.assets.setArchivedPath(id, place);
  };
  const places = async (): Promise<string[]> => (await one()).files.map(({ path: place }) => place);

  it('is written down, and nothing is touched', async () => {
    const { recordName } = await add('IMG_1.HEIC', 'first');
    const hidden = await add('IMG_2.HEIC', 'second');
    await scene.signIn();
    const running = scene.service();
    await scene.read(running);
    const before = await scene.originals();
    photos.trash(recordName);
    photos.hide(hidden.recordName);
    await scene.read(running);
    expect(await scene.database.assets.countGone('icloud')).toEqual({ trashed: 1, hidden: 1, purged: 0 });
    photos.purge(recordName);
    photos.hide(hidden.recordName, false);
    await scene.read(running);
    expect(await scene.database.assets.countGone('icloud')).toEqual({ trashed: 0, hidden: 0, purged: 1 });
    expect(await scene.originals()).toEqual(before);
    expect((await scene.assets()).map(({ state }) => state)).toEqual(['discovered', 'discovered']);
    // absence from a full listing is no deletion, and no return
    await scene.read(running, { full: true });
    expect(await scene.database.assets.countGone('icloud')).toEqual({ trashed: 0, hidden: 0, purged: 1 });
  });

  it('moves to cleanup/ only when that is wanted, only what is sorted, and back when it is restored', async () => {
    const { recordName } = await add('IMG_1.HEIC', 'first');
    await scene.signIn();
    const running = scene.service({ ICLOUD_DELETED: 'cleanup' });
    await scene.read(running);
    const asset = await one();
    photos.trash(recordName);
    await scene.read(running);
    expect(await places()).toEqual(['originals/icloud/2021/05/IMG_1.HEIC']);
    await sorted(asset);
    await scene.read(running);
    expect(await places()).toEqual([`cleanup/icloud-deleted/${asset.id}/IMG_1.HEIC`]);
    expect(await readFile(path.join(scene.root, (await places())[0] ?? ''), 'utf8')).toBe('first');
    expect((await scene.database.journal.list({ assetId: asset.id, limit: 5 })).map(({ reason, state }) => [reason, state])).toEqual([['deleted in iCloud', 'done']]);
    await scene.read(running);
    photos.restore(recordName);
    await scene.read(running);
    expect(await one()).toMatchObject({ goneAt: null, state: 'sorted', files: [{ path: 'originals/icloud/2021/05/IMG_1.HEIC' }] });
    expect((await scene.originals()).get('icloud/2021/05/IMG_1.HEIC')).toBe(sha256('first'));
  });

  it('stays where it is the only copy of what another source still has', async () => {
    const { recordName } = await add('IMG_1.HEIC', 'first');
    await scene.signIn();
    const running = scene.service({ ICLOUD_DELETED: 'cleanup' });
    await scene.read(running);
    const asset = await one();
    await sorted(asset);
    const [twin] = await scene.database.assets.reserve([{ source: 'folder', sourceKey: 'twin', kind: 'photo', files: [] }]);
    await scene.database.assets.arrived(twin?.id ?? '', [], { step: 'cli', status: 'info', message: '' });
    await scene.database.assets.move(twin?.id ?? '', 'discovered', 'duplicate', { step: 'cli', status: 'info', message: '' }, { duplicateOf: asset.id });
    photos.trash(recordName);
    await scene.read(running);
    expect((await scene.database.assets.find(asset.id))?.files[0]?.path).toBe('originals/icloud/2021/05/IMG_1.HEIC');
  });
});

describe('what stands in the way', () => {
  it('a code that is needed is said once, waited for without another push, and given by message', async () => {
    await add('IMG_1.HEIC');
    const running = scene.service();
    for (let time = 0; time < 3; time++) expect(await scene.read(running)).toMatchObject({ kind: 'skip', reason: expect.stringContaining('Apple wants a code') });
    expect(scene.icloud.account).toMatchObject({ pushes: 1, signIns: 1 });
    expect(await scene.database.log.list({ limit: 9 })).toEqual([expect.objectContaining({ code: 'ICLOUD_CODE_NEEDED', status: 'error' })]);
    const code = scene.icloud.account.latestCode ?? '';
    await expect(running.submit({ code: code === '000000' ? '000001' : '000000' })).rejects.toMatchObject({ code: 'ICLOUD_CODE_WRONG' });
    const outcome = await running.submit({ code });
    expect(outcome).toMatchObject({ kind: 'done', emits: [{ subject: 'media.ingest.requested', payload: { source: 'icloud' } }] });
    expect(await scene.read(running)).toEqual(done);
    expect(await scene.assets()).toHaveLength(1);
    expect(scene.icloud.account).toMatchObject({ pushes: 1, signIns: 1 });
    expect(JSON.stringify(await scene.database.log.list({ limit: 99 }))).not.toContain(code);
  });

  it('ends a run that is to end, with the reason', async () => {
    expect(await scene.read(scene.service({ PIPELINE_EXECUTION_MODE: 'single' }))).toMatchObject({ kind: 'dead', code: 'ICLOUD_CODE_NEEDED' });
  });

  it.each([
    ['a wrong password', () => void (scene.icloud.account.password = 'another'), 'ICLOUD_PASSWORD_WRONG'],
    ['security keys', () => void (scene.icloud.account.securityKeys = true), 'ICLOUD_SECURITY_KEYS'],
    ['a locked account', () => void (scene.icloud.account.locked = true), 'ICLOUD_ACCOUNT_LOCKED'],
  ])('is said in words: %s', async (_what, prepare, code) => {
    const settings = scene.settings();
    prepare();
    const running = scene.service(settings);
    expect(await scene.read(running)).toMatchObject({ kind: 'skip' });
    expect(await scene.database.log.list({ limit: 9 })).toEqual([expect.objectContaining({ code, status: 'error' })]);
    const tried = scene.icloud.traffic.count('signin/complete');
    await scene.read(running);
    expect(scene.icloud.traffic.count('signin/complete')).toBe(tried);
    expect(await scene.database.log.list({ limit: 9 })).toHaveLength(1);
  });

  it('is asked of nobody while it is off, or nameless', async () => {
    expect(await scene.read(scene.service({ ENABLE_ICLOUD_DOWNLOAD: 'false' }))).toMatchObject({ kind: 'skip' });
    expect(await scene.read(scene.service(), { source: 'folder' })).toMatchObject({ kind: 'skip' });
    expect(scene.icloud.traffic.requests).toHaveLength(0);
  });
});

describe('what goes wrong on the way', () => {
  const prepared = async (): Promise<void> => {
    for (let n = 0; n < 6; n++) await add(`IMG_${n}.HEIC`, `content ${n} `.repeat(2_000));
    await scene.signIn();
  };
  const outcomeOf = async (times: number, service = scene.service()): Promise<Outcome> => {
    let outcome = await scene.read(service);
    for (let time = 1; time < times && outcome.kind === 'retry'; time++) outcome = await scene.read(service);
    return outcome;
  };

  it('is overcome: bad answers, bad bytes, bad moments', async () => {
    await prepared();
    const { faults } = scene.icloud;
    const letters = await broker.bus.deadLetters.count();
    for (const fault of ['download.flip', 'download.truncate', 'download.html', 'download.410', 'download.ignoreRange', 'download.drop', 'lookup.recordError', 'query.emptyPage', 'query.splitPairs', 'query.recordError'] as const) faults.once(fault, 2);
    expect(await outcomeOf(3)).toEqual(done);
    expect((await scene.fates()).every((fate) => fate.endsWith(': discovered'))).toBe(true);
    expect(await scene.assets()).toHaveLength(6);
    expect(new Set((await scene.originals()).values())).toEqual(new Set(Array.from({ length: 6 }, (_, n) => sha256(`content ${n} `.repeat(2_000)))));
    expect(await broker.bus.deadLetters.count()).toBe(letters);
  });

  it('with one photo leaves the others alone, and is told', async () => {
    const name = (await add('IMG_bad.HEIC', 'bad')).recordName;
    await prepared();
    const bad = photos.content(photos.get(name).resources[0]?.checksum ?? '');
    if (bad) Object.assign(bad.source, { data: Buffer.from('bud') });
    expect(await scene.read()).toEqual(done);
    const fates = await scene.fates();
    expect(fates.filter((fate) => fate.endsWith(': discovered'))).toHaveLength(6);
    expect(fates).toContain('PrimarySync/IMG_bad.HEIC: failed ICLOUD_CONTENT_MISMATCH');
    const letters = await broker.bus.deadLetters.list();
    expect(letters.at(-1)).toMatchObject({ code: 'ICLOUD_CONTENT_MISMATCH' });
    for (const { sequence } of letters) await broker.bus.deadLetters.drop(sequence);
    expect([...(await scene.originals()).keys()].some((file) => file.includes('bad') || file.includes('parts'))).toBe(false);
    // it is not fetched again by itself
    expect(await scene.read()).toEqual(done);
    expect(await scene.fates()).toEqual(fates);
  }, 120_000);

  it('waits where Apple asks for it', async () => {
    await prepared();
    scene.icloud.faults.retryAfterSeconds = 4_000;
    scene.icloud.faults.always('any.429');
    const outcome = await scene.read();
    expect(outcome).toMatchObject({ kind: 'retry' });
    expect(outcome.kind === 'retry' && outcome.afterMs).toBeGreaterThan(3_900_000);
    expect(await scene.read(scene.service({ PIPELINE_EXECUTION_MODE: 'single' }))).toMatchObject({ kind: 'dead', code: 'ICLOUD_RATE_LIMITED' });
    expect(scene.icloud.account.signIns).toBe(1);
  });

  it('does not overwrite what the library does not know', async () => {
    await add('IMG_1.HEIC', 'mine');
    await scene.signIn();
    const stranger = path.join(scene.root, 'originals/icloud/2021/05');
    await mkdir(stranger, { recursive: true });
    await writeFile(path.join(stranger, 'IMG_1.HEIC'), 'his!');
    await utimes(path.join(stranger, 'IMG_1.HEIC'), 1, 1);
    await scene.read();
    expect((await one()).files[0]?.path).toBe('originals/icloud/2021/05/IMG_1 (2).HEIC');
    expect(await readFile(path.join(stranger, 'IMG_1.HEIC'), 'utf8')).toBe('his!');
  });
});
