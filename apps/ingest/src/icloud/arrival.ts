import type { LibraryPath } from '@media-pipeline/contracts';
import { safeName, type Library } from '@media-pipeline/files';
import type { CloudAsset } from '@media-pipeline/icloud';
import type { Arrival, AssetKind, FileRole } from '@media-pipeline/schema';
import { modifiedAtOf, monthOf, takenAtOf } from './dates';
import type { Taking } from './decide';
import { fingerprintOf, recordOf, sourcePathOf } from './identity';
import { namedResources } from './names';

/** The wanted place of a file: `originals/icloud/2021/05/IMG_1.HEIC`; shared libraries have a folder of their own. */
const placeOf = (library: Library, asset: CloudAsset, name: string): LibraryPath => library.path('originals', asset.zone.shared ? 'icloud-shared' : 'icloud', ...monthOf(asset), safeName(name));

/** What an asset is of which only some files are taken: a later edit is a photo or a video of its own. */
function kindOf(asset: CloudAsset, roles: readonly FileRole[]): AssetKind {
  if (roles.includes('primary')) return asset.kind;
  if (roles.includes('edited') && roles.includes('edited_video')) return 'live_photo';
  const isVideo = roles[0] === 'live_video' || roles[0] === 'edited_video';
  return isVideo ? 'video' : 'photo';
}

/** What to write down before a byte of an asset is fetched. */
export function arrivalOf(library: Library, asset: CloudAsset, takings: readonly Taking[]): Arrival {
  const taken = namedResources(asset).flatMap(({ resource, role, name }) => {
    const taking = takings.find((one) => one.resource.key === resource.key);
    return taking ? [{ resource, role, name, instead: taking.instead }] : [];
  });
  return {
    source: 'icloud',
    sourceKey: `${asset.zone.name}/${taken[0]?.name ?? asset.filename}`.replaceAll('\0', ''),
    sourceRecord: recordOf(asset.zone.name, asset.recordName),
    takenAt: takenAtOf(asset),
    kind: kindOf(
      asset,
      taken.map(({ role }) => role),
    ),
    files: taken.map(({ resource, role, name, instead }) => ({
      role,
      filename: name,
      path: placeOf(library, asset, name),
      bytes: resource.bytes,
      sourcePath: sourcePathOf(asset, resource),
      fingerprint: instead === null ? fingerprintOf(resource) : `${fingerprintOf(resource)}:${instead}`,
      modifiedAt: modifiedAtOf(asset),
    })),
  };
}
