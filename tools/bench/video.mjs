// Videos at equal measured quality against what people would type instead, what gets lost by that, and what the search costs.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import { root } from './pipeline.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const corpus = path.resolve(root, '../shared/corpus');
const round = (value, digits = 3) => Number(value.toFixed(digits));
const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const nothing = () => undefined;

/** Drawn pictures: calm, with a sensor's noise, in slow motion, upright; each as a phone would have coded it. */
const drawn = {
  'calm.mov': ['testsrc2=s=640x360:r=30:d=6', ['-crf', '14']],
  'grain.mp4': ['mandelbrot=s=640x360:r=30:end_scale=0.05,noise=alls=4:allf=t', ['-crf', '17', '-t', '6']],
  'ramp.mov': ["testsrc2=s=480x270:r=60:d=4,noise=alls=2:allf=t,settb=1/2400,setpts='if(lt(N,60),N*80,4800+(N-60)*10)'", ['-crf', '14', '-fps_mode', 'passthrough', '-enc_time_base', '1:2400', '-video_track_timescale', '2400']],
};

async function sources(place) {
  const files = [];
  for (const name of (await readdir(corpus).catch(() => [])).filter((file) => /\.(mov|mp4)$/i.test(file))) {
    await copyFile(path.join(corpus, name), path.join(place, name));
    files.push(path.join(place, name));
  }
  for (const [name, [picture, options]] of Object.entries(drawn)) {
    const file = path.join(place, name);
    const date = ['-metadata', 'creation_time=2021-05-03T12:03:01Z', '-metadata', 'location=+48.2000+016.3700/', '-movflags', '+faststart'];
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=d=6', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '30', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', ...options, ...date, file]);
    files.push(file);
  }
  return files;
}

/** How many of the source's tags a file lacks or says otherwise (but for those that describe the coding and its bit rate), and how many frames it shows at another time. */
async function losses(exiftool, source, result) {
  const read = async (file) => Object.entries(await exiftool.readRaw(file, { readArgs: ['-G1', '-n', '-a', '-ee', '-api', 'QuickTimeUTC=0'] })).filter(([name, value]) => /^(Keys|ItemList|UserData|XMP-\w+|Track\d+):|^QuickTime:(CreateDate|ModifyDate)$/.test(name) && !/(Duration|MediaDataOffset|CompressorID|CompressorName|Encoder|VendorID|BitDepth|ImageWidth|ImageHeight|BufferSize|MaxBitrate|AverageBitrate)$/.test(name) && !`${value}`.startsWith('0000:'));
  const [before, after] = [await read(source), new Map(await read(result))];
  const times = async (file) => (await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file])).stdout.trim().split('\n').map(Number).toSorted((a, b) => a - b);
  const [old, fresh] = [await times(source), await times(result)];
  const moved = old.filter((time, index) => Math.abs((fresh[index] ?? -1) - time) > 0.0005).length + Math.max(0, fresh.length - old.length);
  return { frames: fresh.length, promised: old.length, tags: before.filter(([name, value]) => JSON.stringify(after.get(name)) !== JSON.stringify(value)).length, moved };
}

