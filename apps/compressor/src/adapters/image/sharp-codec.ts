import { ImageCodec, type ImageSize, type ImageSource } from './image-codec';
import { assertDecodes, decoding, sharp, strict } from './pixels';

/** What all formats that libvips decodes have in common. */
export abstract class SharpCodec extends ImageCodec {
  override async size(bytes: Buffer): Promise<ImageSize> {
    const { width, height, pageHeight, pages } = await decoding(() => sharp(bytes, strict).metadata());
    return { width, height: pageHeight ?? height, frames: pages ?? 1 };
  }

  override async check({ bytes }: ImageSource): Promise<void> {
    await assertDecodes(bytes);
  }
}
