import type { ExifTool } from 'exiftool-vendored';
import type { MediaFormat } from '@media-pipeline/media';
import type { Ffmpeg } from '../video/ffmpeg';
import { GifCodec } from './gif.codec';
import { HeicCodec } from './heic.codec';
import type { ImageCodec } from './image-codec';
import { JpegCodec } from './jpeg.codec';
import { PngCodec } from './png.codec';
import { TiffCodec } from './tiff.codec';
import { TiffTags } from './tiff-tags';
import { TileEncoder } from './tile-encoder';
import { WebpCodec } from './webp.codec';

/** The image formats that are treated, each by its codec. */
export class ImageCodecs {
  private readonly byFormat: ReadonlyMap<MediaFormat, ImageCodec>;

  constructor(ffmpeg: Ffmpeg, exiftool: ExifTool) {
    this.byFormat = new Map<MediaFormat, ImageCodec>([
      ['jpeg', new JpegCodec()],
      ['png', new PngCodec()],
      ['webp', new WebpCodec()],
      ['gif', new GifCodec()],
      ['tiff', new TiffCodec(new TiffTags(exiftool))],
      ['heic', new HeicCodec(new TileEncoder(ffmpeg))],
    ]);
  }

  get(format: MediaFormat): ImageCodec | undefined {
    return this.byFormat.get(format);
  }
}
