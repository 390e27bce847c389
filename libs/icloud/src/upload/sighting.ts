import { compareChecksums } from '../download/content-hash';
import type { CloudAsset } from '../photos/types';
import type { CloudContent } from './content';
import { filesOf } from './content-index';
import { presenceOf, type Presence } from './presence';

/** What a look at iCloud shows of a file that was uploaded. */
export type Sighting =
  /** An asset with this content; `proof: size` where Apple's checksum is of a form that cannot be made here. */
  | { readonly kind: 'seen'; readonly presence: Extract<Presence, { recordName: string }>; readonly proof: 'checksum' | 'size' }
  /** The asset that Apple named has another content: it was changed on the way, or the name is another's. */
  | { readonly kind: 'other'; readonly recordName: string; readonly checksum: string; readonly bytes: number }
  /** iCloud gave up making an asset of it. */
  | { readonly kind: 'failed'; readonly errorCode: number }
  /** It has not appeared for as long as was waited. That is no proof that it never will. */
  | { readonly kind: 'not_seen' };

/** Judges the asset that Apple named for a content. */
export function sightingOf(content: CloudContent, asset: CloudAsset): Sighting {
  const presence = presenceOf(content, filesOf(asset), new Set());
  if ('recordName' in presence) return { kind: 'seen', presence, proof: 'checksum' };
  const { recordName, masterName, resources, trashed, hidden } = asset;
  const original = resources.find(({ role }) => role === 'original');
  const checksum = original?.checksum ?? '';
  const bytes = original?.bytes ?? 0;
  if (bytes === content.bytes && compareChecksums(checksum, content.checksum) === 'unknown') {
    return { kind: 'seen', presence: { kind: trashed ? 'trashed' : hidden ? 'hidden' : 'there', recordName, masterName, role: 'original' }, proof: 'size' };
  }
  return { kind: 'other', recordName, checksum, bytes };
}

/** How long to wait before the n-th look (from 0) at what should appear: records do after 14 to 20 seconds (pyicloud, with a live account). */
export const lookAgainMs = (n: number): number => Math.min(15_000, 2_000 * 2 ** n);
