import { Injectable } from '@nestjs/common';
import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { bytesOfName, copyDurably, Library, type Placement } from '@media-pipeline/files';
import { AppleChecksum } from '@media-pipeline/icloud';
import { Database, type MediaFile } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { otherPlaces } from '../../other-places';
import { DiskDoctor } from './disk-doctor';

/** What lies at its place now; `checksum` is what iCloud would call it, so that it is not downloaded once more. */
export type Brought = Placement & { readonly checksum: string };

/** Brings the bytes of a source file to the place that was reserved for them. */
@Injectable()
export class Courier {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
    private readonly database: Database,
    private readonly disks: DiskDoctor,
  ) {}

  /**
   * @param fingerprint the version of the source file that was reserved
   * @throws PipelineError; of kind `input` when this file is at fault, `environment` when the machine is
   */
  async bring(file: MediaFile, fingerprint: string, signal: AbortSignal): Promise<Brought> {
    const source = bytesOfName(file.sourcePath ?? '');
    try {
      return await this.copy(source, file.path, fingerprint, signal);
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      if (error.code === 'FILE_MISSING') throw new PipelineError('FILE_VANISHED', `${file.filename} is no longer in the source`, { cause: error });
      if (error.code === 'IO_ERROR') throw await this.disks.blame(source, error);
      if (error.code !== 'NAME_CONFLICT') throw error;
      return await this.elsewhere(file, source, fingerprint, signal);
    }
  }

  private async copy(source: Buffer, to: LibraryPath, fingerprint: string, signal: AbortSignal): Promise<Brought> {
    const witness = new AppleChecksum();
    const placement = await copyDurably(source, this.library.absolute(to), { mode: this.settings.folderSource.transfer, fingerprint, signal, witness });
    return { ...placement, checksum: witness.digest() };
  }

  /** The database gave the name out, but the disk has something there that the database does not know: it stays, and the file takes another name. */
  private async elsewhere(file: MediaFile, source: Buffer, fingerprint: string, signal: AbortSignal): Promise<Brought> {
    for (const path of otherPlaces(this.library, file)) {
      try {
        await this.database.assets.setFilePath(file.id, path);
        return await this.copy(source, path, fingerprint, signal);
      } catch (error) {
        if (!(error instanceof PipelineError) || error.code !== 'NAME_CONFLICT') throw error;
      }
    }
    throw new PipelineError('IO_ERROR', `no free name for ${file.path}`);
  }
}
