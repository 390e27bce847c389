import { Injectable, Module, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { ExifTool } from 'exiftool-vendored';
import { defineStage, Settings } from '@media-pipeline/stage';
import { CodecImageEncoder, CodecImageProver, ImageCodecs } from './adapters/image';
import { defaultFfmpegOptions, Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags } from './adapters/video';
import { AgainPass } from './again/again-pass';
import { AgainWatch } from './again/again-watch';
import { CompressAgain } from './again/compress-again.task';
import { Exchange } from './again/exchange';
import { Recompressor } from './again/recompressor';
import { CompressorController } from './compressor.controller';
import { CompressorService } from './compressor.service';
import { ImageEncoder, ImageProver, VideoEncoder, VideoProver } from './encoder.port';
import { FileCompressor } from './file-compressor';
import { Renderer } from './renderer';
import { Workshop } from './workshop';

/** One exiftool process for images and videos, started at its first use and ended with the stage. */
@Injectable()
class SharedExifTool implements OnModuleDestroy {
  readonly exiftool = new ExifTool({ maxProcs: 1, taskTimeoutMillis: 10 * 60_000 });

  async onModuleDestroy(): Promise<void> {
    await this.exiftool.end();
  }
}

const adapters: Provider[] = [
  SharedExifTool,
  { provide: Ffmpeg, useFactory: ({ compression }: Settings) => new Ffmpeg({ ...defaultFfmpegOptions, stallMs: compression.videoStallMs }), inject: [Settings] },
  { provide: MovieTags, useFactory: ({ exiftool }: SharedExifTool) => new MovieTags(exiftool), inject: [SharedExifTool] },
  { provide: ImageCodecs, useFactory: (ffmpeg: Ffmpeg, { exiftool }: SharedExifTool) => new ImageCodecs(ffmpeg, exiftool), inject: [Ffmpeg, SharedExifTool] },
  { provide: ImageEncoder, useFactory: (codecs: ImageCodecs) => new CodecImageEncoder(codecs), inject: [ImageCodecs] },
  { provide: ImageProver, useFactory: (codecs: ImageCodecs) => new CodecImageProver(codecs), inject: [ImageCodecs] },
  { provide: VideoEncoder, useFactory: (ffmpeg: Ffmpeg) => new FfmpegVideoEncoder(ffmpeg), inject: [Ffmpeg] },
  { provide: VideoProver, useFactory: (ffmpeg: Ffmpeg, tags: MovieTags) => new FfmpegVideoProver(ffmpeg, tags), inject: [Ffmpeg, MovieTags] },
];

const again = [Exchange, Recompressor, AgainPass, CompressAgain];

/** Encoders, and compressing again with them: all that needs no broker. */
@Module({ providers: [...adapters, Workshop, Renderer, ...again], exports: [Renderer, ...again] })
class CompressionModule {}

@Module({ imports: [CompressionModule], controllers: [CompressorController], providers: [FileCompressor, CompressorService, AgainWatch] })
export class CompressorModule {}

export const stage = defineStage({
  name: 'compressor',
  module: CompressorModule,
  describe: 'makes smaller renditions without loss of anything that counts',
  tasks: { 'compress-again': { module: CompressionModule, task: CompressAgain } },
});
