import { graftTiles, heicDifference, heicEmbedded, heifSize, planHeic, tileStream } from '@media-pipeline/media';
import { assertHeicDecodes, compareHeic } from './heic-comparer';
import { ImageCodec, KeepOriginal, likeness, metadataDiffers, pictureDiffers, proven, type EncodedImage, type ImageSize, type ImageSource, type Verdict } from './image-codec';
import type { TileEncoder } from './tile-encoder';
import { crfOfQuality, searchCrf } from './tile-search';

/** Below these (dB) the result is not taken for the same picture, whatever was asked for. */
const meanFloor = 34;
const worstFloor = 26;
/** So little below the target the whole picture may lie: it was tried on a few tiles. */
const tolerance = 0.001;

/** HEIC by grafting new tiles into the file: gain map, depth, thumbnail, EXIF, rotation and profiles stay byte for byte. */
export class HeicCodec extends ImageCodec {
  override readonly lossy = true;
  /** Two pictures of four channels, what libheif holds of each (it never gives memory back to WebAssembly), and their luma. */
  override readonly bytesPerPixel = 24;

  constructor(private readonly tiles: TileEncoder) {
    super();
  }

  override size(bytes: Buffer): Promise<ImageSize> {
    return Promise.resolve({ ...heifSize(bytes), frames: 1 });
  }

  override async check({ bytes, signal }: ImageSource): Promise<void> {
    await assertHeicDecodes(bytes, signal);
  }

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes, signal, scratch, settings } = source;
    const plan = planHeic(bytes);
    if (!settings.graft.heic) throw new KeepOriginal('GRAFT_OFF', 'PAYLOAD_GRAFT_HEIC is off, and there is no other way that loses nothing');
    if (!(await this.tiles.available(signal))) throw new KeepOriginal('ENCODER_MISSING', 'HEIC needs an ffmpeg with libx265');
    const search = settings.jpegQuality === null ? await searchCrf(this.tiles, plan, source) : null;
    const crf = search?.chosen ?? crfOfQuality(settings.jpegQuality ?? 85);
    const count = plan.tiles.length;
    const { samples, configuration, settings: made } = await this.tiles.encode({ stream: tileStream(plan), count, scratch, signal }, crf, { onTile: (done) => source.onProgress(done / count) });
    return { bytes: graftTiles(plan, samples, configuration), settings: { ...made, tiles: count }, ...(search && { search }) };
  }

  override async prove({ bytes, signal, settings }: ImageSource, result: Buffer): Promise<Verdict> {
    const difference = heicDifference(bytes, result);
    if (difference) return metadataDiffers(difference);
    const [old, now] = [heicEmbedded(bytes), heicEmbedded(result)];
    if (JSON.stringify(old.parts) !== JSON.stringify(now.parts)) return metadataDiffers('an embedded picture or block differs');
    const comparison = await compareHeic(bytes, result, signal);
    if ('error' in comparison) return pictureDiffers(`it cannot be decoded: ${comparison.error}`);
    const { mean, worst, similarity, width, height } = comparison;
    if (mean < meanFloor || worst < worstFloor) return pictureDiffers(`the picture differs (${mean.toFixed(1)} dB, ${worst.toFixed(1)} dB at its worst)`);
    if (settings.jpegQuality === null && similarity.mean < settings.qualityScore - tolerance) {
      return { outcome: 'differs', difference: { code: 'QUALITY_OUT_OF_REACH', reason: `the whole picture has ${similarity.mean.toFixed(4)}, wanted is ${settings.qualityScore}` } };
    }
    return proven({ dimensions: { width, height }, metadata: { compared: 'bytes', count: now.blocks, allowed: [] }, embedded: [...now.parts], quality: likeness(similarity) });
  }
}
