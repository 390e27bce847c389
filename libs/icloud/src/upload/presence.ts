import type { CloudContent } from './content';
import type { AssetState, IndexedFile, IndexedRole } from './content-index';

/** Whether and how a content is in iCloud. */
export type Presence =
  /** An asset that the library shows has it, as the file that `role` says. */
  | { readonly kind: 'there'; readonly recordName: string; readonly masterName: string; readonly role: IndexedRole }
  /** Only an asset that its owner has hidden, or thrown away, has it: not there, and not to be taken for missing. */
  | { readonly kind: 'hidden' | 'trashed'; readonly recordName: string; readonly masterName: string; readonly role: IndexedRole }
  /** Apple has a record of the content, and no asset of it is known: one that could not be read, or a rest of one that was purged. */
  | { readonly kind: 'unlisted'; readonly masterName: string }
  | { readonly kind: 'absent' };

const kinds: Readonly<Record<AssetState, 'there' | 'hidden' | 'trashed'>> = { shown: 'there', hidden: 'hidden', trashed: 'trashed' };
const byState: readonly AssetState[] = ['shown', 'hidden', 'trashed'];
const byRole: readonly IndexedRole[] = ['original', 'live_video', 'alternative'];

/**
 * Judges a content by the files that the index has for it (of any checksum) and by the masters that Apple named. Of several assets one that is
 * shown counts before one that is hidden, and that before one in Recently Deleted; then one whose original it is; then the first by name, so
 * that the evidence does not change from one look to the next.
 */
export function presenceOf({ checksum, bytes }: CloudContent, files: readonly IndexedFile[], masters: ReadonlySet<string>): Presence {
  const best = files
    .filter((file) => file.checksum === checksum && file.bytes === bytes)
    .sort((a, b) => byState.indexOf(a.state) - byState.indexOf(b.state) || byRole.indexOf(a.role) - byRole.indexOf(b.role) || (a.recordName < b.recordName ? -1 : 1))[0];
  if (best) return { kind: kinds[best.state], recordName: best.recordName, masterName: best.masterName, role: best.role };
  return masters.has(checksum) ? { kind: 'unlisted', masterName: checksum } : { kind: 'absent' };
}
