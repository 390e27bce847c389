import { basename } from 'node:path/posix';
import { Injectable } from '@nestjs/common';
import { FileMover, Library, placeLink, safeName } from '@media-pipeline/files';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { dayFolder, type Shelving } from '../shelving';
import type { CaptureDate } from './capture-date-reader';

/** The dated archive on disk. */
@Injectable()
export class Archive {
  constructor(
    private readonly library: Library,
    private readonly mover: FileMover,
    private readonly database: Database,
  ) {}

  /**
   * Keeps the capture date and links files into the folder of its day. Names are reserved in the database first (the files of one asset keep one stem, no two differ
   * by case alone), and a file counts as archived only once it lies there.
   */
  async place(asset: AssetWithFiles, captured: CaptureDate, files: readonly Shelving[]): Promise<void> {
    const folder = dayFolder(captured.date);
    const wanted = files.map(({ name, target }) => ({
      ownerId: target.kind === 'original' ? target.fileId : target.renditionId,
      path: this.library.path('sorted', ...folder, safeName(name)),
    }));
    const reserved = await this.database.write(async ({ assets }) => {
      if (asset.captureDateSource === null) await assets.setCaptureDate(asset.id, captured.date, captured.source);
      return assets.reserveArchivePaths(asset.id, wanted);
    });
    for (const [index, { from, sha256, bytes }] of files.entries()) {
      const path = reserved[index];
      if (path !== undefined) await placeLink(this.library.absolute(from), this.library.absolute(path), { sha256, bytes });
    }
    await this.database.write(async ({ assets, renditions }) => {
      for (const [index, { target }] of files.entries()) {
        const path = reserved[index];
        if (path === undefined) continue;
        await (target.kind === 'original' ? assets.setArchivedPath(target.fileId, path) : renditions.setArchivedPath(target.renditionId, path));
      }
    });
  }

  /** Everything is proven and archived: the intake copies under originals/ go to cleanup/, journalled. */
  async retireIntake(asset: AssetWithFiles): Promise<void> {
    for (const { id, path, archivedPath, sha256, bytes } of asset.files) {
      if (archivedPath === null || sha256 === null || !path.startsWith('originals/')) continue;
      const to = this.library.path('cleanup', 'archived', asset.id, basename(path));
      await this.mover.move({ assetId: asset.id, fileId: id, from: path, to, sha256, bytes, reason: 'archived and proven' });
    }
  }
}
