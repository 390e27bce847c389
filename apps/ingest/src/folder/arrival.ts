import { createHash } from 'node:crypto';
import type { LibraryPath } from '@media-pipeline/contracts';
import { safeName, safeSegments, type Library } from '@media-pipeline/files';
import type { Arrival, AssetKind, FileRole } from '@media-pipeline/schema';
import { folderOf, nameOf, type SourceFile } from './source-file';

/** Leaves room for a library that itself lies deep: 4096 bytes is the limit of a whole path. */
const longestFolder = 2_000;

/** The wanted place of a source file in the library: `originals/` and its own folders, made safe. */
export function placeOf(library: Library, path: string): LibraryPath {
  const folders = safeSegments(folderOf(path));
  const deep = Buffer.byteLength(folders.join('/')) > longestFolder;
  const short = deep ? ['deep', createHash('sha256').update(folders.join('/')).digest('hex').slice(0, 16)] : folders;
  return library.path('originals', ...short, safeName(nameOf(path)));
}

/** What to write down before a byte of an asset is copied. The first member is its primary file. */
export function arrivalOf(library: Library, kind: AssetKind, members: readonly { readonly file: SourceFile; readonly role: FileRole }[], marker?: string): Arrival {
  return {
    source: 'folder',
    sourceKey: members[0]?.file.path ?? '',
    kind,
    files: members.map(({ file, role }) => ({
      role,
      filename: nameOf(file.path),
      path: placeOf(library, file.path),
      bytes: file.bytes,
      sourcePath: file.sourcePath,
      fingerprint: marker === undefined ? file.fingerprint : `${file.fingerprint}:${marker}`,
      modifiedAt: file.modifiedAt,
    })),
  };
}
