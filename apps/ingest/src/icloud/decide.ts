import { skipReason, type AssetFilter, type CloudAsset, type CloudResource, type ResourceRole, type SkipReason } from '@media-pipeline/icloud';
import type { SeenSourceFile } from '@media-pipeline/schema';
import { fingerprintOf, sameVersion, sourcePathOf } from './identity';

/** A file that is to be taken in. */
export interface Taking {
  readonly resource: CloudResource;
  /** Of a version that was written down before, for an asset that this one replaces: that asset's id, so that it is not found again in its stead. */
  readonly instead: string | null;
}

/** What a listed asset means. */
export type Verdict =
  | { readonly kind: 'skip'; readonly why: SkipReason | 'own_upload' }
  /** Every version of every file is known. `revive`: assets that had ended for a reason that is gone. */
  | { readonly kind: 'here'; readonly revive: readonly string[]; readonly returned: readonly string[] }
  /** New, or a later version or edit of what is here: then only what is new is taken. */
  | { readonly kind: 'take'; readonly takings: readonly Taking[]; readonly returned: readonly string[] };

/** What the database knows of the files that are decided about. */
export interface Known {
  /** By source path. */
  readonly seen: ReadonlyMap<string, SeenSourceFile>;
  /** {@link fingerprintOf} contents that were uploaded from here. */
  readonly uploaded: ReadonlySet<string>;
}

/** Reasons for which an asset that never came was set aside, and which a listing that shows it again takes back. */
const mendable: ReadonlySet<string | null> = new Set(['FILE_VANISHED', 'ICLOUD_ASSET_REFUSED']);
const isMendable = ({ state, code }: SeenSourceFile): boolean => state === 'set_aside' && mendable.has(code);

/** Of an asset that another version took the place of: what that version had no use for never came, and may be wanted again. */
const isAbandoned = ({ state, code }: SeenSourceFile): boolean => state === 'set_aside' && code === 'FILE_CHANGING';

/** What iCloud makes of an edit. All else is what came into it. */
const editing: ReadonlySet<ResourceRole> = new Set(['edited', 'edited_video', 'sidecar']);

/** Whether an asset is in iCloud because it was uploaded from here: all that came into it was, and it was never taken in. */
function isOwnUpload(asset: CloudAsset, { seen, uploaded }: Known): boolean {
  const given = asset.resources.filter(({ role }) => !editing.has(role));
  return given.some(({ role }) => role === 'original') && given.every((resource) => uploaded.has(fingerprintOf(resource)) && !seen.has(sourcePathOf(asset, resource)));
}

/** The files of an asset that may come in: of an own upload, what somebody has made of it in iCloud since. */
function eligible(asset: CloudAsset, known: Known): readonly CloudResource[] {
  if (!isOwnUpload(asset, known)) return asset.resources;
  const edits = asset.resources.filter(({ role }) => editing.has(role));
  return edits.some(({ role }) => role !== 'sidecar') ? edits : [];
}

/** How each file of an asset stands to what the database knows. */
function standing(asset: CloudAsset, resources: readonly CloudResource[], { seen }: Known) {
  return resources.map((resource) => {
    const known = seen.get(sourcePathOf(asset, resource)) ?? null;
    const isNew = known === null || !sameVersion(known.fingerprint, resource);
    return { resource, known, isNew, isMissing: isNew || isAbandoned(known) };
  });
}

/** Decides about one asset of a listing, from what the listing and the database say alone. */
export function decide(asset: CloudAsset, known: Known, filter: AssetFilter): Verdict {
  const why = skipReason(asset, filter);
  if (why !== null) return { kind: 'skip', why };
  const resources = eligible(asset, known);
  if (resources.length === 0 && asset.resources.length > 0) return { kind: 'skip', why: 'own_upload' };
  const files = standing(asset, resources, known);
  const owners = files.flatMap(({ known: owner }) => owner ?? []);
  const returned = distinct(owners.filter(({ goneAt }) => goneAt !== null));
  if (!files.some(({ isMissing }) => isMissing)) return { kind: 'here', revive: distinct(owners.filter(isMendable)), returned };
  // What has not come yet, or never came, is begun anew with the new version: its parts stay together.
  const replaced = new Set(owners.filter((owner) => owner.state === 'arriving' || isMendable(owner)).map(({ assetId }) => assetId));
  return { kind: 'take', takings: takingsOf(files, replaced), returned };
}

/** What is to be taken of an asset that did not come as it was written down; empty when nothing of it is left. */
export const decideAnew = (asset: CloudAsset, known: Known, replaced: string): Taking[] => takingsOf(standing(asset, eligible(asset, known), known), new Set([replaced]));

const takingsOf = (files: ReturnType<typeof standing>, replaced: ReadonlySet<string>): Taking[] =>
  files.flatMap(({ resource, known, isNew, isMissing }): Taking[] => {
    if (isNew || known === null) return [{ resource, instead: null }];
    return isMissing || replaced.has(known.assetId) ? [{ resource, instead: known.assetId }] : [];
  });

const distinct = (files: readonly SeenSourceFile[]): string[] => [...new Set(files.map(({ assetId }) => assetId))];
