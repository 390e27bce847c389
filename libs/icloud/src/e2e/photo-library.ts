import type { LibraryAsset, LocalICloud } from '@media-pipeline/local-icloud';
import { PhotoLibrary, type CloudAsset, type ListOptions, type Refusal, type Zone } from '..';
import type { Scene } from './scene';

export const primary = ({ name }: Zone) => name === 'PrimarySync';

export async function library(scene: Scene, options: { pageSize?: number } = {}): Promise<PhotoLibrary> {
  return new PhotoLibrary(await scene.signedIn(), { clock: scene.clientClock, ...options });
}

export async function primaryOf(photos: PhotoLibrary): Promise<Zone> {
  const zone = (await photos.zones()).find(primary);
  if (!zone) throw new Error('no primary library');
  return zone;
}

export async function listed(photos: PhotoLibrary, zone: Zone, options: ListOptions = {}) {
  const assets: CloudAsset[] = [];
  const refused: Refusal[] = [];
  let syncToken = '';
  for await (const page of photos.list(zone, options)) {
    assets.push(...page.assets);
    refused.push(...page.refused);
    syncToken = page.syncToken;
  }
  return { assets, refused, syncToken };
}

/** What both sides say of an asset, to be compared. */
const ofServer = ({ recordName, masterName, takenAt, favourite, resources }: LibraryAsset) => ({
  recordName,
  masterName,
  takenAt,
  favourite,
  resources: resources.map(({ key, bytes, checksum, type }) => `${key} ${bytes} ${checksum} ${type}`).sort(),
});
const ofClient = ({ recordName, masterName, takenAt, favourite, resources }: CloudAsset) => ({
  recordName,
  masterName,
  takenAt: takenAt?.getTime(),
  favourite,
  resources: resources.map(({ key, bytes, checksum, type }) => `${key} ${bytes} ${checksum} ${type}`).sort(),
});
export const byName = (a: { recordName: string }, b: { recordName: string }) => (a.recordName < b.recordName ? -1 : 1);

export const visible = (icloud: LocalICloud, zone = 'PrimarySync') => icloud.library.assets(zone).filter(({ hidden, trashed }) => !hidden && !trashed);

export function expectSame(assets: readonly CloudAsset[], icloud: LocalICloud, zone = 'PrimarySync'): void {
  expect(assets.map(ofClient).sort(byName)).toEqual(visible(icloud, zone).map(ofServer).sort(byName));
}

export const mix = { video: 0.1, live: 0.2, rawJpeg: 0.1, edited: 0.2, duplicated: 0.1, hidden: 0.05, favourite: 0.2, stringName: 0.3, noName: 0.05 };
