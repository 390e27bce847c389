import { PipelineError } from '@media-pipeline/contracts';
import { assemblePlanes, assertSpliceable, chromaSteps, chromaSubsampling, entropyFault, jpegDifference, jpegEmbedded, meanSteps, parseJpeg, Refusal, spliceJpeg, withExifSize, withStoredColours, type ChromaSteps, type JpegStructure } from '@media-pipeline/media';
import { isSame, likeness, metadataDiffers, pictureDiffers, proven, unlike, type EncodedImage, type ImageSource, type Verdict } from './image-codec';
import type { ImageTags } from './image-tags';
import { encodeLossy } from './lossy';
import type { MeasureAnswer } from './picture-messages';
import type { PictureThreads } from './picture-threads';
import { sharpVersion } from './pixels';
import { SharpCodec } from './sharp-codec';

/**
 * JPEG by mozjpeg: only the picture data is made anew, in the pixels' own colour space and orientation; metadata, profiles, gain maps and
 * trailers stay byte for byte (libs/media/src/jpeg/splice.ts). With PAYLOAD_GRAFT_JPEG=off the encoder's own file is taken instead, with the
 * tags that exiftool copies; a picture with others behind it, or with a tag that would differ, is left alone.
 */
export class JpegCodec extends SharpCodec {
  override readonly lossy = true;
  /** Decoded source and result, their luma, and the coefficients that a progressive encoder keeps; measured: 30 at 16 MP. */
  override readonly bytesPerPixel = 32;

  constructor(
    private readonly threads: PictureThreads,
    private readonly tags: ImageTags,
  ) {
    super();
  }

  override async check(source: ImageSource): Promise<void> {
    assertInStep(source.bytes, parseJpeg(source.bytes));
    await super.check(source);
  }

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes, settings } = source;
    const structure = parseJpeg(bytes);
    assertSpliceable(bytes, structure);
    if (!settings.graft.jpeg) assertAlone(bytes, structure);
    assertInStep(bytes, structure);
    const { chroma, grey, steps } = chromaOf(structure);
    const resize = resizedTo(bytes, settings.resizePercentage);
    const stored = steps && { bytes: withStoredColours(bytes, structure), steps };
    const { file, quality, table, chromaQuality, measured, search } = await encodeLossy(this.threads, source, {
      ...{ format: 'jpeg', picture: bytes.subarray(0, structure.end), grey, chroma: chroma === '4:2:0' ? chroma : '4:4:4', stored, resize },
      assemble: (parts) => {
        const encoded = steps ? assembled(parts, steps) : (parts[0] ?? Buffer.alloc(0));
        if (!settings.graft.jpeg) return encoded;
        const spliced = spliceJpeg(bytes, encoded);
        return resize ? withExifSize(spliced, resize) : spliced;
      },
      pictureOf: (made) => made.subarray(0, parseJpeg(made).end),
    });
    const record = { encoder: `mozjpeg (sharp ${sharpVersion})`, quality, table, chroma, ...(chromaQuality !== undefined && { chromaQuality }), method: settings.graft.jpeg ? 'graft' : 'plain', ...(resize && { resized: `${resize.width}x${resize.height}` }) };
    if (settings.graft.jpeg) return { bytes: file, settings: record, measured, ...(search && { search }) };
    return { bytes: await this.tags.withTagsOf(source, file, 'blocks', resize), settings: record, ...(search && { search }) };
  }

  override async prove(source: ImageSource, result: Buffer, measured: MeasureAnswer | null): Promise<Verdict> {
    const { bytes, settings } = source;
    const resize = resizedTo(bytes, settings.resizePercentage);
    const before = parseJpeg(bytes);
    const { grey, chroma, steps } = chromaOf(before);
    const after = parseJpeg(result);
    const { frame, end } = after;
    if (resize && (frame.width !== resize.width || frame.height !== resize.height)) return pictureDiffers('the size in pixels is not the one that was wanted');
    if (chromaSubsampling(frame) !== (grey ? 'grey' : chroma)) return pictureDiffers(`the chroma of the picture is ${chromaSubsampling(frame)} instead of ${chroma}`);
    const metadata = await (settings.graft.jpeg ? this.sameBytes(bytes, result, resize) : this.sameTags(source, result, resize));
    if ('outcome' in metadata) return metadata;
    const picture = { source: bytes.subarray(0, before.end), result: result.subarray(0, end), grey, chroma: steps !== null, ...(resize && { resize }) };
    const compared = measured ?? (await this.threads.use((thread) => thread.measure(picture)));
    if (!isSame(compared, steps && chromaStepOf(result, after))) return unlike(compared);
    return proven({ dimensions: { width: frame.width, height: frame.height }, ...metadata, quality: likeness(compared) });
  }

  private sameBytes(bytes: Buffer, result: Buffer, resize: Size | null): Verdict | Compared {
    const difference = jpegDifference(resize ? withExifSize(bytes, resize) : bytes, result, { resized: resize !== null });
    if (difference) return metadataDiffers(difference);
    const [old, now] = [jpegEmbedded(bytes), jpegEmbedded(result)];
    if (JSON.stringify(old.parts) !== JSON.stringify(now.parts)) return metadataDiffers('what lies behind the picture differs');
    return { metadata: { compared: 'bytes', count: now.blocks, allowed: resize ? ['size in pixels'] : [] }, embedded: [...now.parts] };
  }

  private async sameTags(source: ImageSource, result: Buffer, resize: Size | null): Promise<Verdict | Compared> {
    if (jpegEmbedded(source.bytes).parts.length > 0) return metadataDiffers('what lies behind the picture would be lost');
    const { different, allowed, count } = await this.tags.compare(source, result, resize !== null);
    if (different.length > 0) return metadataDiffers(`tags differ: ${different.slice(0, 5).join(', ')}`);
    return { metadata: { compared: 'tags', count, allowed: [...allowed] }, embedded: [] };
  }
}

