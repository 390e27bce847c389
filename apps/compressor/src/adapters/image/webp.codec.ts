import { parseWebp, Refusal, spliceWebp, webpDifference } from '@media-pipeline/media';
import { isSame, likeness, lossless, metadataDiffers, pictureDiffers, proven, unlike, type EncodedImage, type ImageSource, type Verdict } from './image-codec';
import { encodeLossy } from './lossy';
import type { MeasureAnswer } from './picture-messages';
import type { PictureThreads } from './picture-threads';
import { assertDecodes, decoding, pixelDifference, sharp, sharpVersion, strict } from './pixels';
import { SharpCodec } from './sharp-codec';

/** WebP: lossless stays lossless, to the last transparent pixel; lossy is coded anew. All other chunks stay byte for byte. */
export class WebpCodec extends SharpCodec {
  override readonly lossy = true;
  override readonly bytesPerPixel = 32;

  constructor(private readonly threads: PictureThreads) {
    super();
  }

  override async check({ bytes }: ImageSource): Promise<void> {
    await assertDecodes(bytes, { animated: true });
  }

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes } = source;
    const structure = parseWebp(bytes);
    if (structure.animated) throw new Refusal('ANIMATED', 'the WebP is animated');
    if (structure.lossless) {
      const how = { lossless: true, exact: true, effort: 5 };
      const encoded = await decoding(() => sharp(bytes, strict).webp(how).toBuffer());
      return { bytes: spliceWebp(bytes, encoded), settings: { encoder: `libwebp (sharp ${sharpVersion})`, ...how } };
    }
    const { file, quality, measured, search } = await encodeLossy(this.threads, source, {
      ...{ format: 'webp', picture: bytes, grey: false, chroma: '4:2:0', stored: null, resize: null },
      assemble: ([encoded = Buffer.alloc(0)]) => spliceWebp(bytes, encoded),
      pictureOf: (made) => made,
    });
    return { bytes: file, settings: { encoder: `libwebp (sharp ${sharpVersion})`, quality, effort: 4, method: 'graft' }, measured, ...(search && { search }) };
  }

  override async prove({ bytes }: ImageSource, result: Buffer, measured: MeasureAnswer | null): Promise<Verdict> {
    const difference = webpDifference(bytes, result);
    if (difference) return metadataDiffers(difference);
    const structure = parseWebp(bytes);
    const [before, after] = [await sharp(bytes, strict).metadata(), await sharp(result, strict).metadata()];
    if (before.width !== after.width || before.height !== after.height || before.hasAlpha !== after.hasAlpha) return pictureDiffers('the size or the transparency differs');
    const found = { dimensions: { width: after.width, height: after.height }, metadata: { compared: 'bytes', count: structure.chunks.length, allowed: [] }, embedded: [] } as const;
    if (structure.lossless) {
      const pixels = await pixelDifference(bytes, result);
      return pixels ? pictureDiffers(pixels) : proven({ ...found, metadata: { ...found.metadata, allowed: [] }, embedded: [], quality: lossless });
    }
    const compared = measured ?? (await this.threads.use((thread) => thread.measure({ source: bytes, result, grey: false, chroma: false })));
    return isSame(compared) ? proven({ ...found, metadata: { ...found.metadata, allowed: [] }, embedded: [], quality: likeness(compared) }) : unlike(compared);
  }
}
