import { parseWebp, Refusal, spliceWebp, webpDifference } from '@media-pipeline/media';
import { metadataDiffers, pictureDiffers, thumbnailFloor, type Difference, type EncodedImage, type ImageSource } from './image-codec';
import { assertDecodes, decoding, pixelDifference, sharp, sharpVersion, strict, thumbnailPsnr } from './pixels';
import { SharpCodec } from './sharp-codec';

/** WebP: lossless stays lossless, to the last transparent pixel; lossy is coded anew with JPEG_QUALITY. All other chunks stay byte for byte. */
export class WebpCodec extends SharpCodec {
  override async check({ bytes }: ImageSource): Promise<void> {
    await assertDecodes(bytes, { animated: true });
  }

  override async encode({ bytes, settings }: ImageSource): Promise<EncodedImage> {
    const { lossless, animated } = parseWebp(bytes);
    if (animated) throw new Refusal('ANIMATED', 'the WebP is animated');
    const how = lossless ? { lossless, exact: true, effort: 5 } : { quality: settings.jpegQuality, alphaQuality: 100, effort: 4 };
    const encoded = await decoding(() => sharp(bytes, strict).webp(how).toBuffer());
    return { bytes: spliceWebp(bytes, encoded), settings: { encoder: `libwebp (sharp ${sharpVersion})`, ...how } };
  }

  override async prove({ bytes }: ImageSource, result: Buffer): Promise<Difference | null> {
    const difference = webpDifference(bytes, result);
    if (difference) return metadataDiffers(difference);
    if (parseWebp(bytes).lossless) {
      const pixels = await pixelDifference(bytes, result);
      return pixels ? pictureDiffers(pixels) : null;
    }
    const [before, after] = [await sharp(bytes, strict).metadata(), await sharp(result, strict).metadata()];
    if (before.width !== after.width || before.height !== after.height || before.hasAlpha !== after.hasAlpha) return pictureDiffers('the size or the transparency differs');
    const noise = await thumbnailPsnr(bytes, result);
    return noise < thumbnailFloor ? pictureDiffers(`the picture differs (${noise.toFixed(1)} dB)`) : null;
  }
}
