import { Injectable } from '@nestjs/common';
import { stat } from 'node:fs/promises';
import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { errnoOf, hashFile, Library } from '@media-pipeline/files';
import { identify } from '@media-pipeline/media';
import type { AssetKind, MediaFile } from '@media-pipeline/schema';

/** What has to be known of a file that somebody put into originals/ by hand. */
export interface InspectedFile {
  readonly kind: AssetKind;
  readonly sha256: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Null when the content is neither a photo nor a video. */
  readonly mime: string | null;
}

/** Reads a file of the library: what it is (by content), its hash, its dates. */
@Injectable()
export class MediaInspector {
  constructor(private readonly library: Library) {}

  /** Whether these files lie where the database says, with the size that it says. An error of the disk counts as present: it proves no loss. */
  async hasBytes(files: readonly MediaFile[]): Promise<boolean> {
    for (const { path, archivedPath, bytes } of files) {
      if (await this.isThere(path, bytes)) continue;
      if (archivedPath === null || !(await this.isThere(archivedPath, bytes))) return false;
    }
    return true;
  }

  private isThere(path: LibraryPath, bytes: number): Promise<boolean> {
    return stat(this.library.absolute(path)).then(
      ({ size }) => size === bytes,
      (error: unknown) => errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR',
    );
  }

  async inspect(path: LibraryPath): Promise<InspectedFile> {
    const absolute = this.library.absolute(path);
    const { sha256, bytes } = await hashFile(absolute);
    const [type, { mtime }] = await Promise.all([identify(absolute), stat(absolute)]).catch((cause: unknown) => {
      throw new PipelineError('FILE_VANISHED', `${path} went away while it was read.`, { cause });
    });
    return { kind: type?.family === 'video' ? 'video' : 'photo', sha256, bytes, modifiedAt: mtime, mime: type?.mime ?? null };
  }
}
