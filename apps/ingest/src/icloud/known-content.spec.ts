import { rm, truncate, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalLibrary } from '@media-pipeline/local-icloud';
import { eachInItsOwn } from '../e2e/own-scene';
import { png, Scene, sha256 } from '../folder/e2e/scene';
import { evening } from './e2e/samples';
import { CloudScene } from './e2e/scene';

const [beach, waves, dunes] = [png('beach'), png('waves'), png('dunes')];
const picture = (data: Buffer) => ({ data, type: 'public.png' });
let scene: CloudScene;
let photos: LocalLibrary;
eachInItsOwn((bus) => CloudScene.open(bus), (opened) => {
  scene = opened;
  photos = opened.icloud.library;
});

const downloads = (): number => scene.icloud.traffic.count(/^GET \/B\//);
const history = async (): Promise<string[]> => (await scene.database.log.list({ limit: 10_000 })).map(({ message }) => message);
const original = (place: string): string => path.join(scene.root, 'originals', place);

/** As somebody does who has had the photos in a folder for years. */
async function takeInFolder(files: Readonly<Record<string, Buffer>>): Promise<void> {
  const folder = await Scene.of(scene);
  for (const [name, data] of Object.entries(files)) await writeFile(path.join(folder.source, name), data);
  await folder.scan();
}

describe('content that is in the library already', () => {
  it('is not downloaded, whichever source it came by: it is copied, and proven by its hash', async () => {
    await takeInFolder({ 'beach.png': beach, 'waves.png': waves });
    await photos.add({ filename: 'IMG_1.HEIC', original: picture(beach), liveVideo: picture(waves), ...evening });
    await photos.add({ filename: 'IMG_2.HEIC', original: picture(dunes), liveVideo: picture(waves), ...evening });
    await scene.signIn();
    await scene.read();

    expect(downloads()).toBe(1);
    expect(await scene.originals()).toEqual(
      new Map([
        ['beach.png', sha256(beach)],
        ['waves.png', sha256(waves)],
        ['icloud/2021/05/IMG_1.HEIC', sha256(beach)],
        ['icloud/2021/05/IMG_1.PNG', sha256(waves)],
        ['icloud/2021/05/IMG_2.HEIC', sha256(dunes)],
        ['icloud/2021/05/IMG_2.PNG', sha256(waves)],
      ]),
    );
    const said = await history();
    expect(said).toContain('iCloud: 2 photos and videos taken in (3 files were here already and not downloaded), 0 set aside');
    expect(said).toContainEqual(expect.stringMatching(/IMG_1.* by copy of what was here, verified by checksum$/));
    expect(said).toContainEqual(expect.stringMatching(/IMG_2.* by download and copy of what was here, verified by checksum$/));
    expect((await scene.assets()).map(({ state }) => state)).toEqual(['discovered', 'discovered', 'discovered', 'discovered']);
  });

  it('is not downloaded again when iCloud itself has brought it', async () => {
    await photos.add({ filename: 'IMG_1.JPG', original: picture(beach), ...evening });
    await scene.signIn();
    await scene.read();
    await photos.add({ filename: 'copy.JPG', original: picture(beach), ...evening });
    await scene.read();
    expect(downloads()).toBe(1);
    expect([...(await scene.originals()).values()]).toEqual([sha256(beach), sha256(beach)]);
  });

  it.each([
    ['gone', async (file: string) => await unlink(file)],
    ['cut short', async (file: string) => await truncate(file, 3)],
    ['changed', async (file: string) => (await rm(file), await writeFile(file, Buffer.alloc(beach.length, 7)))],
  ])('is downloaded when the file with it is %s', async (_, spoil) => {
    await takeInFolder({ 'beach.png': beach });
    await spoil(original('beach.png'));
    await photos.add({ filename: 'IMG_1.HEIC', original: picture(beach), ...evening });
    await scene.signIn();
    await scene.read();
    expect(downloads()).toBe(1);
    expect((await scene.originals()).get('icloud/2021/05/IMG_1.HEIC')).toBe(sha256(beach));
  });
});
