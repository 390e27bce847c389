import { Refusal } from '@media-pipeline/media';
import { pictureDiffers, type EncodedImage, type ImageSource, type Verdict } from './image-codec';
import { assertDecodes, decoding, sharp, strict } from './pixels';
import { SharpCodec } from './sharp-codec';

/** GIF is looked at, not treated: an encoder would choose palettes and timings anew, and what could be gained without that is next to nothing. */
export class GifCodec extends SharpCodec {
  override readonly lossy = false;
  override readonly bytesPerPixel = 12;

  override async check({ bytes }: ImageSource): Promise<void> {
    await assertDecodes(bytes, { animated: true });
  }

  override async encode({ bytes }: ImageSource): Promise<EncodedImage> {
    const { pages = 1 } = await decoding(() => sharp(bytes, strict).metadata());
    throw pages > 1 ? new Refusal('ANIMATED', `the GIF has ${pages} pictures`) : new Refusal('UNSUPPORTED_VARIANT', 'a GIF cannot be made smaller without choosing its colours anew');
  }

  override prove(): Promise<Verdict> {
    return Promise.resolve(pictureDiffers('no GIF is made here'));
  }
}