/** Default settings, then for each file the weakest strength that is no worse than `ffmpeg -c:v libx265 -crf 28` (preset medium, its default). */
export async function video(place, { preset = 'medium' } = {}) {
  await mkdir(place, { recursive: true });
  const { Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags, defaultFfmpegOptions } = require(path.join(root, 'dist/apps/compressor/src/adapters/video'));
  const { measureSimilarity } = require(path.join(root, 'dist/apps/compressor/src/adapters/video/similarity'));
  const { identify } = require(path.join(root, 'dist/libs/media/src'));
  const exiftool = new ExifTool({ maxProcs: 1 });
  const ffmpeg = new Ffmpeg(defaultFfmpegOptions);
  const [encoder, prover] = [new FfmpegVideoEncoder(ffmpeg), new FfmpegVideoProver(ffmpeg, new MovieTags(exiftool))];
  const { signal } = new globalThis.AbortController();
  const base = { qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: [], jpegQuality: null, videoCrf: null, videoEncoder: 'x265', videoPreset: preset, resizePercentage: 100, videoResolution: null, maxMegapixels: 300 };
  const ours = async (source, more) => {
    const job = { source, temporary: path.join(place, `.mp-bench-${path.basename(source)}.part`), type: await identify(source), settings: { ...base, ...more }, signal, onProgress: nothing };
    await rm(job.temporary, { force: true });
    const began = performance.now();
    const result = await encoder.encode(job);
    if (result.outcome === 'kept') return { code: result.code };
    const difference = await prover.prove(job);
    if (difference) return { code: `${difference.code}: ${difference.reason}` };
    return { path: job.temporary, bytes: (await stat(job.temporary)).size, findings: prover.findings(job), search: result.search, crf: result.settings.crf, ms: performance.now() - began };
  };
  const streamOf = async (file) => (await ffmpeg.probe(file, signal)).streams.find((stream) => stream.codec_type === 'video').index;
  const pictureBytes = async (file) => (await ffmpeg.packets(file, await streamOf(file), signal, { wholeMedia: true })).reduce((sum, { bytes }) => sum + bytes, 0);

  try {
    const defaults = { files: 0, made: 0, before: 0, after: 0, larger: 0, search: 0, all: 0, lines: [] };
    const against = { files: 0, compared: 0, won: 0, equal: 0, ratio: [], tags: 0, lossy: 0, moved: 0, larger: 0, failed: 0, ours: { tags: 0, moved: 0 }, lines: [] };
    const slower = [];
    for (const source of await sources(place)) {
      const name = path.basename(source);
      const { size } = await stat(source);
      const made = await ours(source, {});
      defaults.files++;
      defaults.before += size;
      defaults.after += made.bytes ?? size;
      defaults.lines.push(made.bytes ? `${name} ${round(made.bytes / size, 2)} at crf ${made.crf}, ${made.findings.quality.mean}` : `${name} ${made.code}`);
      if (made.bytes) {
        defaults.made++;
        if (made.bytes >= size) defaults.larger++;
        defaults.search += made.search.milliseconds;
        defaults.all += made.ms;
        const lost = await losses(exiftool, source, made.path);
        against.ours.tags += lost.tags;
        against.ours.moved += lost.moved;
      }
      against.files++;
      const theirs = path.join(place, `rival-${name}`);
      try {
        await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', source, '-c:v', 'libx265', '-crf', '28', '-x265-params', 'log-level=error', theirs]);
      } catch (error) {
        against.failed++;
        against.lines.push(`${name}: plain ffmpeg fails (${String(error.stderr ?? error).trim().split('\n').at(-1)})`);
        continue;
      }
      const lost = await losses(exiftool, source, theirs);
      against.tags += lost.tags;
      against.lossy += lost.tags > 0 ? 1 : 0;
      against.moved += lost.moved > 0 ? 1 : 0;
      against.larger += (await stat(theirs)).size >= size ? 1 : 0;
      const aligned = lost.moved === 0;
      if (lost.frames !== lost.promised) {
        // frame by frame there is nothing to compare with
        against.lines.push(`${name}: plain ffmpeg makes ${lost.frames} frames of ${lost.promised}, ${round((await stat(theirs)).size / size, 2)} of the size; ${lost.tags} tags lost`);
        continue;
      }
      against.compared++;
      const widthOf = async (file) => (await ffmpeg.probe(file, signal)).streams.find((stream) => stream.codec_type === 'video').width;
      // an upright video is turned in its pixels, which cannot be compared: for size and score alone it is made once more as it lies
      const comparable = (await widthOf(theirs)) === (await widthOf(source)) ? theirs : path.join(place, `lying-${name}`);
      if (comparable !== theirs) await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-noautorotate', '-i', source, '-map', '0:v:0', '-c:v', 'libx265', '-crf', '28', '-x265-params', 'log-level=error', comparable]);
      const theirBytes = await pictureBytes(comparable);
      const similarity = await measureSimilarity(ffmpeg, { source: { path: source, stream: await streamOf(source) }, result: { path: comparable, stream: await streamOf(comparable) }, wholeMedia: false, size: null, pixelFormat: 'yuv420p' }, signal);
      // the weakest crf that is no worse, tried downwards from a little beyond theirs
      const equalTo = async (videoPreset) => {
        let equal = { code: 'frames differ' };
        for (let crf = 30; crf >= 24; crf--) {
          equal = await ours(source, { videoCrf: crf, minSaving: -1, videoPreset });
          if (!equal.bytes || equal.findings.quality.mean >= similarity.luma.mean - 0.00005) break;
        }
        return equal.bytes ? { ...equal, ratio: (await pictureBytes(equal.path)) / theirBytes } : equal;
      };
      const slow = await equalTo('slow');
      if (slow.ratio !== undefined) slower.push({ name, ...slow });
      const equal = await equalTo(preset);
      if (!equal.bytes) {
        against.lines.push(`${name}: ${equal.code}`);
        continue;
      }
      const { ratio } = equal;
      against.ratio.push(ratio);
      if (ratio < 0.9995) against.won++;
      if (ratio <= 1.005) against.equal++;
      against.lines.push(`${name} ${round(ratio, 2)} at crf ${equal.crf}, ${equal.findings.quality.mean}/${round(similarity.luma.mean, 5)}${lost.tags > 0 ? `, ${lost.tags} tags lost` : ''}${aligned ? '' : `, ${lost.moved} frames at other times`}`);
    }
    const median = against.ratio.toSorted((a, b) => a - b)[Math.floor(against.ratio.length / 2)] ?? 1;
    return [
      row('video: size left, default settings', round(defaults.after / defaults.before, 2), '×', undefined, undefined, `${defaults.made} of ${defaults.files} made smaller; ${defaults.lines.join('; ')}`),
      row('video: larger than the original', defaults.larger, 'files', '0', defaults.larger === 0),
      row('video: tags lost or changed; frames at other times', against.ours.tags + against.ours.moved, 'in all', '0', against.ours.tags + against.ours.moved === 0),
      row('video: search', defaults.all > 0 ? round((100 * defaults.search) / defaults.all, 0) : 0, '% of time', undefined, undefined, `${round(defaults.search / 1000, 1)} s of ${round(defaults.all / 1000, 1)} s`),
      row('video: smaller at equal SSIM than ffmpeg -crf 28', round((100 * against.won) / Math.max(1, against.compared), 0), '% of files', '≥ 90', against.won / Math.max(1, against.compared) >= 0.9, `no larger: ${against.equal} of ${against.compared}; median size ${round(median, 2)} of the rival's picture data; ${against.lines.join('; ')}`),
      row('video: the same by VIDEO_PRESET=slow', round((100 * slower.filter(({ ratio }) => ratio < 0.9995).length) / Math.max(1, against.compared), 0), '% of files', '≥ 90', slower.filter(({ ratio }) => ratio < 0.9995).length / Math.max(1, against.compared) >= 0.9, slower.map(({ name, ratio, crf, findings }) => `${name} ${round(ratio, 2)} at crf ${crf}, ${findings.quality.mean}`).join('; ')),
      row('video: ffmpeg -crf 28, tags lost or changed', against.tags, 'tags', undefined, undefined, `in ${against.lossy} of ${against.files} files; frames at other times in ${against.moved}; larger than the original ${against.larger}; fails on ${against.failed}`),
    ];
  } finally {
    await exiftool.end();
  }
}
