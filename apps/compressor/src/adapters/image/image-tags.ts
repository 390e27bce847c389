import { readFile, rm, writeFile } from 'node:fs/promises';
import type { ExifTool, WriteTags } from 'exiftool-vendored';
import { PipelineError } from '@media-pipeline/contracts';
import { temporaryPath } from '@media-pipeline/files';
import type { ImageSource } from './image-codec';

/** Groups that describe the file on disk, or are worked out from other tags. */
const notContent = /^(SourceFile|errors|warnings|(File|System|Composite|MWG|ExifTool)(:|$))/;
/** What says how the picture data lies in the file. */
const layout = /:(Compression|StripOffsets|StripByteCounts|RowsPerStrip|Predictor|TileWidth|TileLength|TileOffsets|TileByteCounts|PlanarConfiguration|FillOrder|FreeOffsets|FreeByteCounts|SubfileType|PageNumber|ThumbnailTIFF|PreviewTIFF)$/;
/** What may differ between two JPEGs: where in the file the thumbnail and the preview begin (what they are is compared), and the JFIF header, which says nothing of the picture. */
const mayDiffer = /^(IFD1:ThumbnailOffset$|PreviewIFD:PreviewImageStart$|JFIF:)/;
const sizes = /^(ExifIFD:Exif(Image)?(Width|Height)|IFD0:Image(Width|Height))$/;

/** A field that no picture has. Without one of its own exiftool-vendored adds `-FileName<FileName`, which would rename the target. */
const noField = { 'ItemList:Encoder': null } as WriteTags;

const copied = { blocks: ['-EXIF', '-XMP', '-ICC_Profile', '-Photoshop', '-Comment'], tags: ['-all:all', '--MWG:all', '-unsafe', '-icc_profile'] } as const;

export interface TagComparison {
  readonly count: number;
  /** Tags that the result lacks, has besides, or has with another value, and that may not. */
  readonly different: readonly string[];
  /** The same, of those that may. */
  readonly allowed: readonly string[];
}

/** Tags of still pictures by way of exiftool: only where bytes cannot be compared instead, since it reads some 40 files a second. */
export class ImageTags {
  constructor(private readonly exiftool: ExifTool) {}

  /**
   * The result with the metadata of the source: `blocks` as they are (EXIF, XMP, IPTC, profile), for containers that have such; `tags` one
   * by one, which writes numbers anew, for TIFF, where metadata and layout share a directory. Not MWG's tags, which stand for others.
   */
  async withTagsOf({ bytes, scratch }: ImageSource, result: Buffer, by: keyof typeof copied, size: { readonly width: number; readonly height: number } | null = null): Promise<Buffer> {
    return onDisk(scratch, bytes, result, async (original, target) => {
      const fitting = size ? [`-ExifIFD:ExifImageWidth=${size.width}`, `-ExifIFD:ExifImageHeight=${size.height}`] : [];
      await this.exiftool
        .write(target, noField, { writeArgs: ['-overwrite_original', '-m', '-TagsFromFile', original, ...copied[by], ...fitting] })
        .catch((error: unknown) => Promise.reject(failed('copy', error)));
      return readFile(target);
    });
  }

  /** @param resized whether the tags that say the size in pixels may differ, too */
  async compare({ bytes, scratch }: ImageSource, result: Buffer, resized = false): Promise<TagComparison> {
    return onDisk(scratch, bytes, result, async (original, target) => {
      const [before, after] = [await this.read(original), await this.read(target)];
      const names = [...new Set([...before.keys(), ...after.keys()])];
      const changed = names.filter((name) => before.get(name) !== after.get(name));
      const allowed = changed.filter((name) => mayDiffer.test(name) || (resized && sizes.test(name)));
      return { count: names.length, allowed, different: changed.filter((name) => !allowed.includes(name)) };
    });
  }

  private async read(path: string): Promise<ReadonlyMap<string, string>> {
    const tags = await this.exiftool.readRaw(path, { readArgs: ['-G1', '-n', '-a', '-struct', '-u', '-b'] }).catch((error: unknown) => Promise.reject(failed('read', error)));
    return new Map(
      Object.entries(tags)
        .filter(([name]) => !notContent.test(name) && !layout.test(name))
        .map(([name, value]) => [name, JSON.stringify(value)]),
    );
  }
}

/** exiftool reads files: both versions for as long as `use` takes, under names that are swept after a crash. */
async function onDisk<T>(scratch: string, bytes: Buffer, result: Buffer, use: (original: string, target: string) => Promise<T>): Promise<T> {
  const [original, target] = [temporaryPath(scratch), temporaryPath(scratch)];
  try {
    await writeFile(original, bytes);
    await writeFile(target, result);
    return await use(original, target);
  } finally {
    await rm(original, { force: true });
    await rm(target, { force: true });
  }
}

const failed = (what: string, cause: unknown): PipelineError => new PipelineError('PROGRAM_FAILED', `exiftool could not ${what} the tags: ${String(cause)}`, { cause });
