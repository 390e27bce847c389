import type { Change, Refusal } from '..';
import { library, listed, primaryOf, visible } from './photo-library';
import { scenario } from './scene';

it(
  'tells the changes since a listing, one by one and in one go',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    const names = icloud.library.addSynthetic(60, { mix: { duplicated: 0.2 } });
    const photos = await library(scene, { pageSize: 10 });
    const zone = await primaryOf(photos);
    const { syncToken } = await listed(photos, zone);
    const database = await photos.changedZones(null);
    expect((await photos.changedZones(database.token)).zones).toEqual([]);

    const [favourite = '', hidden = '', trashed = '', purged = '', restored = '', edited = '', redated = ''] = names;
    icloud.library.favourite(favourite);
    icloud.library.hide(hidden);
    icloud.library.trash(trashed);
    icloud.library.purge(purged);
    icloud.library.trash(restored);
    icloud.library.restore(restored);
    await icloud.library.edit(edited, { picture: { synthetic: 'jpeg' } });
    icloud.library.redate(redated, 1_000_000_000_000);
    const added = await icloud.library.add({ filename: 'new.heic', original: { synthetic: 'heic' } });
    const copy = icloud.library.duplicate(added.recordName);
    icloud.library.albums.create('Trips', { members: [favourite] });

    const changed = await photos.changedZones(database.token);
    expect(changed.zones.map(({ name }) => name)).toEqual(['PrimarySync']);
    {
      const changes: Change[] = [];
      let last = syncToken;
      for await (const page of photos.changes(zone, syncToken)) {
        changes.push(...page.changes);
        expect(page.refused).toEqual([]);
        last = page.syncToken;
      }
      const state = new Map(changes.map((change) => (change.kind === 'asset' ? [change.asset.recordName, 'here'] : [change.recordName, change.how])));
      expect(Object.fromEntries([favourite, hidden, trashed, purged, restored, edited, redated, added.recordName, copy].map((name) => [name, state.get(name)]))).toEqual({
        [favourite]: 'here',
        [hidden]: 'hidden',
        [trashed]: 'trashed',
        [purged]: 'purged',
        [restored]: 'here',
        [edited]: 'here',
        [redated]: 'here',
        [added.recordName]: 'here',
        [copy]: 'here',
      });
      const editedAsset = changes.flatMap((change) => (change.kind === 'asset' && change.asset.recordName === edited ? [change.asset] : [])).at(-1);
      expect(editedAsset?.resources.map(({ role }) => role)).toContain('edited');
      for await (const page of photos.changes(zone, last)) expect(page.changes).toEqual([]);
    }
    icloud.library.expireTokens('PrimarySync');
    expect(await scene.refusal(photos.changes(zone, syncToken).next())).toBe('ICLOUD_SYNC_TOKEN_INVALID');
    expect(await scene.refusal(photos.changedZones(JSON.stringify({ private: syncToken, shared: null })))).toBe('ICLOUD_SYNC_TOKEN_INVALID');
  }),
);

it(
  'follows the changes with the same end whatever goes wrong between',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    const names = icloud.library.addSynthetic(200);
    const photos = await library(scene, { pageSize: 20 });
    const zone = await primaryOf(photos);
    const { assets, syncToken } = await listed(photos, zone);
    const mirror = new Set(assets.map(({ recordName }) => recordName));
    for (const [index, name] of names.entries()) {
      if (index % 9 === 0) icloud.library.trash(name);
      if (index % 18 === 0) icloud.library.restore(name);
      if (index % 7 === 3) icloud.library.purge(name);
      if (index % 11 === 5 && index % 7 !== 3) icloud.library.hide(name);
      if (index % 13 === 1 && index % 7 !== 3) icloud.library.duplicate(name);
    }
    for (const fault of ['query.throttled', 'query.recordError', 'query.splitPairs', 'query.emptyPage', 'lookup.recordError', 'any.503', 'drop'] as const) icloud.faults.withProbability(fault, 0.08);
    const refused: Refusal[] = [];
    for await (const page of photos.changes(zone, syncToken)) {
      refused.push(...page.refused);
      for (const change of page.changes) {
        if (change.kind === 'asset') mirror.add(change.asset.recordName);
        else mirror.delete(change.recordName);
      }
    }
    expect(refused).toEqual([]);
    expect([...mirror].sort()).toEqual(visible(icloud).map(({ recordName }) => recordName).sort());
  }),
);
