import { Injectable } from '@nestjs/common';
import { Library } from '@media-pipeline/files';
import { readCaptureDate } from '@media-pipeline/media';
import type { AssetWithFiles } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';

export interface CaptureDate {
  readonly date: string | null;
  /** Where it was read, for people. */
  readonly source: string;
}

/** Finds out when an asset was taken; its primary file tells for all of it, then its source. */
@Injectable()
export class CaptureDateReader {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
  ) {}

  async read(asset: AssetWithFiles): Promise<CaptureDate> {
    const primary = asset.files.find(({ role }) => role === 'primary') ?? asset.files[0];
    if (!primary) return { date: null, source: 'no file' };
    const { date, source, zone } = await readCaptureDate(this.library.absolute(primary.path), {
      useMetadata: this.settings.archive.useExif,
      fallbackToFileDate: this.settings.archive.fallbackToCreationDate,
      filename: primary.filename,
      modifiedAt: primary.modifiedAt,
      told: asset.takenAt === null ? null : { source: asset.source, date: asset.takenAt },
    });
    return { date, source: zone === 'inferred' ? `${source} (zone inferred)` : source };
  }
}
