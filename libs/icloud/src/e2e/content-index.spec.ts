import { ContentIndex, type FileToUpload, type IndexedFile } from '..';
import { scenario, type Scene } from './scene';
import { newFile, uploading, type MemoryIndex } from './upload-library';
import { mix } from './photo-library';

const roles = new Map<string, IndexedFile['role']>([
  ['resOriginal', 'original'],
  ['resOriginalAlt', 'alternative'],
  ['resOriginalVidCompl', 'live_video'],
]);

/** What the server has, as the index should. */
const expected = (scene: Scene): IndexedFile[] =>
  scene.icloud.library.assets('PrimarySync').flatMap(({ recordName, masterName, hidden, trashed, resources }) =>
    resources.flatMap(({ key, checksum, bytes }): IndexedFile[] => {
      const role = roles.get(key);
      return role === undefined ? [] : [{ recordName, masterName, role, checksum, bytes, state: trashed ? 'trashed' : hidden ? 'hidden' : 'shown' }];
    }),
  );
const sorted = (files: readonly IndexedFile[]): string[] => files.map((file) => JSON.stringify(file, Object.keys(file).sort())).sort();
const agree = (index: MemoryIndex, scene: Scene): void => expect(sorted(index.files)).toEqual(sorted(expected(scene)));
const sought = (file: IndexedFile | undefined): Pick<FileToUpload, 'checksum' | 'bytes'> => ({ checksum: file?.checksum ?? '', bytes: file?.bytes ?? 0 });

it(
  'lists a library once, what is hidden and thrown away with it, and then asks for changes alone',
  scenario({}, async (scene) => {
    const { library, traffic, faults } = scene.icloud;
    const names = library.addSynthetic(700, { mix });
    for (const name of names.slice(0, 40)) library.trash(name);
    const { uploads, index } = await uploading(scene);
    expect(await uploads.readIndex()).toMatchObject({ listed: true, assets: library.assets('PrimarySync').length, refused: 0 });
    agree(index, scene);
    const all = expected(scene);
    const kinds = { shown: 'there', hidden: 'hidden', trashed: 'trashed' } as const;
    for (const state of ['shown', 'hidden', 'trashed'] as const) {
      const alone = all.find((file) => file.state === state && all.filter(({ checksum }) => checksum === file.checksum).length === 1);
      expect(await uploads.present([sought(alone)])).toMatchObject([{ kind: kinds[state], recordName: alone?.recordName }]);
    }
    traffic.clear();
    await uploads.present(all.slice(0, 90).map(sought));
    expect(traffic.requests).toHaveLength(2);

    for (const fault of ['query.throttled', 'query.recordError', 'query.emptyPage', 'query.splitPairs', 'lookup.recordError'] as const) faults.withProbability(fault, 0.05);
    for (const [at, name] of names.entries()) {
      if (at < 40 && at % 2 === 0) library.restore(name);
      else if (at % 7 === 3) library.trash(name);
      else if (at % 11 === 5) library.purge(name);
      else if (at % 13 === 5) library.hide(name);
    }
    library.addSynthetic(30, { mix });
    expect(await uploads.readIndex()).toMatchObject({ listed: false, refused: 0 });
    agree(index, scene);
  }),
);

it(
  'lists anew when Apple does not know the token any more, and when a listing was killed in the middle',
  scenario({}, async (scene) => {
    const { library } = scene.icloud;
    const names = library.addSynthetic(300);
    const { uploads, index } = await uploading(scene);
    await uploads.readIndex();
    library.purge(names[0] ?? '');
    library.expireTokens('PrimarySync');
    expect(await uploads.readIndex()).toMatchObject({ listed: true });
    agree(index, scene);

    // As it is when the process is killed after some pages.
    index.token = null;
    index.files = index.files.slice(100);
    library.purge(names[200] ?? '');
    expect(await uploads.readIndex()).toMatchObject({ listed: true });
    agree(index, scene);
  }),
);

it(
  'tells a content that Apple has a record of and no readable asset from one that is not there',
  scenario({}, async (scene) => {
    const { uploads, index } = await uploading(scene);
    const [known] = scene.icloud.library.addSynthetic(1);
    await uploads.readIndex();
    const row = index.files.find(({ recordName }) => recordName === known);
    index.files = [];
    expect(await uploads.present([sought(row), await newFile(scene.folder, 'x.jpg')])).toEqual([{ kind: 'unlisted', masterName: row?.checksum }, { kind: 'absent' }]);
  }),
);

it(
  'stops where the index cannot be kept',
  scenario({}, async (scene) => {
    const { uploads, index } = await uploading(scene);
    scene.icloud.library.addSynthetic(10);
    const full = new Error('disk full');
    index.save = async () => await Promise.reject(full);
    await expect(uploads.readIndex()).rejects.toBe(full);
    expect(index).toBeInstanceOf(ContentIndex);
    expect(await index.syncToken()).toBeNull();
  }),
);
