import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalLibrary } from '@media-pipeline/local-icloud';
import type { AssetWithFiles } from '@media-pipeline/schema';
import { eachInItsOwn } from '../e2e/own-scene';
import { add, sha256 } from './e2e/samples';
import { CloudScene } from './e2e/scene';

let scene: CloudScene;
let photos: LocalLibrary;
eachInItsOwn((bus) => CloudScene.open(bus), (opened) => {
  scene = opened;
  photos = opened.icloud.library;
});


describe('what is deleted in iCloud', () => {
  const sorted = async (asset: AssetWithFiles): Promise<void> => {
    const steps = ['discovered', 'unique', 'compressed', 'bridged', 'verified', 'sorted'] as const;
    for (const [at, state] of steps.slice(1).entries()) await scene.database.assets.move(asset.id, steps[at] ?? 'discovered', state, { step: 'cli', status: 'info', message: 'test' });
    for (const { id, path: place } of asset.files) await scene.database.assets.setArchivedPath(id, place);
  };
  const places = async (): Promise<string[]> => (await scene.onlyAsset()).files.map(({ path: place }) => place);

  it('is written down, and nothing is touched', async () => {
    const { recordName } = await add(photos, 'IMG_1.HEIC', 'first');
    const hidden = await add(photos, 'IMG_2.HEIC', 'second');
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
    const { recordName } = await add(photos, 'IMG_1.HEIC', 'first');
    await scene.signIn();
    const running = scene.service({ ICLOUD_DELETED: 'cleanup' });
    await scene.read(running);
    const asset = await scene.onlyAsset();
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
    expect(await scene.onlyAsset()).toMatchObject({ goneAt: null, state: 'sorted', files: [{ path: 'originals/icloud/2021/05/IMG_1.HEIC' }] });
    expect((await scene.originals()).get('icloud/2021/05/IMG_1.HEIC')).toBe(sha256('first'));
  });

  it('stays where it is the only copy of what another source still has', async () => {
    const { recordName } = await add(photos, 'IMG_1.HEIC', 'first');
    await scene.signIn();
    const running = scene.service({ ICLOUD_DELETED: 'cleanup' });
    await scene.read(running);
    const asset = await scene.onlyAsset();
    await sorted(asset);
    const [twin] = await scene.database.assets.reserve([{ source: 'folder', sourceKey: 'twin', kind: 'photo', files: [] }]);
    await scene.database.assets.arrived(twin?.id ?? '', [], { step: 'cli', status: 'info', message: '' });
    await scene.database.assets.move(twin?.id ?? '', 'discovered', 'duplicate', { step: 'cli', status: 'info', message: '' }, { duplicateOf: asset.id });
    photos.trash(recordName);
    await scene.read(running);
    expect((await scene.database.assets.find(asset.id))?.files[0]?.path).toBe('originals/icloud/2021/05/IMG_1.HEIC');
  });
});
