import { randomBytes } from 'node:crypto';
import type { FaultName } from '@media-pipeline/local-icloud';
import { byName, expectSame, library, listed, mix, primary, primaryOf, visible } from './photo-library';
import { scenario } from './scene';

it(
  'lists what is there: names, dates, kinds, resources, in every zone',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    icloud.library.addSynthetic(450, { mix });
    const shared = icloud.library.addSharedLibrary('private');
    const guest = icloud.library.addSharedLibrary('shared');
    icloud.library.addOtherZones();
    icloud.library.addSynthetic(30, { zone: shared });
    icloud.library.addSynthetic(20, { zone: guest });
    const beach = await icloud.library.add({ filename: '🏖️ Strand (1).HEIC', original: { synthetic: 'heic' }, liveVideo: { synthetic: 'mov' }, timeZoneOffset: -7200 });
    await icloud.library.edit(beach.recordName, { picture: { synthetic: 'jpeg' }, video: { synthetic: 'mov' }, sidecar: { data: Buffer.from('<plist/>'), type: 'com.apple.photos.apple-adjustment-envelope' } });
    const unnamed = await icloud.library.add({ filename: null, original: { synthetic: 'dng' }, alternative: { synthetic: 'jpeg' } });
    const trashed = await icloud.library.add({ filename: 'gone.jpg', original: { synthetic: 'jpeg' } });
    icloud.library.trash(trashed.recordName);

    const photos = await library(scene);
    const zones = await photos.zones();
    expect(zones.map(({ name, database }) => `${database} ${name}`).sort()).toEqual(['private PrimarySync', `private ${shared}`, `shared ${guest}`].sort());
    for (const zone of zones) {
      const { assets, refused } = await listed(photos, zone);
      expect(refused).toEqual([]);
      expectSame(assets, icloud, zone.name);
      expect(await photos.count(zone)).toBe(assets.length);
      if (!primary(zone)) continue;
      const found = new Map(assets.map((asset) => [asset.recordName, asset]));
      expect(found.get(beach.recordName)).toMatchObject({ filename: '🏖️ Strand (1).HEIC', kind: 'live_photo', timeZoneOffsetSeconds: -7200 });
      expect(found.get(beach.recordName)?.resources.map(({ role }) => role)).toEqual(['original', 'live_video', 'edited', 'edited_video', 'sidecar']);
      expect(found.get(unnamed.recordName)).toMatchObject({ filename: `${unnamed.recordName}.DNG`, kind: 'raw_jpeg' });
      for (const asset of icloud.library.assets('PrimarySync')) if (asset.filename !== null && found.has(asset.recordName)) expect(found.get(asset.recordName)?.filename).toBe(asset.filename);
    }
  }),
);

const queryFaults: FaultName[] = ['query.throttled', 'query.recordError', 'query.splitPairs', 'query.emptyPage', 'query.insertMidPaging', 'lookup.recordError', 'any.503', 'any.429', 'drop', 'service.421'];

it.each(queryFaults)('lists every asset once with %s', (fault) =>
  scenario({}, async (scene) => {
    const { icloud } = scene;
    icloud.library.addSynthetic(400, { mix });
    const photos = await library(scene, { pageSize: 40 });
    const zone = await primaryOf(photos);
    const before = new Set(visible(icloud).map(({ recordName }) => recordName));
    if (fault === 'lookup.recordError') icloud.faults.withProbability('query.recordError', 0.3);
    if (fault === 'service.421') icloud.faults.once(fault);
    else icloud.faults.withProbability(fault, 0.15);
    const { assets, refused } = await listed(photos, zone);
    expect(icloud.faults.hits(fault)).toBeGreaterThan(0);
    const names = assets.map(({ recordName }) => recordName);
    expect(new Set(names).size).toBe(names.length);
    expect([...before].filter((name) => !names.includes(name))).toEqual([]);
    expect(refused).toEqual([]);
  })(),
);

it(
  'lists every asset once with all of them together',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    icloud.library.addSynthetic(1000, { mix });
    const photos = await library(scene, { pageSize: 60 });
    const zone = await primaryOf(photos);
    const before = visible(icloud).map(({ recordName }) => recordName);
    for (const fault of queryFaults) icloud.faults.withProbability(fault, fault === 'drop' || fault.startsWith('service') ? 0.02 : 0.07);
    const { assets, refused } = await listed(photos, zone);
    const names = new Set(assets.map(({ recordName }) => recordName));
    expect(names.size).toBe(assets.length);
    const lost = before.filter((name) => !names.has(name));
    // What stays refused is told, and nothing else is missing.
    expect(lost.filter((name) => !refused.some(({ recordName }) => recordName === name))).toEqual([]);
    expect(lost.length).toBeLessThan(10);
  }),
);

