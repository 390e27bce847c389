import type { ExifTool, WriteTags } from 'exiftool-vendored';
import { PipelineError } from '@media-pipeline/contracts';

/** Groups that describe the file on disk, or are worked out from other tags. */
const notContent = /^(SourceFile|errors|warnings|(File|System|Composite|MWG|ExifTool)(:|$))/;
/** What says how the picture data lies in the file. */
const layout = /:(Compression|StripOffsets|StripByteCounts|RowsPerStrip|Predictor|TileWidth|TileLength|TileOffsets|TileByteCounts|PlanarConfiguration|FillOrder|FreeOffsets|FreeByteCounts|SubfileType|PageNumber|ThumbnailTIFF|PreviewTIFF)$/;

/** A field that no TIFF has. Without one of its own exiftool-vendored adds `-FileName<FileName`, which would rename the target. */
const noField = { 'ItemList:Encoder': null } as WriteTags;

/** Tags of still pictures by way of exiftool: only where bytes cannot be compared instead, since it reads some 40 files a second. */
export class TiffTags {
  constructor(private readonly exiftool: ExifTool) {}

  /** Writes every tag of `source` that is not about the layout of the picture data into `target`, in place; not MWG's, which stand for others. */
  async copy(source: string, target: string): Promise<void> {
    await this.exiftool
      .write(target, noField, { writeArgs: ['-overwrite_original', '-m', '-TagsFromFile', source, '-all:all', '--MWG:all', '-unsafe', '-icc_profile'] })
      .catch((error: unknown) => Promise.reject(failed('copy', error)));
  }

  /** Names of tags that the result lacks, has besides, or has with another value. */
  async differences(source: string, result: string): Promise<string[]> {
    const [before, after] = [await this.read(source), await this.read(result)];
    return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
  }

  private async read(path: string): Promise<ReadonlyMap<string, string>> {
    const tags = await this.exiftool.readRaw(path, { readArgs: ['-G1', '-n', '-a', '-struct', '-u'] }).catch((error: unknown) => Promise.reject(failed('read', error)));
    return new Map(
      Object.entries(tags)
        .filter(([name]) => !notContent.test(name) && !layout.test(name))
        .map(([name, value]) => [name, JSON.stringify(value)]),
    );
  }
}

const failed = (what: string, cause: unknown): PipelineError => new PipelineError('PROGRAM_FAILED', `exiftool could not ${what} the tags: ${String(cause)}`, { cause });
