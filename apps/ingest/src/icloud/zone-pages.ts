import { newest, type Album, type CloudAsset, type PhotoLibrary, type Refusal, type Zone } from '@media-pipeline/icloud';
import type { Wanted } from './filter';

/** A page of what is wanted of a zone. */
export interface ZonePage {
  readonly assets: readonly CloudAsset[];
  readonly refused: readonly Refusal[];
  readonly syncToken: string;
  /** Assets that are older than the ICLOUD_RECENT newest. */
  readonly older: number;
}

/** Names of albums as people write them. */
const same = (a: string, b: string): boolean => a.normalize('NFC').trim().toLowerCase() === b.normalize('NFC').trim().toLowerCase();

/** The albums of a zone that are wanted. */
export const wantedAlbums = (albums: readonly Album[], names: readonly string[]): Album[] => albums.filter(({ name }) => names.some((wanted) => same(wanted, name)));
export const missingAlbums = (found: readonly Album[], names: readonly string[]): string[] => names.filter((wanted) => !found.some(({ name }) => same(wanted, name)));

/** The whole zone, its newest photos, or some albums of it. */
export async function* zonePages(photos: PhotoLibrary, zone: Zone, { recent, albums: names }: Wanted, albums: readonly Album[], signal: AbortSignal): AsyncGenerator<ZonePage> {
  const listings = names.length > 0 ? albums.map((album) => ({ album })) : [{}];
  // A photo in two albums is one photo.
  const listed = listings.length > 1 ? new Set<string>() : null;
  for (const listing of listings) {
    for await (const page of recent === null ? all(photos, zone, { ...listing, signal }) : latest(photos, zone, { ...listing, signal }, recent)) {
      yield listed === null ? page : { ...page, assets: page.assets.filter(({ recordName }) => !listed.has(recordName) && listed.add(recordName)) };
    }
  }
}

interface What {
  readonly album?: Album;
  readonly signal: AbortSignal;
}

async function* all(photos: PhotoLibrary, zone: Zone, what: What): AsyncGenerator<ZonePage> {
  for await (const page of photos.list(zone, what)) yield { ...page, older: 0 };
}

/** The `most` newest; ends as soon as the listing, newest first, brings nothing but older ones. */
async function* latest(photos: PhotoLibrary, zone: Zone, what: What, most: number): AsyncGenerator<ZonePage> {
  let kept: readonly CloudAsset[] = [];
  const refused: Refusal[] = [];
  let syncToken = '';
  let older = 0;
  for await (const page of photos.list(zone, { ...what, newestFirst: true })) {
    const { kept: now, dropped } = newest(kept, page.assets, most);
    kept = now;
    refused.push(...page.refused);
    syncToken = page.syncToken;
    older += dropped.length;
    if (kept.length === most && page.assets.length > 0 && page.assets.every((asset) => dropped.includes(asset))) break;
  }
  if (syncToken !== '') yield { assets: kept, refused, syncToken, older };
}