type Compared = Pick<Extract<Verdict, { outcome: 'proven' }>['findings'], 'metadata' | 'embedded'>;
interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture with others behind it can only be treated by exchanging its payload. */
function assertAlone(bytes: Buffer, { end }: JpegStructure): void {
  if (end !== bytes.length) throw new Refusal('METADATA_WOULD_CHANGE', 'more than the picture lies in the file, and PAYLOAD_GRAFT_JPEG is off');
}

/** The chroma of the rendition. libvips writes 4:4:4 and 4:2:0; `steps`: planes that are coded one by one. Arrangements without a name keep all their colour. */
function chromaOf({ frame }: JpegStructure): { readonly chroma: '4:2:0' | '4:4:4' | '4:2:2' | '4:4:0' | '4:1:1'; readonly grey: boolean; readonly steps: ChromaSteps | null } {
  const chroma = chromaSubsampling(frame);
  if (chroma === 'grey') return { chroma: '4:2:0', grey: true, steps: null };
  if (chroma === 'other' || chroma === '4:4:4' || chroma === '4:2:0') return { chroma: chroma === '4:2:0' ? chroma : '4:4:4', grey: false, steps: null };
  return { chroma, grey: false, steps: chromaSteps(frame) };
}

/** Of the coarser one of both chroma planes; nothing is allowed to a picture that hides it. */
const chromaStepOf = (bytes: Buffer, structure: JpegStructure): number => Math.max(0, ...(meanSteps(bytes, structure)?.slice(1) ?? []));

function assembled([luma, cb, cr]: readonly Buffer[], steps: ChromaSteps): Buffer {
  if (!luma || !cb || !cr) throw new Refusal('UNSUPPORTED_VARIANT', 'the encoder gave no planes');
  return assemblePlanes([luma, cb, cr], steps);
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
function resizedTo(bytes: Buffer, percentage: number): Size | null {
  if (percentage >= 100) return null;
  const { frame, end, segments } = parseJpeg(bytes);
  if (end !== bytes.length || segments.some(({ marker, start }) => marker === 0xe2 && bytes.toString('latin1', start + 4, start + 8) === 'MPF\0')) return null;
  return { width: Math.max(1, Math.round((frame.width * percentage) / 100)), height: Math.max(1, Math.round((frame.height * percentage) / 100)) };
}
