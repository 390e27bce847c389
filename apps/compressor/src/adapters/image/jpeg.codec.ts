import { PipelineError } from '@media-pipeline/contracts';
import { assertSpliceable, chromaSubsampling, entropyFault, jpegDifference, parseJpeg, spliceJpeg, withExifSize, type JpegStructure } from '@media-pipeline/media';
import { metadataDiffers, pictureDiffers, thumbnailFloor, type Difference, type EncodedImage, type ImageSource } from './image-codec';
import { bandPsnr, decoding, sharp, sharpVersion, strict, thumbnailPsnr } from './pixels';
import { SharpCodec } from './sharp-codec';

/** Start of frame of a progressive picture, which mozjpeg always makes. */
const progressive = 0xc2;

/**
 * JPEG by mozjpeg: only the picture data is made anew, in the pixels' own colour space and orientation; metadata, profiles, gain maps and
 * trailers stay byte for byte (libs/media/src/jpeg/splice.ts).
 */
export class JpegCodec extends SharpCodec {
  override async check(source: ImageSource): Promise<void> {
    assertInStep(source.bytes, parseJpeg(source.bytes));
    await super.check(source);
  }

  override async encode({ bytes, settings }: ImageSource): Promise<EncodedImage> {
    const structure = parseJpeg(bytes);
    assertSpliceable(bytes, structure);
    assertInStep(bytes, structure);
    const chroma = chromaSubsampling(structure.frame);
    // libvips writes 4:4:4 or 4:2:0; what lies between keeps all its colour
    const subsampling = chroma === '4:2:0' || chroma === 'grey' ? '4:2:0' : '4:4:4';
    const smaller = resizedTo(bytes, settings.resizePercentage);
    const picture = bytes.subarray(0, structure.end);
    const encoded = await decoding(() => {
      const image = sharp(picture, strict).toColourspace(chroma === 'grey' ? 'b-w' : 'srgb');
      return (smaller ? image.resize(smaller.width, smaller.height, { fit: 'fill' }) : image).jpeg({ quality: settings.jpegQuality, mozjpeg: true, chromaSubsampling: subsampling }).toBuffer();
    });
    const spliced = spliceJpeg(bytes, encoded);
    return { bytes: smaller ? withExifSize(spliced, smaller) : spliced, settings: { encoder: `mozjpeg (sharp ${sharpVersion})`, quality: settings.jpegQuality, chroma: subsampling, ...(smaller && { resized: `${smaller.width}x${smaller.height}` }) } };
  }

  override async prove({ bytes, settings }: ImageSource, result: Buffer): Promise<Difference | null> {
    const smaller = resizedTo(bytes, settings.resizePercentage);
    const difference = jpegDifference(smaller ? withExifSize(bytes, smaller) : bytes, result, { resized: smaller !== null });
    if (difference) return metadataDiffers(difference);
    const { frame, end } = parseJpeg(result);
    if (smaller && (frame.width !== smaller.width || frame.height !== smaller.height)) return pictureDiffers('the size in pixels is not the one that was wanted');
    const [before, after] = [bytes.subarray(0, parseJpeg(bytes).end), result.subarray(0, end)];
    const noise = frame.marker === progressive && !smaller ? await bandPsnr(before, after, frame) : await thumbnailPsnr(before, after);
    return noise < thumbnailFloor ? pictureDiffers(`the picture differs (${noise.toFixed(1)} dB)`) : null;
  }
}

/** Throws MEDIA_CORRUPT for damage that libjpeg conceals. */
function assertInStep(bytes: Buffer, structure: JpegStructure): void {
  const fault = entropyFault(bytes, structure);
  if (fault) throw new PipelineError('MEDIA_CORRUPT', `the picture is damaged: ${fault}`);
}

/**
 * The size after INITIAL_RESIZE_PERCENTAGE, as stored (orientation is a tag and stays one); null when it is not to be resized. A file with
 * further pictures inside (gain map, depth) keeps its size: they are described relative to it.
 */
function resizedTo(bytes: Buffer, percentage: number): { readonly width: number; readonly height: number } | null {
  if (percentage >= 100) return null;
  const { frame, end, segments } = parseJpeg(bytes);
  if (end !== bytes.length || segments.some(({ marker, start }) => marker === 0xe2 && bytes.toString('latin1', start + 4, start + 8) === 'MPF\0')) return null;
  return { width: Math.max(1, Math.round((frame.width * percentage) / 100)), height: Math.max(1, Math.round((frame.height * percentage) / 100)) };
}