it(
  'misses nothing while a person deletes and adds photos',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    const names = icloud.library.addSynthetic(600);
    const photos = await library(scene, { pageSize: 60 });
    const zone = await primaryOf(photos);
    const found = new Map<string, number>();
    let page = 0;
    for await (const { assets } of photos.list(zone)) {
      for (const { recordName } of assets) found.set(recordName, (found.get(recordName) ?? 0) + 1);
      page += 1;
      if (page === 3) for (const name of names.slice(-90, -20)) icloud.library.trash(name);
      if (page === 6) icloud.library.addSynthetic(40);
      if (page === 8) for (const name of names.slice(0, 5)) icloud.library.purge(name);
    }
    expect([...found.values()].every((times) => times === 1)).toBe(true);
    for (const name of names.slice(5, -90)) expect(found.has(name)).toBe(true);
  }),
);

it(
  'lists albums and what is in them',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    const names = icloud.library.addSynthetic(300);
    const rome = icloud.library.albums.create('Rom 🏛️', { members: names.slice(10, 210) });
    const folder = icloud.library.albums.create('Trips', { folder: true });
    const inner = icloud.library.albums.create('Inner', { within: folder, members: names.slice(0, 3) });
    const photos = await library(scene);
    const zone = await primaryOf(photos);
    const albums = await photos.albums(zone);
    expect(albums.map(({ recordName, name, parent }) => ({ recordName, name, parent })).sort(byName)).toEqual(
      [
        { recordName: rome, name: 'Rom 🏛️', parent: null },
        { recordName: inner, name: 'Inner', parent: folder },
      ].sort(byName),
    );
    for (const [albumName, members] of [[rome, names.slice(10, 210)], [inner, names.slice(0, 3)]] as const) {
      const album = albums.find(({ recordName }) => recordName === albumName);
      const { assets, refused } = await listed(photos, zone, album ? { album } : {});
      expect(assets.map(({ recordName }) => recordName).sort()).toEqual([...members].sort());
      expect(refused).toEqual([]);
    }
  }),
);

it(
  'gives the newest first',
  scenario({}, async (scene) => {
    const names = scene.icloud.library.addSynthetic(500);
    const photos = await library(scene);
    for await (const { assets } of photos.list(await primaryOf(photos), { newestFirst: true })) {
      expect(assets.map(({ recordName }) => recordName)).toContain(names.at(-1));
      break;
    }
  }),
);

it(
  'looks assets up, also trashed ones, and says which it cannot have',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    const names = icloud.library.addSynthetic(230);
    const [trashed = '', purged = ''] = names;
    const photos = await library(scene);
    const zone = await primaryOf(photos);
    const { assets } = await listed(photos, zone);
    icloud.library.trash(trashed);
    icloud.library.purge(purged);
    const { assets: found, refused } = await photos.lookup(zone, [...names, randomBytes(8).toString('hex')]);
    expect(found.size).toBe(names.length - 1);
    expect(found.get(trashed)?.trashed).toBe(true);
    expect(refused.map(({ recordName }) => recordName)).toContain(purged);
    expect(refused).toHaveLength(2);
    icloud.traffic.clear();
    const again = await photos.lookup(zone, assets.slice(2, 52));
    expect(again.assets.size).toBe(50);
    expect(icloud.traffic.count('/records/lookup')).toBe(1);
  }),
);

it(
  'says what keeps photos from being listed',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    icloud.library.addSynthetic(5);
    const photos = await library(scene);
    const zone = await primaryOf(photos);
    icloud.faults.always('count.off');
    expect(await photos.count(zone)).not.toBe(5);
    expect((await listed(photos, zone)).assets).toHaveLength(5);
    icloud.faults.once('indexing.running');
    expect(await scene.refusal(listed(photos, zone))).toBe('ICLOUD_INDEXING');
    expect(await scene.refusal(photos.changes({ ...zone, name: 'SharedSync-00000000' }, 'x').next())).toBe('ICLOUD_PHOTOS_OFF');
    icloud.account.webAccessOff = true;
    expect(await scene.refusal(listed(photos, zone))).toBe('ICLOUD_WEB_ACCESS_OFF');
  }),
);
