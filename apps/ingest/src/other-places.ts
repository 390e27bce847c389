import type { LibraryPath } from '@media-pipeline/contracts';
import { withNumber, type Library } from '@media-pipeline/files';
import type { MediaFile } from '@media-pipeline/schema';

const mostNumbers = 20;

/**
 * Places for a file whose own is taken on the disk by something that the database does not know: what is there stays, the file takes another
 * name. The last one is the file's own in any case.
 */
export function otherPlaces(library: Library, { id, path }: Pick<MediaFile, 'id' | 'path'>): LibraryPath[] {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const name = path.slice(folder.length + 1);
  const numbered = Array.from({ length: mostNumbers }, (_, at) => library.path('originals', ...folder.split('/').slice(1), withNumber(name, at + 2)));
  return [...numbered, library.path('originals', id, name)];
}
