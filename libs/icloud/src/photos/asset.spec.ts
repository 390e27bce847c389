import fc from 'fast-check';
import * as paper from '../e2e/paper/records';
import { cloudAsset } from './asset';
import type { CloudAsset } from './types';
import { sortRecords } from './wire';

function made(master: Record<string, unknown>, asset: Record<string, unknown>): CloudAsset {
  const { assets, masters } = sortRecords([master, asset]);
  const result = cloudAsset(masters[0]!, assets[0]!, paper.primary);
  if ('code' in result) throw new Error(result.reason);
  return result;
}

const roles = ({ resources }: CloudAsset) => resources.map(({ role, key }) => `${role}:${key}`);

it('reads a photo', () => {
  const asset = made(paper.masterRecord('AbC'), paper.assetRecord('id-1', 'AbC', { isFavorite: { value: 1, type: 'INT64' } }));
  expect(asset).toMatchObject({
    recordName: 'id-1',
    masterName: 'AbC',
    changeTag: '2b',
    filename: 'AbC.JPG',
    kind: 'photo',
    takenAt: new Date(1_600_000_000_000),
    addedAt: new Date(1_600_000_100_000),
    timeZoneOffsetSeconds: 7200,
    hidden: false,
    trashed: false,
    favourite: true,
  });
  expect(asset.resources).toEqual([{ role: 'original', key: 'resOriginal', bytes: 10, checksum: 'AQresOriginal', type: 'public.jpeg', url: 'https://content.invalid/resOriginal/${f}' }]);
});

it('knows a Live Photo, a RAW with its JPEG and a video by their resources', () => {
  const live = made(paper.masterRecord('m', { itemType: { value: 'public.heic' }, ...paper.resource('resOriginalVidCompl', { type: 'com.apple.quicktime-movie' }) }), paper.assetRecord('a', 'm'));
  expect([live.kind, roles(live)]).toEqual(['live_photo', ['original:resOriginal', 'live_video:resOriginalVidCompl']]);
  const raw = made(paper.masterRecord('m', { ...paper.resource('resOriginalAlt', { type: 'com.adobe.raw-image' }) }), paper.assetRecord('a', 'm'));
  expect([raw.kind, roles(raw)]).toEqual(['raw_jpeg', ['original:resOriginal', 'alternative:resOriginalAlt']]);
  const video = made(paper.masterRecord('m', { itemType: { value: 'com.apple.quicktime-movie' } }), paper.assetRecord('a', 'm', paper.resource('resVidFull')));
  expect([video.kind, roles(video)]).toEqual(['video', ['original:resOriginal', 'edited_video:resVidFull']]);
});

it('takes an edit from the asset before one from the master, and none that is the original itself', () => {
  const both = made(paper.masterRecord('m', paper.resource('resJPEGFull', { checksum: 'AQmaster' })), paper.assetRecord('a', 'm', paper.resource('resJPEGFull', { checksum: 'AQasset' })));
  expect(both.resources.find(({ role }) => role === 'edited')?.checksum).toBe('AQasset');
  const old = made(paper.masterRecord('m', paper.resource('resJPEGFull', { checksum: 'AQmaster' })), paper.assetRecord('a', 'm'));
  expect(old.resources.find(({ role }) => role === 'edited')?.checksum).toBe('AQmaster');
  const same = made(paper.masterRecord('m', paper.resource('resJPEGFull', { checksum: 'AQresOriginal' })), paper.assetRecord('a', 'm'));
  expect(roles(same)).toEqual(['original:resOriginal']);
});

it('knows trashed, hidden and expunged ones, whichever way "off" is written', () => {
  const flags = (fields: Record<string, unknown>) => {
    const { hidden, trashed } = made(paper.masterRecord('m'), paper.assetRecord('a', 'm', fields));
    return [hidden, trashed];
  };
  expect(flags({ isDeleted: { value: 1 } })).toEqual([false, true]);
  expect(flags({ isDeleted: null, isHidden: { value: 1 } })).toEqual([true, false]);
  expect(flags({ isDeleted: { value: null }, isHidden: { value: 0 } })).toEqual([false, false]);
  expect(flags({ isExpunged: { value: 1 } })).toEqual([false, true]);
});

it('refuses what has no original', () => {
  const { assets, masters } = sortRecords([{ ...paper.masterRecord('m'), fields: {} }, paper.assetRecord('a', 'm')]);
  expect(cloudAsset(masters[0]!, assets[0]!, paper.primary)).toMatchObject({ recordName: 'a', code: 'NO_ORIGINAL' });
});

it('takes dates of any century, and none that no calendar has', () => {
  const taken = (value: unknown) => made(paper.masterRecord('m'), paper.assetRecord('a', 'm', { assetDate: { value } })).takenAt;
  expect(taken(-2_000_000_000_000)?.getUTCFullYear()).toBe(1906);
  expect(taken(8.7e15)).toBeNull();
  expect(taken('yesterday')).toBeNull();
});

it('never throws, whatever an answer holds', () => {
  const field = fc.oneof(fc.jsonValue(), fc.record({ value: fc.jsonValue(), type: fc.constantFrom('STRING', 'INT64', 'ENCRYPTED_BYTES') }));
  const keys = fc.constantFrom('masterRef', 'filenameEnc', 'itemType', 'resOriginalRes', 'resOriginalFileType', 'assetDate', 'isDeleted', 'timeZoneOffset', 'resJPEGFullRes');
  const record = fc.record({ recordName: fc.constantFrom('a', 'b', 'c'), recordType: fc.constantFrom('CPLAsset', 'CPLMaster', 'CPLAlbum', null), deleted: fc.boolean(), fields: fc.dictionary(keys, field) }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.array(fc.oneof(record, fc.jsonValue())), (records) => {
      const { assets, masters } = sortRecords(records);
      for (const asset of assets) for (const master of masters) expect(cloudAsset(master, asset, paper.primary)).toHaveProperty('recordName');
    }),
  );
});
