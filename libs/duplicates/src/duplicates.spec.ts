import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { listDirectories, sweepDirectories, type ListedFile } from './sweep';
import { namedAsCopy, preferred, type Circumstances } from './survivor';
import { judgeUnits } from './units';
import type { SweptFile } from './sweep.worker';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sweep-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = async (name: string, content: Buffer | string): Promise<string> => {
  const place = path.join(folder, name);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, content);
  return place;
};

describe('a sweep', () => {
  it('finds the same sets as hashing everything would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.constantFrom(1, 4095, 4096, 4097, 8192, 9000, 600_000)), { minLength: 2, maxLength: 40 }), async (files) => {
        await rm(folder, { recursive: true });
        await mkdir(folder);
        const bySha = new Map<string, string[]>();
        for (const [index, [fill, at, size]] of files.entries()) {
          const content = Buffer.alloc(size, 1);
          // they differ at the beginning, in the middle or at the end
          content[[0, size >> 1, size - 1][at] ?? 0] = fill;
          const place = await put(`${index % 3}/${index}.jpg`, content);
          const sha = createHash('sha256').update(content).digest('hex');
          bySha.set(sha, [...(bySha.get(sha) ?? []), place]);
        }
        const { sets, files: count } = await sweepDirectories([folder]);
        expect(count).toBe(files.length);
        const sorted = (all: readonly (readonly string[])[]): string[] => all.map((set) => [...set].sort().join()).sort();
        expect(sorted(sets.map((set) => set.map((file) => file.path)))).toEqual(sorted([...bySha.values()].filter((set) => set.length > 1)));
      }),
      { numRuns: 25 },
    );
  });

  it('takes hard links for one file, follows no link, passes over empty files, those of file managers and what it is told to', async () => {
    const one = await put('a/one.jpg', 'same');
    await link(one, path.join(folder, 'a/second name.jpg'));
    await put('b/two.jpg', 'same');
    await symlink(one, path.join(folder, 'b/link.jpg'));
    await symlink(folder, path.join(folder, 'b/loop'));
    await put('b/.hidden/.two.jpg', 'same');
    for (const name of ['b/._two.jpg', 'b/.mp-00000000-1-00000000-0000000000000000.part', '@eaDir/x.jpg', '.Trash-1000/files/x.jpg', '.stversions/x.jpg', 'not here/x.jpg']) await put(name, 'same');
    await put('b/empty', '');
    await put('b/empty too', '');
    const { sets, unreadable } = await sweepDirectories([folder, path.join(folder, 'b'), path.join(folder, 'missing')], { except: [path.join(folder, 'not here')] });
    expect(sets).toHaveLength(1);
    expect(sets[0]?.map((file) => path.basename(file.path)).sort()).toEqual(['.two.jpg', expect.stringMatching(/one|second name/), 'two.jpg']);
    expect(unreadable).toEqual([{ path: path.join(folder, 'missing'), reason: 'ENOENT' }]);
  });

  it('lists files with their versions', async () => {
    const place = await put('x/a.jpg', 'abc');
    const listed: ListedFile[] = [];
    const { files, bytes } = await listDirectories([folder], (some) => listed.push(...some));
    expect({ files, bytes, listed }).toEqual({ files: 1, bytes: 3, listed: [{ path: place, bytes: 3, fingerprint: expect.stringMatching(/^3:\d+:\d+$/) }] });
    expect(await readFile(place, 'utf8')).toBe('abc');
  });
});

