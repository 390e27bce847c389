import { Refusal } from '@media-pipeline/media';
import { lossless, metadataDiffers, pictureDiffers, proven, type EncodedImage, type ImageSource, type Verdict } from './image-codec';
import type { ImageTags } from './image-tags';
import { assertDecodes, decoding, ownColourSpace, pixelDifference, sharp, sharpVersion, strict } from './pixels';
import { SharpCodec } from './sharp-codec';

/** TIFF without loss: one picture of 8 or 16 bits, deflated with a predictor; its tags are copied by exiftool and compared one by one. */
export class TiffCodec extends SharpCodec {
  override readonly lossy = false;
  /** Two decoded pictures of four channels and 16 bits, and the file twice. */
  override readonly bytesPerPixel = 32;

  constructor(private readonly tags: ImageTags) {
    super();
  }

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes } = source;
    const metadata = await decoding(() => sharp(bytes, strict).metadata());
    if ((metadata.pages ?? 1) > 1 || (metadata.subifds ?? 0) > 0) throw new Refusal('MULTI_PAGE', 'the TIFF holds several pictures');
    if (metadata.depth !== 'uchar' && metadata.depth !== 'ushort') throw new Refusal('UNSUPPORTED_VARIANT', `the TIFF has samples of type ${metadata.depth}`);
    if (!['srgb', 'rgb', 'rgb16', 'b-w', 'grey16'].includes(metadata.space)) throw new Refusal('UNSUPPORTED_VARIANT', `the TIFF has the colour space ${metadata.space}`);
    const encoded = await decoding(() => sharp(bytes, strict).toColourspace(ownColourSpace(metadata)).tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer());
    return { bytes: await this.tags.withTagsOf(source, encoded, 'tags'), settings: { encoder: `libtiff (sharp ${sharpVersion})`, compression: 'deflate', predictor: 'horizontal' } };
  }

  override async prove(source: ImageSource, result: Buffer): Promise<Verdict> {
    const pixels = await pixelDifference(source.bytes, result);
    if (pixels) return pictureDiffers(pixels);
    await assertDecodes(result);
    const { count, different, allowed } = await this.tags.compare(source, result);
    // TIFF has no header of its own that exiftool would write anew: nothing may differ
    const names = [...different, ...allowed];
    if (names.length > 0) return metadataDiffers(`tags differ: ${names.slice(0, 5).join(', ')}`);
    const { width, height } = await this.size(result);
    return proven({ dimensions: { width, height }, metadata: { compared: 'tags', count, allowed: [] }, embedded: [], quality: lossless });
  }
}
