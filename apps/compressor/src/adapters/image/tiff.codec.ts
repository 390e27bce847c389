import { readFile, rm, writeFile } from 'node:fs/promises';
import { temporaryPath } from '@media-pipeline/files';
import { Refusal } from '@media-pipeline/media';
import { metadataDiffers, pictureDiffers, type Difference, type EncodedImage, type ImageSource } from './image-codec';
import { assertDecodes, decoding, ownColourSpace, pixelDifference, sharp, sharpVersion, strict } from './pixels';
import { SharpCodec } from './sharp-codec';
import type { TiffTags } from './tiff-tags';

/** TIFF without loss: one picture of 8 or 16 bits, deflated with a predictor; its tags are copied by exiftool and compared one by one. */
export class TiffCodec extends SharpCodec {
  constructor(private readonly tags: TiffTags) {
    super();
  }

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes } = source;
    const metadata = await decoding(() => sharp(bytes, strict).metadata());
    if ((metadata.pages ?? 1) > 1 || (metadata.subifds ?? 0) > 0) throw new Refusal('MULTI_PAGE', 'the TIFF holds several pictures');
    if (metadata.depth !== 'uchar' && metadata.depth !== 'ushort') throw new Refusal('UNSUPPORTED_VARIANT', `the TIFF has samples of type ${metadata.depth}`);
    if (!['srgb', 'rgb', 'rgb16', 'b-w', 'grey16'].includes(metadata.space)) throw new Refusal('UNSUPPORTED_VARIANT', `the TIFF has the colour space ${metadata.space}`);
    const encoded = await decoding(() => sharp(bytes, strict).toColourspace(ownColourSpace(metadata)).tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer());
    return { bytes: await this.withTags(source, encoded), settings: { encoder: `libtiff (sharp ${sharpVersion})`, compression: 'deflate', predictor: 'horizontal' } };
  }

  private async withTags({ bytes, scratch }: ImageSource, encoded: Buffer): Promise<Buffer> {
    return this.onDisk(scratch, { bytes, result: encoded }, async (original, target) => {
      await this.tags.copy(original, target);
      return readFile(target);
    });
  }

  override async prove({ bytes, scratch }: ImageSource, result: Buffer): Promise<Difference | null> {
    const pixels = await pixelDifference(bytes, result);
    if (pixels) return pictureDiffers(pixels);
    await assertDecodes(result);
    const names = await this.onDisk(scratch, { bytes, result }, (original, target) => this.tags.differences(original, target));
    return names.length > 0 ? metadataDiffers(`tags differ: ${names.slice(0, 5).join(', ')}`) : null;
  }

  /** exiftool reads files: both versions for as long as `use` takes, under names that are swept after a crash. */
  private async onDisk<T>(scratch: string, { bytes, result }: { readonly bytes: Buffer; readonly result: Buffer }, use: (original: string, target: string) => Promise<T>): Promise<T> {
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
}