describe('the survivor', () => {
  it.each(['IMG_1 (2).jpg', 'IMG_1(1).HEIC', 'Copy of IMG_1.jpg', 'IMG_1 - Copy.jpg', 'IMG_1 copy 2.jpg', 'Kopie von IMG_1.jpg', 'IMG_1 Kopie.jpg', 'IMG_1~2.jpg', 'x - Copy (3).png'])('is not %s', (name) => expect(namedAsCopy(name)).toBe(true));
  it.each(['IMG_1.jpg', 'photocopy.jpg', 'Copying machine.jpg', 'Party 2021.jpg', 'IMG_2021.jpg', 'DSC_0001-Edit.jpg'])('may be %s', (name) => expect(namedAsCopy(name)).toBe(false));

  it('is the same whoever is asked first', () => {
    const circumstances: fc.Arbitrary<Circumstances> = fc.record({
      filename: fc.constantFrom('IMG_1.jpg', 'IMG_1 (2).jpg', 'x.jpg'), modifiedMs: fc.option(fc.nat(9000)), companions: fc.nat(2), sourceRank: fc.nat(2), key: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(circumstances, circumstances, (a, b) => {
        if (a.key === b.key) return;
        expect(preferred(a, b).better === 'first').toBe(preferred(b, a).better === 'second');
      }),
    );
    const old: Circumstances = { filename: 'IMG_1.jpg', modifiedMs: 0, companions: 0, sourceRank: 1, key: 'b' };
    expect(preferred(old, { ...old, filename: 'IMG_1 (2).jpg', modifiedMs: -10_000 })).toEqual({ better: 'first', why: 'is not named as a copy' });
    expect(preferred({ ...old, modifiedMs: 10_000 }, { ...old, key: 'z' })).toEqual({ better: 'second', why: 'is older' });
  });
});

describe('photos of several files', () => {
  const file = (place: string, bytes = 10): SweptFile => ({ path: place, bytes, modifiedMs: 0 });
  const judge = (sets: string[][], alone: string[] = [], fixed: string[] = []) => {
    const all = [...sets.flat(), ...alone];
    const stem = (place: string): string => place.replace(/(?:_HEVC)?\.[^.]*$/, '');
    const companions = (place: string): SweptFile[] => all.filter((other) => stem(other) === stem(place)).map((other) => file(other));
    return judgeUnits(sets.map((set) => set.map((place) => file(place))), companions, (place) => fixed.includes(place)).map(({ kind, unit, survivor }) => `${kind} ${unit.files.map(({ path: at }) => at).join('+')} of ${survivor.files.map(({ path: at }) => at).join('+')}`);
  };

  it('are duplicates as a whole', () => {
    expect(judge([['/a/1.HEIC', '/b/1 (2).HEIC'], ['/a/1.MOV', '/b/1 (2).MOV']])).toEqual(['duplicate /b/1 (2).HEIC+/b/1 (2).MOV of /a/1.HEIC+/a/1.MOV']);
  });

  it('are not given up for a half, but a half is for the whole', () => {
    expect(judge([['/a/1.HEIC', '/b/1.HEIC']], ['/b/1.MOV'])).toEqual(['duplicate /a/1.HEIC of /b/1.HEIC+/b/1.MOV']);
    expect(judge([['/a/1.HEIC', '/b/1.HEIC']], ['/a/1.MOV', '/b/1.AAE'])).toEqual([expect.stringMatching(/^overlap /), expect.stringMatching(/^overlap /)]);
  });

  it('that the pipeline has stay whatever they are called', () => {
    expect(judge([['/lib/x (2).jpg', '/b/IMG_1.jpg']], [], ['/lib/x (2).jpg'])).toEqual(['duplicate /b/IMG_1.jpg of /lib/x (2).jpg']);
    expect(judge([['/lib/1.jpg', '/lib/2.jpg']], [], ['/lib/1.jpg', '/lib/2.jpg'])).toEqual([]);
  });

  it('never lose their last copy', () => {
    const places = ['/a/1.jpg', '/a/1.raw', '/b/1.jpg', '/b/1.raw', '/c/1.jpg', '/d/2.raw', '/e/3 (2).jpg'];
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: places.length, maxLength: places.length }), fc.subarray(places), (content, fixed) => {
        const groups = [0, 1, 2, 3].map((n) => places.filter((_, i) => content[i] === n));
        const sets = groups.filter((group) => group.length > 1);
        const alone = groups.filter((group) => group.length === 1).flat();
        const stem = (place: string): string => place.replace(/\.[^.]*$/, '');
        const companions = (place: string): SweptFile[] => [...sets.flat(), ...alone].filter((other) => stem(other) === stem(place)).map((other) => file(other));
        const findings = judgeUnits(sets.map((set) => set.map((place) => file(place))), companions, (place) => fixed.includes(place));
        const gone = new Set(findings.filter(({ kind }) => kind === 'duplicate').flatMap(({ unit }) => unit.files.map(({ path: at }) => at)));
        for (const set of sets) expect(set.some((place) => !gone.has(place))).toBe(true);
        for (const place of [...fixed, ...alone]) expect(gone.has(place)).toBe(false);
        for (const { kind, unit, pairs } of findings) if (kind === 'duplicate') expect(pairs.map((pair) => pair.file)).toEqual(unit.files);
      }),
    );
  });
});
