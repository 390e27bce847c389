import { z } from 'zod';
import { PipelineError } from '@media-pipeline/contracts';
import { decodeSmall, lookAt, type Look } from './look';
import { outputOf } from './program';

/** Where in a video its frames are taken, as fractions of its duration: the same in every encoding of it. */
export const framePositions = [0.1, 0.3, 0.5, 0.7, 0.9] as const;

const Probe = z.object({
  streams: z.array(z.object({ width: z.number().optional(), height: z.number().optional(), duration: z.string().optional() })).default([]),
  format: z.object({ duration: z.string().optional() }).default({}),
});

export interface VideoLook {
  readonly frames: readonly Look[];
  readonly width: number;
  readonly height: number;
  readonly durationMs: number;
}

/** Frames of a video, by ffmpeg. @throws PROGRAM_MISSING, MEDIA_CORRUPT */
export async function lookAtVideo(file: string): Promise<VideoLook> {
  const answer = await outputOf('ffprobe', ['-v', 'error', '-of', 'json', '-select_streams', 'v:0', '-show_entries', 'stream=width,height,duration:format=duration', file]);
  const { streams, format } = Probe.parse(JSON.parse(answer.toString('utf8')));
  const seconds = Number(streams[0]?.duration ?? format.duration);
  if (!streams[0] || !Number.isFinite(seconds) || seconds <= 0) throw new PipelineError('MEDIA_CORRUPT', 'no picture, or no duration');
  const frames: Look[] = [];
  let turned = false;
  for (const position of framePositions) {
    const at = (seconds * position).toFixed(3);
    const picture = await outputOf('ffmpeg', [
      ...['-nostdin', '-v', 'error', '-threads', '1', '-ss', at, '-i', file, '-map', '0:v:0', '-frames:v', '1'],
      ...['-vf', 'scale=512:512:force_original_aspect_ratio=decrease', '-c:v', 'bmp', '-f', 'image2pipe', '-'],
    ]);
    // behind the last frame of a picture that ends before its sound
    if (picture.length === 0) continue;
    const pixels = await decodeBmp(picture);
    const { width = 0, height = 0 } = streams[0];
    turned = width > height !== pixels.width > pixels.height;
    frames.push(await lookAt(pixels));
  }
  if (frames.length === 0) throw new PipelineError('MEDIA_CORRUPT', 'no frame could be decoded');
  const { width = 0, height = 0 } = streams[0];
  return { frames, width: turned ? height : width, height: turned ? width : height, durationMs: Math.round(seconds * 1000) };
}

/** Windows bitmaps as ffmpeg writes them (24 bits, bottom row first): libvips' prebuilt library does not read them, and PNG would be deflated for nothing. */
async function decodeBmp(bytes: Buffer): Promise<Parameters<typeof lookAt>[0]> {
  if (bytes.length < 54 || bytes.toString('latin1', 0, 2) !== 'BM' || bytes.readUInt16LE(28) !== 24) return decodeSmall(bytes);
  const start = bytes.readUInt32LE(10);
  const width = bytes.readInt32LE(18);
  const height = Math.abs(bytes.readInt32LE(22));
  const bottomUp = bytes.readInt32LE(22) > 0;
  const stride = Math.ceil((width * 3) / 4) * 4;
  if (width <= 0 || start + stride * height > bytes.length) throw new PipelineError('MEDIA_CORRUPT', 'a frame is cut off');
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = start + (bottomUp ? height - 1 - y : y) * stride;
    for (let x = 0; x < width; x++) {
      data[(y * width + x) * 3] = bytes[row + x * 3 + 2] ?? 0;
      data[(y * width + x) * 3 + 1] = bytes[row + x * 3 + 1] ?? 0;
      data[(y * width + x) * 3 + 2] = bytes[row + x * 3] ?? 0;
    }
  }
  return { data, width, height, channels: 3 };
}
