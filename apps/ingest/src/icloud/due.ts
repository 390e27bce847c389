import type { CloudAsset, CloudResource, Refusal } from '@media-pipeline/icloud';
import type { AssetWithFiles, GoneHow, MediaFile } from '@media-pipeline/schema';
import { decideAnew, type Known, type Taking } from './decide';
import { readSourcePath, sameVersion } from './identity';

/** A file of an arriving asset with what iCloud has for it now. */
export interface DueFile {
  readonly file: MediaFile;
  readonly resource: CloudResource;
}

/** What is to be done about an asset that was written down and has not come yet. */
export type Due =
  | { readonly kind: 'bring'; readonly cloud: CloudAsset; readonly files: readonly DueFile[] }
  /** Another version of it was written down since: that one comes instead. */
  | { readonly kind: 'replaced' }
  /** iCloud has it in another version than was written down. */
  | { readonly kind: 'retake'; readonly cloud: CloudAsset; readonly takings: readonly Taking[] }
  | { readonly kind: 'vanished'; readonly how: GoneHow }
  /** iCloud will not say what it is: perhaps only now. */
  | { readonly kind: 'refused'; readonly reason: string };

/** CloudKit's words for a record that is not there. */
const absent: ReadonlySet<string> = new Set(['NOT_FOUND', 'UNKNOWN_ITEM']);

/** What the version that took its place had no use for may be wanted again by now (an edit that was taken back and made again): no later listing need say so. */
function replaced(asset: AssetWithFiles, answer: CloudAsset | Refusal | undefined, known: Known): Due {
  if (answer === undefined || 'code' in answer || answer.trashed || answer.hidden) return { kind: 'replaced' };
  const takings = decideAnew(answer, known, asset.id);
  return takings.length === 0 ? { kind: 'replaced' } : { kind: 'retake', cloud: answer, takings };
}

/** @param answer what a lookup of its record gave now */
export function judgeDue(asset: AssetWithFiles, answer: CloudAsset | Refusal | undefined, known: Known): Due {
  const { seen } = known;
  if (asset.files.some(({ sourcePath }) => sourcePath === null || seen.get(sourcePath)?.assetId !== asset.id)) return replaced(asset, answer, known);
  if (answer === undefined) return { kind: 'refused', reason: 'iCloud gives no answer about it' };
  if ('code' in answer) return absent.has(answer.code) ? { kind: 'vanished', how: 'purged' } : { kind: 'refused', reason: `${answer.code}: ${answer.reason}` };
  if (answer.trashed) return { kind: 'vanished', how: 'trashed' };
  if (answer.hidden) return { kind: 'vanished', how: 'hidden' };
  const files = asset.files.flatMap((file): DueFile[] => {
    const key = readSourcePath(file.sourcePath)?.key;
    const resource = answer.resources.find((one) => one.key === key);
    const writtenDown = seen.get(file.sourcePath ?? '');
    return resource && writtenDown && sameVersion(writtenDown.fingerprint, resource) ? [{ file, resource }] : [];
  });
  if (files.length === asset.files.length) return { kind: 'bring', cloud: answer, files };
  const takings = decideAnew(answer, known, asset.id);
  return takings.length === 0 ? { kind: 'vanished', how: 'purged' } : { kind: 'retake', cloud: answer, takings };
}
