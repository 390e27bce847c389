import { extensionOf, type CloudAsset, type CloudResource, type ResourceRole } from '@media-pipeline/icloud';
import type { FileRole } from '@media-pipeline/schema';

/** A file of an asset as it is to be called. */
export interface NamedResource {
  readonly resource: CloudResource;
  readonly role: FileRole;
  readonly name: string;
}

/** For types that nobody has heard of. An original has its own. */
const usual: Readonly<Record<ResourceRole, string>> = { original: '', alternative: 'RAW', live_video: 'MOV', edited: 'JPG', edited_video: 'MOV', sidecar: 'AAE' };
const marks: Partial<Readonly<Record<ResourceRole, string>>> = { edited: '-edited', edited_video: '-edited' };

const isRaw = ({ type }: CloudResource): boolean => type.endsWith('raw-image');

/** Which of RAW and JPEG is the picture that people look at: the camera decided what comes as the original. */
function roleOf(resource: CloudResource, { resources }: Pick<CloudAsset, 'resources'>): FileRole {
  const swapped = resources.some((other) => other.role === 'original' && isRaw(other)) && resources.some((other) => other.role === 'alternative' && !isRaw(other));
  switch (resource.role) {
    case 'original':
      return swapped ? 'raw' : 'primary';
    case 'alternative':
      return swapped ? 'primary' : 'raw';
    case 'live_video':
    case 'edited':
    case 'edited_video':
    case 'sidecar':
      return resource.role;
  }
}

const order: readonly FileRole[] = ['primary', 'live_video', 'raw', 'edited', 'edited_video', 'sidecar'];

/**
 * Every file of an asset with its name: that of the original as it is in iCloud, `IMG_1.MOV` and `IMG_1.DNG` beside `IMG_1.HEIC`, edits as
 * `IMG_1-edited.JPG`, their steps as `IMG_1.AAE`. The primary file first. Not yet safe as paths.
 */
export function namedResources(asset: Pick<CloudAsset, 'filename' | 'resources'>): NamedResource[] {
  const filename = asset.filename.replaceAll('\0', '');
  const dot = filename.lastIndexOf('.');
  const stem = dot > 0 ? filename.slice(0, dot) : filename;
  const taken = new Set<string>();
  const named = asset.resources.map((resource): NamedResource => {
    const extension = extensionOf(resource.type) ?? usual[resource.role];
    const wanted = resource.role === 'original' ? filename : `${stem}${marks[resource.role] ?? ''}.${extension}`;
    // RAW and JPEG of one type, or a video that is called like its edit: the second is told by what it is.
    const name = taken.has(wanted.toLowerCase()) ? `${stem}-${resource.role.replace('_', '-')}.${extension || 'bin'}` : wanted;
    taken.add(name.toLowerCase());
    return { resource, role: roleOf(resource, asset), name };
  });
  return named.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
}
