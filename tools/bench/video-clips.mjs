// The videos that are measured: the corpus's own, drawn ones, and the corpus's photos set in motion.
import { execFile } from 'node:child_process';
import { access, copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from './pipeline.mjs';

const run = promisify(execFile);
const corpus = path.resolve(root, '../shared/corpus');
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '30', '-pix_fmt', 'yuv420p'];
const date = ['-metadata', 'creation_time=2021-05-03T12:03:01Z', '-metadata', 'location=+48.2000+016.3700/', '-movflags', '+faststart'];
const ffmpeg = (...args) => run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);

/** Drawn pictures: calm, with a sensor's noise, in slow motion; each as a phone would have coded it. */
const drawn = {
  'calm.mov': ['testsrc2=s=640x360:r=30:d=6', ['-crf', '14']],
  'grain.mp4': ['mandelbrot=s=640x360:r=30:end_scale=0.05,noise=alls=4:allf=t', ['-crf', '17', '-t', '6']],
  'ramp.mov': ["testsrc2=s=480x270:r=60:d=4,noise=alls=2:allf=t,settb=1/2400,setpts='if(lt(N,60),N*80,4800+(N-60)*10)'", ['-crf', '14', '-fps_mode', 'passthrough', '-enc_time_base', '1:2400', '-video_track_timescale', '2400']],
};

const noise = (luma) => `noise=c0s=${luma}:c0f=t:c1s=${Math.floor(luma / 2)}:c1f=t:c2s=${Math.floor(luma / 2)}:c2f=t`;
/** A hand that pans: the crop wanders over the photo and shakes a little. */
const pan = (seconds, luma) => `scale=2200:-2:flags=lanczos,crop=960:540:x='(iw-ow)*(0.2+0.45*t/${seconds})+9*sin(2.1*t)+4*sin(7.3*t)':y='(ih-oh)*0.5+7*sin(1.7*t)+3*sin(9.1*t)',${noise(luma)}`;
const zoom = (luma) => `scale=1920:-2,scale=w='2*trunc(iw*(0.62+0.10*t)/2)':h=-2:eval=frame:flags=bicubic,crop=960:540,${noise(luma)}`;

/** Real photos with a made-up movement and noise that is drawn anew for each frame: by day, by night at high ISO, and two scenes with a hard cut. */
const moved = {
  'pan.mp4': { seconds: 3, crf: 18, scenes: [['iphone-hdr.jpg', pan(3, 3)]] },
  'night.mp4': { seconds: 3, crf: 20, scenes: [['nexus4.jpg', pan(3, 6)]] },
  'cut.mp4': { seconds: 2, crf: 18, scenes: [['iphone6.jpg', zoom(3)], ['leica-t.jpg', pan(2, 4)]] },
};

async function setInMotion(place, name, { seconds, crf, scenes }) {
  const parts = scenes.map((_, index) => path.join(place, `scene-${index}.mp4`));
  for (const [index, [photo, filters]] of scenes.entries()) await ffmpeg('-loop', '1', '-framerate', '30', '-t', String(seconds), '-i', path.join(corpus, photo), '-vf', filters, ...h264, '-crf', '4', parts[index]);
  const list = path.join(place, 'scenes.txt');
  await writeFile(list, parts.map((part) => `file '${path.basename(part)}'\n`).join(''));
  await ffmpeg('-f', 'concat', '-i', list, ...h264, '-crf', String(crf), ...date, path.join(place, name));
  for (const file of [...parts, list]) await rm(file);
}

/** 150 frames of 1080p with a sensor's noise, drawn. */
export async function fullHdClip(place) {
  const clip = path.join(place, 'full-hd.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'mandelbrot=s=1920x1080:r=30:end_scale=0.05,noise=alls=4:allf=t', '-t', '5', ...h264, '-crf', '17', ...date, clip);
  return clip;
}

/** @returns their paths; without the corpus the drawn ones alone */
export async function videoClips(place) {
  const files = [];
  for (const name of (await readdir(corpus).catch(() => [])).filter((file) => /\.(mov|mp4)$/i.test(file))) {
    await copyFile(path.join(corpus, name), path.join(place, name));
    files.push(path.join(place, name));
  }
  for (const [name, [picture, options]] of Object.entries(drawn)) {
    await ffmpeg('-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=d=6', ...h264, '-c:a', 'aac', '-shortest', ...options, ...date, path.join(place, name));
    files.push(path.join(place, name));
  }
  for (const [name, clip] of Object.entries(moved)) {
    const here = await Promise.all(clip.scenes.map(([photo]) => access(path.join(corpus, photo)).then(() => true, () => false)));
    if (here.includes(false)) continue;
    await setInMotion(place, name, clip);
    files.push(path.join(place, name));
  }
  return files;
}
