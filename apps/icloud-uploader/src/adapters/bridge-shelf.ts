import { lstat, rmdir } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { errnoOf, FileMover, fileError, hashFile, Library } from '@media-pipeline/files';
import { contentOf } from '@media-pipeline/icloud';
import type { Batch, Delivery } from '@media-pipeline/schema';
import type { Outgoing } from '../upload-route.port';

/** The folder of a batch in the bridge, and its place among what has arrived. */
@Injectable()
export class BridgeShelf {
  constructor(
    private readonly library: Library,
    private readonly mover: FileMover,
  ) {}

  /** Reads a file of the batch and proves that its bytes are those that were staged. @throws FILE_MISSING, CONTENT_CHANGED and other errors of files */
  async outgoing(batch: Batch, { id, name, sha256, bytes }: Delivery, signal: AbortSignal): Promise<Omit<Outgoing, 'putAt'>> {
    const path = this.library.absolute(inFolder(batch.path, name));
    const content = await contentOf(path, signal);
    if (content.sha256 !== sha256 || content.bytes !== bytes) throw new PipelineError('CONTENT_CHANGED', `${batch.path}/${name} is not what was staged: ${content.bytes} bytes, SHA-256 ${content.sha256}`);
    const { mtime } = await lstat(path);
    return { id, path, name, bytes, sha256, checksum: content.checksum, modifiedAt: mtime };
  }

  /** Moves a file that has arrived from the bridge to `uploaded/icloud/`; one that was moved before is left there. */
  async shelve(batch: Batch, { assetId, name, sha256, bytes }: Delivery): Promise<void> {
    const [from, to] = [inFolder(batch.path, name), inFolder(this.uploaded(batch), name)];
    if (!(await this.isThere(from)) && (await this.isThere(to))) return;
    await this.mover.move({ assetId, fileId: null, from, to, sha256, bytes, reason: 'iCloud has it' });
  }

  /** The manifest follows the last file, and the empty folder goes. */
  async close(batch: Batch): Promise<void> {
    const manifest = (folder: LibraryPath): LibraryPath => `${folder}.manifest.json` as LibraryPath;
    const from = manifest(batch.path);
    if (await this.isThere(from)) {
      const { sha256, bytes } = await hashFile(this.library.absolute(from), 'library');
      await this.mover.move({ assetId: null, fileId: null, from, to: manifest(this.uploaded(batch)), sha256, bytes, reason: 'iCloud has the batch' });
    }
    const folder = this.library.absolute(batch.path);
    await rmdir(folder).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw fileError(error, folder, 'library');
    });
  }

  private uploaded({ path }: Batch): LibraryPath {
    return this.library.path('uploaded/icloud', path.slice(path.lastIndexOf('/') + 1));
  }

  private async isThere(path: LibraryPath): Promise<boolean> {
    return await lstat(this.library.absolute(path)).then(
      () => true,
      (error: unknown) => (errnoOf(error) === 'ENOENT' ? false : Promise.reject(fileError(error, path, 'library'))),
    );
  }
}

const inFolder = (folder: LibraryPath, name: string): LibraryPath => `${folder}/${name}` as LibraryPath;
