import { basename } from 'node:path/posix';
import { Injectable } from '@nestjs/common';
import type { LibraryPath } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import type { MediaFile } from '@media-pipeline/schema';

/** Where the files of duplicates wait: `cleanup/duplicates/<asset id>/`, so that no two can meet there. */
@Injectable()
export class DuplicateShelf {
  constructor(
    private readonly library: Library,
    private readonly mover: FileMover,
  ) {}

  /** @param survivor what it is a duplicate of: an asset's id, or the path of a file outside of the library */
  async shelve(assetId: string, file: MediaFile, survivor: string): Promise<void> {
    if (!file.path.startsWith('originals/') || file.sha256 === null) return;
    const to: LibraryPath = this.library.path('cleanup', 'duplicates', assetId, basename(file.path));
    await this.mover.move({ assetId, fileId: file.id, from: file.path, to, sha256: file.sha256, bytes: file.bytes, reason: `duplicate of ${survivor}` });
  }
}
