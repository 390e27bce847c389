import { readdir } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';
import { hashFile, Library, writeDurably } from '@media-pipeline/files';
import { Settings } from '@media-pipeline/stage';

/** Finds out what a disk that failed means. */
@Injectable()
export class DiskDoctor {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
  ) {}

  /**
   * Under this one file alone (FILE_UNREADABLE: it is set aside, the rest goes on), or the library's disk, or the source's as a whole
   * (the error stays what it is: everything waits)?
   */
  async blame(source: Buffer, error: PipelineError): Promise<PipelineError> {
    const alone = await this.isFileAlone(source).catch(() => false);
    return alone ? new PipelineError('FILE_UNREADABLE', `the disk cannot read it: ${error.message}`, { cause: error }) : error;
  }

  private async isFileAlone(source: Buffer): Promise<boolean> {
    await writeDurably(this.library.absolute(this.library.path('.media-pipeline', 'disk-check')), 'Written to find out whether this disk still works.\n');
    const { path } = this.settings.folderSource;
    if (path !== null) await readdir(path);
    return (await hashFile(source).then(() => null, codeOf)) === 'IO_ERROR';
  }
}

const codeOf = (error: unknown): ErrorCode | null => (error instanceof PipelineError ? error.code : null);
