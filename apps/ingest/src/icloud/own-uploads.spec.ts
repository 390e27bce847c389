import { contentHash } from '@media-pipeline/icloud';
import type { LocalLibrary } from '@media-pipeline/local-icloud';
import { eachInItsOwn } from '../e2e/own-scene';
import { add, evening, jpeg, movie, sha256 } from './e2e/samples';
import { CloudScene } from './e2e/scene';
import type { ZoneCounts } from './zone-counts';

let scene: CloudScene;
let photos: LocalLibrary;
eachInItsOwn((bus) => CloudScene.open(bus), (opened) => {
  scene = opened;
  photos = opened.icloud.library;
});

const downloads = (): number => scene.icloud.traffic.count(/^GET \/B\//);
const counts = async (): Promise<ZoneCounts> => (await scene.database.cursors.get('icloud', 'zone:PrimarySync'))?.counts as ZoneCounts;
const history = async (): Promise<string[]> => (await scene.database.log.list({ limit: 10_000 })).map(({ message }) => message);
const name = (n: number): string => `IMG_${n}.JPG`;
const rendition = (n: number): { readonly data: Buffer; readonly type: string } => jpeg(`rendition ${n}`);

/** As the uploader does before a file leaves. */
async function handOver(...files: readonly { readonly data: Buffer }[]): Promise<void> {
  const contents = files.map(({ data }) => {
    const hash = contentHash();
    hash.update(data);
    return { ...hash.digest(), bytes: data.length };
  });
  await scene.database.ownUploads.note(contents);
}
const show = async (n: number): ReturnType<LocalLibrary['add']> => await photos.add({ filename: name(n), original: rendition(n), ...evening });

/** Ten photos, taken in, and their renditions in iCloud. */
async function circle(): Promise<{ readonly service: ReturnType<CloudScene['service']>; readonly uploaded: readonly string[] }> {
  for (let n = 0; n < 10; n++) await add(photos, name(n), `original ${n}`);
  await scene.signIn();
  const service = scene.service();
  await scene.read(service);
  expect(await scene.assets()).toHaveLength(10);
  for (let n = 0; n < 10; n++) await handOver(rendition(n));
  const uploaded: string[] = [];
  for (let n = 0; n < 10; n++) uploaded.push((await show(n)).recordName);
  return { service, uploaded };
}

describe('what was uploaded from here', () => {
  it('is left out of what changed, and of everything, and is counted', async () => {
    const { service } = await circle();
    const [before, files] = [downloads(), await scene.originals()];
    await scene.read(service);
    expect((await counts()).changes).toMatchObject({ listed: 10, taken: 0, here: 0, skipped: { own_upload: 10 }, gone: 0 });
    await scene.read(service, { full: true });
    expect((await counts()).full).toMatchObject({ listed: 20, taken: 0, here: 10, skipped: { own_upload: 10 }, difference: 0, server: { before: 20, after: 20 } });
    expect(await history()).toContain('iCloud, PrimarySync: 20 listed = 0 new + 10 here already + 10 left out (10 our own uploads); iCloud counts 20');
    await scene.read(scene.service(), { full: true });
    expect(await scene.assets()).toHaveLength(10);
    expect(downloads()).toBe(before);
    expect(await scene.originals()).toEqual(files);
  });

  it('is left out when it had to be asked for by name', async () => {
    await circle();
    const { recordName } = await add(photos, 'last.JPG', 'last');
    scene.icloud.faults.once('query.recordError', 3);
    await scene.read(scene.service(), { full: true });
    expect(scene.icloud.faults.hits('query.recordError')).toBe(3);
    expect((await counts()).full).toMatchObject({ listed: 21, taken: 1, here: 10, skipped: { own_upload: 10 }, refused: 0, difference: 0 });
    expect(await scene.database.assets.ofSourceRecords('icloud', [`PrimarySync/${recordName}`])).toHaveLength(1);
    expect(await scene.assets()).toHaveLength(11);
  });

  it('leaves no trace when it is deleted or hidden there, and comes back', async () => {
    const { service, uploaded: [first = '', second = '', third = ''] } = await circle();
    await scene.read(service);
    photos.trash(first);
    photos.purge(second);
    photos.hide(third);
    await scene.read(service);
    expect(await scene.database.assets.countGone('icloud')).toEqual({ hidden: 0, trashed: 0, purged: 0 });
    photos.restore(first);
    photos.hide(third, false);
    await scene.read(service);
    expect(await scene.fates()).toEqual(Array.from({ length: 10 }, (_, n) => `PrimarySync/${name(n)}: discovered`));
  });

  it('gives an edit that was made of it later, alone, once, and in every version', async () => {
    const { service, uploaded: [recordName = ''] } = await circle();
    await scene.read(service);
    const taken = async () => (await scene.database.assets.ofSourceRecords('icloud', [`PrimarySync/${recordName}`])).map(({ kind, state, files }) => [kind, state, ...files.map(({ role, sha256: hash }) => [role, hash])]);
    expect(await taken()).toEqual([]);
    await photos.edit(recordName, { picture: jpeg('edit 1') });
    await scene.read(service);
    await scene.read(service, { full: true });
    await photos.edit(recordName, { picture: jpeg('edit 2') });
    await scene.read(service);
    const edits = [['photo', 'discovered', ['edited', sha256('edit 1')]], ['photo', 'discovered', ['edited', sha256('edit 2')]]];
    expect(await taken()).toEqual(edits);
    photos.trash(recordName);
    await scene.read(service);
    expect(await scene.database.assets.countGone('icloud')).toMatchObject({ trashed: 2 });
  });

  it('does not hide what came into iCloud otherwise', async () => {
    await scene.signIn();
    // the video of a Live Photo is ours, its still is not
    await handOver(movie('moves'));
    await photos.add({ filename: 'live.HEIC', original: jpeg('still'), liveVideo: movie('moves'), ...evening });
    await add(photos, 'there before.JPG', 'never handed over');
    await scene.read();
    expect(await scene.fates()).toEqual(['PrimarySync/live.HEIC: discovered', 'PrimarySync/there before.JPG: discovered']);
  });
});
