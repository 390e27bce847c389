import fc from 'fast-check';
import { primary } from '../e2e/paper/records';
import type { CloudAsset } from '../photos/types';
import { filesOf, type IndexedFile } from './content-index';
import { presenceOf } from './presence';
import { sightingOf } from './sighting';

const content = { checksum: 'AeYfMtlOMb3dM9bETic9fXkMpjMV', bytes: 85_638 };
const row = (more: Partial<IndexedFile> = {}): IndexedFile => ({ ...content, recordName: 'a', masterName: content.checksum, role: 'original', state: 'shown', ...more });
const none: ReadonlySet<string> = new Set();

it('finds a content that is shown, also as the video of a Live Photo', () => {
  expect(presenceOf(content, [row()], none)).toEqual({ kind: 'there', recordName: 'a', masterName: content.checksum, role: 'original' });
  expect(presenceOf(content, [row({ role: 'live_video', recordName: 'b' })], none)).toMatchObject({ kind: 'there', recordName: 'b', role: 'live_video' });
});

it.each(['hidden', 'trashed'] as const)('does not take what is %s for there, nor for absent', (state) => {
  expect(presenceOf(content, [row({ state })], none)).toMatchObject({ kind: state, recordName: 'a' });
  expect(presenceOf(content, [row({ state }), row({ recordName: 'z' })], none)).toMatchObject({ kind: 'there', recordName: 'z' });
});

it('says apart that Apple knows the content and no asset of it', () => {
  expect(presenceOf(content, [], new Set([content.checksum]))).toEqual({ kind: 'unlisted', masterName: content.checksum });
  expect(presenceOf(content, [], none)).toEqual({ kind: 'absent' });
});

it('wants checksum and size', () => {
  expect(presenceOf(content, [row({ bytes: 1 }), row({ checksum: 'AY6c+BsE0jjaXx9tmVGJM1D2VcEO' })], none)).toEqual({ kind: 'absent' });
});

it('gives the same evidence in whatever order the rows come', () => {
  const rows = fc.array(fc.record({ recordName: fc.constantFrom('a', 'b', 'c'), state: fc.constantFrom('shown' as const, 'hidden' as const, 'trashed' as const), role: fc.constantFrom('original' as const, 'alternative' as const, 'live_video' as const) }).map(row));
  fc.assert(fc.property(rows, (files) => expect(presenceOf(content, files.toReversed(), none)).toEqual(presenceOf(content, files, none))));
});

const asset = (checksum: string, more: Partial<CloudAsset> = {}): CloudAsset => ({
  recordName: 'a',
  masterName: 'm',
  changeTag: '1',
  zone: primary,
  filename: 'x.jpg',
  kind: 'photo',
  takenAt: null,
  timeZoneOffsetSeconds: null,
  addedAt: null,
  hidden: false,
  trashed: false,
  favourite: false,
  resources: [
    { role: 'original', key: 'resOriginal', bytes: content.bytes, checksum, type: 'public.jpeg', url: '' },
    { role: 'edited', key: 'resJPEGFull', bytes: 7, checksum: 'AYedit', type: 'public.jpeg', url: '' },
  ],
  ...more,
});

it('indexes the files that are the photo, and no edit', () => {
  expect(filesOf(asset(content.checksum, { hidden: true }))).toEqual([row({ masterName: 'm', state: 'hidden' })]);
  expect(filesOf(asset(''))).toEqual([]);
  expect(filesOf(asset('x', { hidden: true, trashed: true }))).toMatchObject([{ state: 'trashed' }]);
});

it('tells the asset that was named from another one', () => {
  expect(sightingOf(content, asset(content.checksum))).toMatchObject({ kind: 'seen', proof: 'checksum', presence: { kind: 'there' } });
  expect(sightingOf(content, asset(content.checksum, { trashed: true }))).toMatchObject({ kind: 'seen', presence: { kind: 'trashed' } });
  expect(sightingOf(content, asset('AY6c+BsE0jjaXx9tmVGJM1D2VcEO'))).toMatchObject({ kind: 'other', checksum: 'AY6c+BsE0jjaXx9tmVGJM1D2VcEO' });
});

it('makes do with the size where the checksum is of a form that is not known', () => {
  expect(sightingOf(content, asset('Ag=='))).toMatchObject({ kind: 'seen', proof: 'size' });
  expect(sightingOf({ ...content, bytes: 1 }, asset('Ag=='))).toMatchObject({ kind: 'other' });
});
