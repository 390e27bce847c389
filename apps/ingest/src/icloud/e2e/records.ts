import type { CloudAsset, CloudResource, ResourceRole, Zone } from '@media-pipeline/icloud';

const primary: Zone = { name: 'PrimarySync', owner: null, database: 'private', shared: false };

const keys: Readonly<Record<ResourceRole, string>> = {
  original: 'resOriginal',
  alternative: 'resOriginalAlt',
  live_video: 'resOriginalVidCompl',
  edited: 'resJPEGFull',
  edited_video: 'resVidFull',
  sidecar: 'resSidecar',
};

export const aResource = (role: ResourceRole, changes: Partial<CloudResource> = {}): CloudResource => ({ role, key: keys[role], bytes: 10, checksum: 'AQ==', type: 'public.heic', url: 'http://127.0.0.1/', ...changes });

/** A photo as a listing gives it. */
export const aCloudAsset = (changes: Partial<CloudAsset> = {}): CloudAsset => ({
  recordName: 'A',
  masterName: 'M',
  changeTag: '1',
  zone: primary,
  filename: 'IMG_1.HEIC',
  kind: 'photo',
  takenAt: new Date('2021-05-03T12:03:01Z'),
  timeZoneOffsetSeconds: 7200,
  addedAt: new Date('2021-05-04T00:00:00Z'),
  hidden: false,
  trashed: false,
  favourite: false,
  resources: [aResource('original')],
  ...changes,
});
