import type { OnModuleDestroy } from '@nestjs/common';
import type { ExifTool } from 'exiftool-vendored';
import type { MediaFormat } from '@media-pipeline/media';
import type { Ffmpeg } from '../video/ffmpeg';
import { GifCodec } from './gif.codec';
import { HeicCodec } from './heic.codec';
import type { ImageCodec } from './image-codec';
import { ImageTags } from './image-tags';
import { JpegCodec } from './jpeg.codec';
import { PictureThreads } from './picture-threads';
import { PngCodec } from './png.codec';
import { TiffCodec } from './tiff.codec';
import { TileEncoder } from './tile-encoder';
import { WebpCodec } from './webp.codec';

/** The image formats that are treated, each by its codec. */
export class ImageCodecs implements OnModuleDestroy {
  private readonly threads = new PictureThreads();
  private readonly byFormat: ReadonlyMap<MediaFormat, ImageCodec>;

  constructor(ffmpeg: Ffmpeg, exiftool: ExifTool) {
    const tags = new ImageTags(exiftool);
    this.byFormat = new Map<MediaFormat, ImageCodec>([
      ['jpeg', new JpegCodec(this.threads, tags)],
      ['png', new PngCodec()],
      ['webp', new WebpCodec(this.threads)],
      ['gif', new GifCodec()],
      ['tiff', new TiffCodec(tags)],
      ['heic', new HeicCodec(new TileEncoder(ffmpeg))],
    ]);
  }

  get(format: MediaFormat): ImageCodec | undefined {
    return this.byFormat.get(format);
  }

  async onModuleDestroy(): Promise<void> {
    await this.threads.close();
  }
}
