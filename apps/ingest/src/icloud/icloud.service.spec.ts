import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LocalLibrary } from '@media-pipeline/local-icloud';
import { eachInItsOwn } from '../e2e/own-scene';
import { add, evening, jpeg, movie, sha256, still } from './e2e/samples';
import { CloudScene, reading } from './e2e/scene';
import type { ZoneCounts } from './zone-counts';

let scene: CloudScene;
let photos: LocalLibrary;
eachInItsOwn((bus) => CloudScene.open(bus), (opened) => {
  scene = opened;
  photos = opened.icloud.library;
});

const done: unknown = expect.objectContaining({ kind: 'done' });
const zoneCounts = async (zone = 'PrimarySync'): Promise<ZoneCounts> => (await scene.database.cursors.get('icloud', `zone:${zone}`))?.counts as ZoneCounts;
const announced = async (): Promise<number> => (await scene.bus.lag()).find(({ durable }) => durable === 'dedupe')?.pending ?? 0;
const history = async (): Promise<string[]> => (await scene.database.log.list({ limit: 10_000 })).map(({ message }) => message);

describe('what is in iCloud', () => {
  it('comes in once, byte for byte, as whole assets under their names', async () => {
    const live = await photos.add({ filename: 'IMG_1.HEIC', original: still('still'), liveVideo: movie('moves'), ...evening });
    await photos.edit(live.recordName, { picture: jpeg('better'), video: movie('better moves'), sidecar: { data: Buffer.from('<plist/>'), type: 'com.apple.photos.apple-adjustment-envelope' } });
    await photos.add({ filename: 'IMG_2.DNG', original: { data: Buffer.from('raw'), type: 'com.adobe.raw-image' }, alternative: jpeg('developed'), ...evening });
    await photos.add({ filename: 'IMG_1.HEIC', original: still('another IMG_1'), ...evening });
    await photos.add({ filename: '🎂/../party.HEIC', original: still('cake'), ...evening });
    await photos.add({ filename: null, original: still('nameless'), ...evening });
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
    await add(photos, 'hidden.HEIC', 'h', { hidden: true });
    photos.trash((await add(photos, 'trashed.HEIC')).recordName);
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
    await add(photos, 'a.HEIC');
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
    for (let n = 0; n < 8; n++) await add(photos, `IMG_${n}.HEIC`, `content ${n}`, { takenAt: evening.takenAt + n * 86_400_000 });
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
    const { recordName } = await add(photos, 'IMG_1.HEIC', 'first');
    await scene.signIn();
    const running = service();
    await scene.read(running);
    await add(photos, 'IMG_2.HEIC', 'second');
    await photos.edit(recordName, { picture: jpeg('edit 1') });
    await scene.read(running);
    await photos.edit(recordName, { picture: jpeg('edit 2') });
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
    await add(photos, 'IMG_1.HEIC');
    await scene.signIn();
    const running = service();
    await scene.read(running);
    await add(photos, 'IMG_2.HEIC');
    photos.expireTokens();
    expect(await scene.read(running)).toEqual(done);
    expect(await scene.assets()).toHaveLength(2);
    expect((await zoneCounts()).full).toMatchObject({ listed: 2, taken: 1, here: 1 });
  });

  it('is fetched in the new version when it changed before its bytes came', async () => {
    const { recordName } = await photos.add({ filename: 'IMG_1.HEIC', original: still('still'), liveVideo: movie('moves'), ...evening });
    await add(photos, 'IMG_2.HEIC', 'stays');
    await photos.edit(recordName, { picture: jpeg('edit 1') });
    await scene.signIn();
    const stopped = new AbortController();
    const stopping = scene.service({}, (plain) => Object.assign(Object.create(plain) as typeof plain, { fetch: () => { stopped.abort(); stopped.signal.throwIfAborted(); } }));
    await expect(stopping.read({}, reading(stopped.signal))).rejects.toThrow();
    expect(await scene.fates()).toEqual(['PrimarySync/IMG_1.HEIC: arriving', 'PrimarySync/IMG_2.HEIC: arriving']);
    await photos.edit(recordName, { picture: jpeg('edit 2') });
    await scene.read(service());
    const assets = await scene.database.assets.ofSourceRecords('icloud', [`PrimarySync/${recordName}`]);
    expect(assets.map(({ kind, state, code, files }) => [kind, state, code, files.map(({ sha256: hash }) => hash)])).toEqual([
      ['live_photo', 'set_aside', 'FILE_CHANGING', [null, null, null]],
      ['live_photo', 'discovered', null, [sha256('still'), sha256('moves'), sha256('edit 2')]],
    ]);
    expect((await scene.originals()).size).toBe(4);
  });

  it('is set aside when it was deleted before its bytes came, and taken when it is restored', async () => {
    const { recordName } = await add(photos, 'IMG_1.HEIC', 'first');
    await scene.signIn();
    const stopped = new AbortController();
    const stopping = scene.service({}, (plain) => Object.assign(Object.create(plain) as typeof plain, { fetch: () => { stopped.abort(); stopped.signal.throwIfAborted(); } }));
    await expect(stopping.read({}, reading(stopped.signal))).rejects.toThrow();
    photos.trash(recordName);
    const running = service();
    await scene.read(running);
    expect(await scene.onlyAsset()).toMatchObject({ state: 'set_aside', code: 'FILE_VANISHED', goneHow: 'trashed' });
    photos.restore(recordName);
    await scene.read(running);
    expect(await scene.onlyAsset()).toMatchObject({ state: 'discovered', goneAt: null });
  });
});
