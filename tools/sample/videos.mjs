import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { exiftool } from 'exiftool-vendored';
import { ffmpeg } from './programs.mjs';
import { scene } from './scene.mjs';

/** Frames cut from a larger scene that drifts past, with the grain of each frame its own. */
async function frames({ width, height, palette, seed, count, turn }) {
  const margin = count;
  const wide = await (await scene({ width: width + margin, height: height + margin, palette, seed, turn })).png({ compressionLevel: 0 }).toBuffer();
  return { wide, filter: `loop=loop=-1:size=1,crop=${width}:${height}:n:n/2,noise=alls=6:allf=t:all_seed=${seed}` };
}

/**
 * Makes one clip and writes it to `file`.
 * @param {{ file: string, width: number, height: number, palette: string, seed: number, seconds: number, codec: 'libx264' | 'libx265', quality: number,
 *   rotation?: 90 | 180 | 270, created: string, tags?: Record<string, string> }} clip `rotation` is what a player has to turn it by, clockwise;
 *   `created` in UTC as `2023:05:01 10:00:00`; `tags` are written by ExifTool
 */
export async function clip({ file, width, height, palette, seed, seconds, codec, quality, rotation, created, tags = {} }) {
  await mkdir(path.dirname(file), { recursive: true });
  const rate = 30;
  const { wide, filter } = await frames({ width, height, palette, seed, count: seconds * rate, turn: rotation });
  const encoder = codec === 'libx265' ? ['-tag:v', 'hvc1', '-x265-params', 'log-level=none:info=0:pools=1:frame-threads=1'] : ['-threads', '1', '-x264-params', 'threads=1'];
  await ffmpeg(
    ['-f', 'image2pipe', '-framerate', `${rate}`, '-c:v', 'png', '-i', '-', '-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=44100:duration=${seconds}`, '-t', `${seconds}`, '-vf', filter,
      '-c:v', codec, '-preset', 'veryfast', '-crf', `${quality}`, '-pix_fmt', 'yuv420p', ...encoder, '-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709',
      '-c:a', 'aac', '-b:a', '64k', '-ac', '1', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact', '-video_track_timescale', '600', file],
    wide,
  );
  const dates = Object.fromEntries(['CreateDate', 'ModifyDate', 'TrackCreateDate', 'TrackModifyDate', 'MediaCreateDate', 'MediaModifyDate'].map((name) => [`QuickTime:${name}`, created]));
  await exiftool.write(file, { ...dates, ...tags, ...(rotation && { Rotation: rotation }) }, { writeArgs: ['-overwrite_original', '-n'] });
}
