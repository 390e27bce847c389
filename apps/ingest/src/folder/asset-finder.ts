import { Injectable } from '@nestjs/common';
import { PipelineError } from '@media-pipeline/contracts';
import { fileError } from '@media-pipeline/files';
import { groupFiles, livePhotoCandidates, type MediaGroup, type MediaType } from '@media-pipeline/media';
import { DiskDoctor } from './adapters/disk-doctor';
import { MediaInspector } from './adapters/media-inspector';
import type { Finding, SourceFile } from './source-file';

export interface Identified {
  readonly file: SourceFile;
  readonly path: string;
  readonly type: MediaType;
}
export interface Found {
  readonly groups: readonly MediaGroup<Identified>[];
  readonly refused: readonly Finding[];
}

/** Makes assets of source files: by their content, then by their names, then by the identifiers inside of them. */
@Injectable()
export class AssetFinder {
  constructor(
    private readonly inspector: MediaInspector,
    private readonly disks: DiskDoctor,
  ) {}

  /** @param files all that bear the same name (extension aside) at once */
  async find(files: readonly SourceFile[]): Promise<Found> {
    const looked = await Promise.all(files.map(async (file) => await this.identify(file)));
    const identified = looked.filter((found): found is Identified => found !== null && 'type' in found);
    const refused = looked.filter((found): found is Finding => found !== null && 'code' in found);
    const candidates = livePhotoCandidates(identified);
    const proven = await Promise.all(candidates.map(async ({ image, video }) => await this.inspector.isLivePhoto(image.file.place, video.file.place)));
    return { groups: groupFiles(identified, candidates.filter((_, at) => proven[at])), refused };
  }

  /** Null for a file that is gone already: nothing of it is known, so nothing is missed. */
  private async identify(file: SourceFile): Promise<Identified | Finding | null> {
    if (file.bytes === 0) return { file, code: 'FILE_EMPTY', reason: `${file.path} has no bytes` };
    try {
      const type = await this.inspector.identify(file.place);
      if (type !== null) return { file, path: file.path, type };
      return { file, code: 'NOT_MEDIA', reason: `the content of ${file.path} is neither a photo nor a video` };
    } catch (thrown) {
      const unknown = thrown instanceof PipelineError && thrown.code === 'UNEXPECTED';
      const failure = fileError(unknown ? (thrown.cause ?? thrown) : thrown, file.place, 'source');
      const error = failure.code === 'IO_ERROR' ? await this.disks.blame(file.place, failure) : failure;
      if (error.kind === 'environment') throw error;
      return error.code === 'FILE_MISSING' ? null : { file, code: error.code, reason: `${file.path}: ${error.message}` };
    }
  }
}
