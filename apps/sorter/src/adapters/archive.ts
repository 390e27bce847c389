import { basename } from 'node:path/posix';
import { Injectable } from '@nestjs/common';
import { FileMover, Library, placeLink, safeName } from '@media-pipeline/files';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import type { Shelving } from '../shelving';

/** The dated archive on disk. */
@Injectable()
export class Archive {
  constructor(
    private readonly library: Library,
    private readonly mover: FileMover,
    private readonly database: Database,
  ) {}

  /**
   * Links files into `sorted/<folder>`. Names are reserved in the database first (the files of one asset keep one stem, no two differ
   * by case alone), and a file counts as archived only once it lies there.
   */
  async place(asset: AssetWithFiles, folder: readonly string[], files: readonly Shelving[]): Promise<void> {
    const wanted = files.map(({ name, target }) => ({
      ownerId: target.kind === 'original' ? target.fileId : target.renditionId,
      path: this.library.path('sorted', ...folder, safeName(name)),
    }));
    const reserved = await this.database.assets.reserveArchivePaths(asset.id, wanted);
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

  /** The archive copy is the original from now on; the intake copy under originals/ goes to cleanup/, journalled. */
  async retireIntake(asset: AssetWithFiles): Promise<void> {
    for (const { id, path, archivedPath, sha256, bytes } of asset.files) {
      if (archivedPath === null || sha256 === null || path === archivedPath) continue;
      if (path.startsWith('originals/')) {
        const to = this.library.path('cleanup', 'archived', asset.id, basename(path));
        await this.mover.move({ assetId: asset.id, fileId: id, from: path, to, sha256, bytes, reason: 'archived and proven' });
      }
      await this.database.assets.setFilePath(id, archivedPath);
    }
  }
}
