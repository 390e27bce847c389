import { Injectable } from '@nestjs/common';
import { Library } from '@media-pipeline/files';
import { readCaptureDate } from '@media-pipeline/media';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';

/** Finds out when an asset was taken (its primary file tells for all of it) and keeps the answer with where it came from. */
@Injectable()
export class CaptureDateReader {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
    private readonly database: Database,
  ) {}

  async read(asset: AssetWithFiles): Promise<string | null> {
    const primary = asset.files.find(({ role }) => role === 'primary') ?? asset.files[0];
    if (!primary) return null;
    const { date, source, zone } = await readCaptureDate(this.library.absolute(primary.path), {
      useMetadata: this.settings.archive.useExif,
      fallbackToFileDate: this.settings.archive.fallbackToCreationDate,
      filename: primary.filename,
      modifiedAt: primary.modifiedAt,
    });
    await this.database.assets.setCaptureDate(asset.id, date, zone === 'inferred' ? `${source} (zone inferred)` : source);
    return date;
  }
}
