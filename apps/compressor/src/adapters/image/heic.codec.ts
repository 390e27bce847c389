import { graftTiles, heicDifference, heifSize, planHeic, tileStream } from '@media-pipeline/media';
import { assertHeicDecodes, compareHeic } from './heic-comparer';
import { ImageCodec, KeepOriginal, metadataDiffers, pictureDiffers, type Difference, type EncodedImage, type ImageSource } from './image-codec';
import type { TileEncoder } from './tile-encoder';

/** Below these (dB) the result is not taken for the same picture: sound results of {@link heicCrf} lie at 38 and more, and no square below 30. */
const meanFloor = 34;
const worstFloor = 26;

/** HEIC by grafting new tiles into the file: gain map, depth, thumbnail, EXIF, rotation and profiles stay byte for byte. */
export class HeicCodec extends ImageCodec {
  constructor(private readonly tiles: TileEncoder) {
    super();
  }

  override size(bytes: Buffer): Promise<{ width: number; height: number; frames: number }> {
    return Promise.resolve({ ...heifSize(bytes), frames: 1 });
  }

  override async check({ bytes, signal }: ImageSource): Promise<void> {
    await assertHeicDecodes(bytes, signal);
  }

  override async encode(source: ImageSource): Promise<EncodedImage> {
    const { bytes, signal, scratch } = source;
    const plan = planHeic(bytes);
    if (!(await this.tiles.available(signal))) throw new KeepOriginal('ENCODER_MISSING', 'HEIC needs an ffmpeg with libx265');
    const { samples, configuration, settings } = await this.tiles.encode(tileStream(plan), plan.tiles.length, scratch, signal, (done) => source.onProgress(done / plan.tiles.length));
    return { bytes: graftTiles(plan, samples, configuration), settings: { ...settings, tiles: plan.tiles.length } };
  }

  override async prove({ bytes, signal }: ImageSource, result: Buffer): Promise<Difference | null> {
    const difference = heicDifference(bytes, result);
    if (difference) return metadataDiffers(difference);
    const comparison = await compareHeic(bytes, result, signal);
    if ('error' in comparison) return pictureDiffers(`it cannot be decoded: ${comparison.error}`);
    const { mean, worst } = comparison;
    return mean < meanFloor || worst < worstFloor ? pictureDiffers(`the picture differs (${mean.toFixed(1)} dB, ${worst.toFixed(1)} dB at its worst)`) : null;
  }
}
