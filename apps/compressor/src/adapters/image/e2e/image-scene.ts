import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { temporaryPath } from '@media-pipeline/files';
import { identify } from '@media-pipeline/media';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import type { CompressionSettings, EncodeJob, EncodeResult } from '../../../encoder.port';
import type { KeepCode } from '../../../keep-code';
import { defaultFfmpegOptions, Ffmpeg } from '../../video';
import { CodecImageEncoder, CodecImageProver, ImageCodecs } from '..';

const settings: CompressionSettings = { jpegQuality: 75, qualityScore: 0.9965, minSaving: 0.05, graft: { jpeg: true, heic: true, video: true }, keep: ['screenshot', 'spatial'], videoCrf: 28, videoEncoder: 'x265', videoPreset: 'medium', resizePercentage: 100, videoResolution: null, maxMegapixels: 50 };

export interface Outcome {
  readonly result: EncodeResult;
  readonly proof: { readonly code: KeepCode; readonly reason: string } | null;
  readonly bytes: Buffer;
  readonly job: EncodeJob;
}

/** Encoder and prover of pictures as the stage has them, and a folder to work in. */
export class ImageScene {
  readonly exiftool = new ExifTool({ maxProcs: 1 });
  private readonly codecs = new ImageCodecs(new Ffmpeg(defaultFfmpegOptions), this.exiftool);
  readonly encoder = new CodecImageEncoder(this.codecs);
  readonly prover = new CodecImageProver(this.codecs);

  private constructor(readonly folder: string) {}

  static async open(): Promise<ImageScene> {
    return new ImageScene(await mkdtemp(path.join(tmpdir(), 'media-images-')));
  }

  async close(): Promise<void> {
    await this.codecs.onModuleDestroy();
    await this.exiftool.end();
    await rm(this.folder, { recursive: true });
  }

  async jobFor(source: string, more: Partial<CompressionSettings> = {}): Promise<EncodeJob> {
    const type = await identify(source);
    if (!type) throw new Error(`${source} is no picture`);
    return { source, temporary: temporaryPath(path.join(this.folder, 'result')), type, settings: { ...settings, ...more }, signal: new AbortController().signal, onProgress: () => undefined };
  }

  /** Encodes and proves one picture; `bytes` are the result's, empty when the original was kept. Nothing else may be left behind. */
  async compress(original: Buffer, more: Partial<CompressionSettings> = {}): Promise<Outcome> {
    const source = path.join(this.folder, 'source');
    await writeFile(source, original);
    const job = await this.jobFor(source, more);
    const result = await this.encoder.encode(job);
    const proof = result.outcome === 'encoded' ? await this.prover.prove(job) : null;
    const bytes = result.outcome === 'encoded' ? await readFile(job.temporary) : Buffer.alloc(0);
    await rm(job.temporary, { force: true });
    expect((await readdir(this.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect((await readFile(source)).equals(original)).toBe(true);
    return { result, proof, bytes, job };
  }
}

/** A picture with structure and some noise, so that it compresses as photos do. */
export function picture(width = 640, height = 480, channels: 1 | 3 | 4 = 3): sharp.Sharp {
  const data = Buffer.alloc(width * height * channels);
  let seed = 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
        data[at++] = c === 3 ? 255 - (x & 255) : 100 + 60 * Math.sin((x + c * 40) / 37) + 50 * Math.cos(y / 23) + ((seed >> 16) & 7);
      }
    }
  }
  return sharp(data, { raw: { width, height, channels } });
}

export const exif: sharp.Exif = { IFD0: { Make: 'Example', Copyright: 'me' }, IFD2: { DateTimeOriginal: '2021:05:03 14:03:01', PixelXDimension: '640', PixelYDimension: '480' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } };
