import { decide, sameVersion, settlesIn, type Known } from './decide';
import type { SourceFile } from './source-file';

const file = (path: string, changes: Partial<SourceFile> = {}): SourceFile => ({
  place: Buffer.from(`/s/${path}`),
  sourcePath: `/s/${path}`,
  path,
  bytes: 3,
  fingerprint: '3:1:1',
  modifiedAt: new Date(0),
  changedAt: new Date(0),
  ...changes,
});
const known = (...entries: readonly [string, Known['state'], string?, string?][]): Map<string, Known> =>
  new Map(entries.map(([path, state, fingerprint = '3:1:1', assetId = path]) => [`/s/${path}`, { fingerprint, state, assetId }]));
const calm = { settled: () => true, urgent: () => false };

it('takes what is new, goes on with what is arriving, and reads nothing of what is known', () => {
  const files = ['new.jpg', 'half.jpg', 'there.jpg', 'done.jpg', 'changed.jpg'].map((name) => file(name));
  const before = known(['half.jpg', 'arriving'], ['there.jpg', 'discovered'], ['done.jpg', 'sorted'], ['changed.jpg', 'sorted', '2:1:1']);
  expect(decide(files, before, calm)).toMatchObject({ fresh: [{ path: 'new.jpg' }, { path: 'changed.jpg' }], resume: ['half.jpg'], announce: ['there.jpg'], replaced: [], unsettled: [] });
});

it('lets the halves of a Live Photo wait for each other', () => {
  const files = [file('IMG_1.HEIC'), file('img_1_HEVC.MOV'), file('IMG_2.HEIC')];
  const decision = decide(files, new Map(), { ...calm, settled: ({ path }) => !path.endsWith('MOV') });
  expect(decision.fresh.map(({ path }) => path)).toEqual(['IMG_2.HEIC']);
  expect(decision.unsettled).toHaveLength(2);
});

it('stops an arriving asset whose file was replaced, and takes its other file anew', () => {
  const before = known(['a.heic', 'arriving', '9:9:9', 'pair'], ['a.mov', 'arriving', '3:1:1', 'pair']);
  const decision = decide([file('a.heic'), file('a.mov')], before, calm);
  expect(decision).toMatchObject({ replaced: ['pair'], resume: [], undecided: [] });
  expect(decision.fresh.map(({ path }) => path)).toEqual(['a.heic', 'a.mov']);
  expect([...decision.retake]).toEqual([['/s/a.mov', 'pair']]);
});

it('leaves it alone until the new version is settled', () => {
  const before = known(['a.heic', 'arriving', '9:9:9', 'pair'], ['a.mov', 'arriving', '3:1:1', 'pair']);
  const decision = decide([file('a.heic'), file('a.mov')], before, { ...calm, settled: ({ path }) => path === 'a.mov' });
  expect(decision).toMatchObject({ replaced: [], resume: [], fresh: [], undecided: ['pair'] });
});

it('sees past a marker behind the fingerprint', () => {
  const there: Known = { fingerprint: '3:1:1:asset', state: 'sorted', assetId: 'x' };
  expect(sameVersion(there, file('a'))).toBe(true);
  expect(sameVersion({ ...there, fingerprint: '3:1:11' }, file('a'))).toBe(false);
});

it('takes a time in the future from the inode', () => {
  const year2099 = new Date('2099-01-01');
  expect(settlesIn(file('a', { modifiedAt: new Date(9_000) }), 10_000, 2_000)).toBe(1_000);
  expect(settlesIn(file('a', { modifiedAt: new Date(0) }), 10_000, 2_000)).toBeLessThanOrEqual(0);
  expect(settlesIn(file('a', { modifiedAt: year2099, changedAt: new Date(0) }), 10_000, 2_000)).toBeLessThanOrEqual(0);
  expect(settlesIn(file('a', { modifiedAt: year2099, changedAt: year2099 }), 10_000, 2_000)).toBe(2_000);
});
