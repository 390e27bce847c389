import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LibraryPath } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { buildProgram } from '../program';
import { undoDuplicate } from '../duplicates/undo';

let directory: string;
let library: Library;
let database: Database;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'duplicates-'));
  library = Library.at(path.join(directory, 'library'));
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(library.root, '.media-pipeline', 'media-pipeline.sqlite') });
});
afterEach(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

async function type(...words: string[]): Promise<Record<string, unknown>[]> {
  let out = '';
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  try {
    await (await buildProgram(words)).parseAsync([...words, '--json', '--library', library.root], { from: 'user' });
  } finally {
    spy.mockRestore();
  }
  return out.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
}

const put = async (place: string, content: string): Promise<string> => {
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, content);
  return place;
};
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

async function assetAt(place: string, content: string): Promise<AssetWithFiles> {
  await put(library.absolute(LibraryPath.parse(place)), content);
  return database.assets.adopt(LibraryPath.parse(place), { filename: path.basename(place), kind: 'photo', sha256: sha(content), bytes: content.length, modifiedAt: new Date(0) });
}

describe('duplicates sweep', () => {
  it('moves what nobody has from the archive to cleanup, whole photos only, and back', async () => {
    const sorted = library.areas.sorted;
    await assetAt('sorted/x (2).jpg', 'one');
    for (const [name, content] of [['IMG_1.jpg', 'one'], ['a/IMG_2.HEIC', 'two'], ['a/IMG_2.MOV', 'three'], ['b/IMG_2.HEIC', 'two'], ['b/IMG_2.MOV', 'three'], ['c/IMG_3.HEIC', 'four'], ['c/IMG_3.AAE', 'c'], ['d/IMG_3.HEIC', 'four'], ['d/IMG_3.AAE', 'd']]) await put(path.join(sorted, name ?? ''), content ?? '');
    const outside = await put(path.join(directory, 'outside', 'copy.jpg'), 'one');
    const before = (await readdir(sorted, { recursive: true })).sort();
    const lines = await type('duplicates', 'sweep', sorted, path.dirname(outside), '--apply');
    const counts = lines.find((line) => 'sets' in line);
    const applied = lines.find((line) => 'sweep' in line);
    expect(counts).toMatchObject({ duplicates: 3, sets: 4 });
    expect(applied).toMatchObject({ moved: 3, left: [{ path: outside, reason: expect.stringContaining('outside') }] });
    expect((await readdir(sorted, { recursive: true })).sort()).toEqual(before.filter((name) => name !== 'IMG_1.jpg' && !name.startsWith('b/')));
    expect(await readFile(outside, 'utf8')).toBe('one');
    expect((await database.journal.list({ limit: 5 })).every(({ reason }) => reason.includes('same bytes as'))).toBe(true);
    const sweepId = String(applied?.['sweep']);
    expect(await type('duplicates', 'undo', sweepId)).toEqual([{ id: sweepId, moved: 3, left: [] }]);
    expect(await type('duplicates', 'undo', sweepId)).toEqual([{ id: sweepId, moved: 0, left: [] }]);
    expect((await readdir(sorted, { recursive: true })).sort()).toEqual(before);
    expect((await type('duplicates', 'list')).at(-1)).toMatchObject({ sweep: sweepId, files: 3, moved: 0 });
  });

  it('looks outside of a library without one, and compares with a list of another hash', async () => {
    const folder = path.join(directory, 'pictures');
    const [one] = [await put(path.join(folder, 'a.jpg'), 'same'), await put(path.join(folder, 'a (2).jpg'), 'same'), await put(path.join(folder, 'b.jpg'), 'other')];
    const list = await put(path.join(directory, 'old.sha256'), `${sha('other')}  old name.jpg\n`);
    const lines = await type('duplicates', 'sweep', folder, '--hashes', list);
    expect(lines[0]).toMatchObject({ kind: 'duplicate', survivor: [one] });
    expect(lines.at(-1)).toMatchObject({ kind: 'listed', files: [path.join(folder, 'b.jpg')], survivor: ['old name.jpg'] });
    await expect(type('duplicates', 'sweep', path.join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(type('duplicates', 'undo', randomUUID())).rejects.toMatchObject({ code: 'UNKNOWN_ASSET' });
  });
});

describe('duplicates undo', () => {
  it('brings the file back, then the asset on its way, and does nothing the second time', async () => {
    const [survivor, asset] = [await assetAt('originals/a.jpg', 'same'), await assetAt('originals/b.jpg', 'same')];
    const log = { step: 'dedupe', status: 'success', message: 'same', assetId: asset.id } as const;
    await database.assets.move(asset.id, 'discovered', 'duplicate', log, { duplicateOf: survivor.id });
    await database.duplicates.record({ assetId: asset.id, kind: 'duplicate', survivorId: survivor.id, survivorPath: null, better: 'survivor', reason: 'older', adopted: false });
    const file = asset.files[0]!;
    await new FileMover(library, database.journal).move({ assetId: asset.id, fileId: file.id, from: file.path, to: LibraryPath.parse('cleanup/duplicates/b.jpg'), sha256: sha('same'), bytes: 4, reason: 'duplicate' });
    const [line] = await type('duplicates', 'list');
    expect(line).toMatchObject({ id: asset.id, path: 'cleanup/duplicates/b.jpg', survivor: 'originals/a.jpg', undone: null });
    const said: string[] = [];
    const bus = { publish: async ({ subject }: { subject: string }) => (said.push(subject), { stream: 'MEDIA', sequence: 1, duplicate: false }) };
    const duplicate = await database.assets.find(asset.id);
    const scene = { database, library, bus: bus as unknown as Parameters<typeof undoDuplicate>[0]['bus'] };
    expect(await undoDuplicate(scene, duplicate ?? asset)).toBe(1);
    const back = await database.assets.find(asset.id);
    expect(back).toMatchObject({ state: 'unique', duplicateOf: null, files: [{ path: 'originals/b.jpg' }] });
    expect(said).toEqual(['media.unique']);
    await expect(undoDuplicate(scene, back ?? asset)).rejects.toMatchObject({ code: 'UNKNOWN_ASSET' });
    expect((await type('duplicates', 'list'))[0]?.['undone']).not.toBeNull();
  });
});
