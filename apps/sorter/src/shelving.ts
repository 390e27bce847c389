import type { Config } from '@media-pipeline/config';
import { posix } from 'node:path';
import type { LibraryPath } from '@media-pipeline/contracts';
import type { AssetWithFiles } from '@media-pipeline/schema';

/**
 * The folder of a day in the archive, below `sorted/`: `2021/05/03`, by the photo's own local date, or `unknown`.
 * @param captureDate ISO 8601 local date and time, with or without an offset; the offset does not move the day.
 */
export function dayFolder(captureDate: string | null): readonly string[] {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:T|$)/.exec(captureDate ?? '') ?? [];
  return year && month && day ? [year, month, day] : ['unknown'];
}

/** One file to be put into the archive. */
export interface Shelving {
  readonly from: LibraryPath;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly target: { readonly kind: 'original'; readonly fileId: string } | { readonly kind: 'rendition'; readonly renditionId: string };
}

/** What of an asset belongs into the archive (ARCHIVE_VARIANT); a file without a rendition is archived as it came, whatever the variant. */
export function shelvings(asset: AssetWithFiles, variant: Config['archive']['variant']): readonly Shelving[] {
  return asset.files.flatMap((file): Shelving[] => {
    const rendition = asset.renditions.find((candidate) => candidate.fileId === file.id && candidate.outcome === 'compressed');
    const wanted: Shelving[] = [];
    if (file.sha256 !== null && (variant !== 'compressed' || !rendition)) {
      wanted.push({ from: file.path, name: file.filename, sha256: file.sha256, bytes: file.bytes, target: { kind: 'original', fileId: file.id } });
    }
    if (variant !== 'original' && rendition?.path && rendition.sha256 !== null && rendition.bytes !== null) {
      const name = variant === 'both' ? withMark(file.filename) : file.filename;
      wanted.push({ from: rendition.path, name, sha256: rendition.sha256, bytes: rendition.bytes, target: { kind: 'rendition', renditionId: rendition.id } });
    }
    return wanted;
  });
}

/** `IMG_1.HEIC` → `IMG_1-compressed.HEIC`. */
function withMark(filename: string): string {
  const { name, ext } = posix.parse(filename);
  return `${name}-compressed${ext}`;
}

/** Whether every original of the asset lies in the archive, so that its intake copy is no longer the only one. */
export const originalsAreArchived = (asset: AssetWithFiles): boolean => asset.files.every(({ archivedPath }) => archivedPath !== null);
