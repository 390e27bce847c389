import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { PipelineError } from '@media-pipeline/contracts';
import { assertPngSpliceable, parsePng, pngData, pngDifference, Refusal, splicePng, type PngHeader, type PngStructure } from '@media-pipeline/media';
import { lossless, metadataDiffers, pictureDiffers, proven, type EncodedImage, type ImageSource, type Verdict } from './image-codec';
import { assertDecodes, decoding, ownColourSpace, pixelDifference, sharp, sharpVersion, strict } from './pixels';
import { SharpCodec } from './sharp-codec';

const inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);
const deflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflate);

/** Unpacked pictures beyond this are left alone: they would be in memory twice. */
const maxUnpacked = 512 * 1024 * 1024;

/**
 * PNG without loss: the same pixels filtered and deflated better, never a palette where there was none. Where libvips would change the
 * layout of the samples (palettes, 1 to 4 bits, interlacing, a transparent colour) the scan lines are deflated again as they are.
 */
export class PngCodec extends SharpCodec {
  override readonly lossy = false;
  /** Scan lines and two decoded pictures of four channels and 16 bits. */
  override readonly bytesPerPixel = 28;

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes } = source;
    const structure = parsePng(bytes);
    assertPngSpliceable(structure);
    const refiltered = await this.refilter(bytes, structure);
    if (refiltered && refiltered.length < bytes.length) return { bytes: refiltered, settings: { encoder: `libpng (sharp ${sharpVersion})`, compressionLevel: 9, adaptiveFiltering: true } };
    if (!refiltered) await assertDecodes(bytes);
    return { bytes: await redeflate(bytes, structure), settings: { encoder: `zlib ${process.versions.zlib}`, compressionLevel: 9 } };
  }

  /** New filters and new deflating by libpng; null where its samples would be laid out otherwise than the header says. */
  private async refilter(bytes: Buffer, structure: PngStructure): Promise<Buffer | null> {
    const { bitDepth, colourType, interlaced } = structure.header;
    if (interlaced || bitDepth < 8 || colourType === 3 || structure.chunks.some(({ name }) => name === 'tRNS')) return null;
    const metadata = await decoding(() => sharp(bytes, strict).metadata());
    const encoded = await decoding(() => sharp(bytes, strict).toColourspace(ownColourSpace(metadata)).png({ compressionLevel: 9, adaptiveFiltering: true, palette: false }).toBuffer());
    const made = parsePng(encoded);
    return sameLayout(made.header, structure.header) ? splicePng(bytes, structure, pngData(encoded, made)) : null;
  }

  override async prove({ bytes }: ImageSource, result: Buffer): Promise<Verdict> {
    const difference = pngDifference(bytes, result);
    if (difference) return metadataDiffers(difference);
    const pixels = await pixelDifference(bytes, result);
    if (pixels) return pictureDiffers(pixels);
    const { header, chunks } = parsePng(result);
    return proven({ dimensions: { width: header.width, height: header.height }, metadata: { compared: 'bytes', count: chunks.filter(({ name }) => name !== 'IDAT').length, allowed: [] }, embedded: [], quality: lossless });
  }
}

const sameLayout = (a: PngHeader, b: PngHeader): boolean => a.width === b.width && a.height === b.height && a.bitDepth === b.bitDepth && a.colourType === b.colourType && a.interlaced === b.interlaced;

async function redeflate(bytes: Buffer, structure: PngStructure): Promise<Buffer> {
  const expected = unpackedLength(structure.header);
  if (expected > maxUnpacked) throw new Refusal('UNSUPPORTED_VARIANT', 'the PNG is too large to be treated in memory');
  const lines = await inflate(pngData(bytes, structure), { maxOutputLength: expected + 65_536 }).catch((cause: unknown) => {
    throw new PipelineError('MEDIA_CORRUPT', 'the picture data of the PNG cannot be inflated', { cause });
  });
  if (lines.length < expected) throw new PipelineError('MEDIA_CORRUPT', `the PNG holds ${lines.length} of ${expected} bytes of picture data`);
  return splicePng(bytes, structure, await deflate(lines.subarray(0, expected), { level: 9, memLevel: 9 }));
}

/** Bytes of all scan lines with their filter bytes; for an interlaced picture those of its seven passes (PNG specification §8.2). */
function unpackedLength({ width, height, bitDepth, colourType, interlaced }: PngHeader): number {
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colourType] ?? 4;
  const lines = (w: number, h: number): number => (w === 0 || h === 0 ? 0 : h * (1 + Math.ceil((w * bitDepth * channels) / 8)));
  if (!interlaced) return lines(width, height);
  const passes = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const;
  return passes.reduce((sum, [x, y, dx, dy]) => sum + lines(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)), 0);
}
