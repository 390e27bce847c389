// Videos at equal measured quality against what people would type instead, what gets lost by that, and what the search costs.
import { execFile } from 'node:child_process';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import { root } from './pipeline.mjs';
import { videoClips } from './video-clips.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const round = (value, digits = 3) => Number(value.toFixed(digits));
const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const nothing = () => undefined;

/** How many of the source's tags a file lacks or says otherwise (but for those that describe the coding and its bit rate), and how many frames it shows at another time. */
async function losses(exiftool, source, result) {
  const read = async (file) => Object.entries(await exiftool.readRaw(file, { readArgs: ['-G1', '-n', '-a', '-ee', '-api', 'QuickTimeUTC=0'] })).filter(([name, value]) => /^(Keys|ItemList|UserData|XMP-\w+|Track\d+):|^QuickTime:(CreateDate|ModifyDate)$/.test(name) && !/(Duration|MediaDataOffset|CompressorID|CompressorName|Encoder|VendorID|BitDepth|ImageWidth|ImageHeight|BufferSize|MaxBitrate|AverageBitrate)$/.test(name) && !`${value}`.startsWith('0000:'));
  const [before, after] = [await read(source), new Map(await read(result))];
  const times = async (file) => (await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file])).stdout.trim().split('\n').map(Number).toSorted((a, b) => a - b);
  const [old, fresh] = [await times(source), await times(result)];
  const moved = old.filter((time, index) => Math.abs((fresh[index] ?? -1) - time) > 0.0005).length + Math.max(0, fresh.length - old.length);
  return { frames: fresh.length, promised: old.length, tags: before.filter(([name, value]) => JSON.stringify(after.get(name)) !== JSON.stringify(value)).length, moved };
}

/** What a measure thinks that neither side chose anything by: visual information fidelity (Sheikh and Bovik), luma, mean of its four scales, of every ninth frame. */
async function fidelity(source, result) {
  const input = (file) => ['-noautorotate', '-i', file];
  const every = 'settb=1/1000,setpts=N,framestep=9';
  const { stderr } = await run('ffmpeg', ['-v', 'info', '-nostdin', ...input(result), ...input(source), '-lavfi', `[0:v]${every}[a];[1:v]${every}[b];[a][b]vif`, '-fps_mode', 'passthrough', '-f', 'null', '-']);
  const scales = [...stderr.matchAll(/VIF scale=\d average:([\d.]+)/g)].map(([, value]) => Number(value));
  return scales.reduce((sum, value) => sum + value, 0) / scales.length;
}

/** The weakest crf, to a tenth, whose score is no worse than `target`: by interpolation of ln(1 − score), which is nearly straight. */
async function weakest(target, attempt) {
  const distance = (score) => Math.log(Math.max(1e-6, 1 - score));
  let [pass, fail, crf] = [null, null, 28];
  for (let trial = 0; trial < 9; trial++) {
    const made = await attempt(crf);
    if (made.score === undefined) return pass ?? made;
    if (made.score >= target) pass = made;
    else fail = made;
    if (pass && fail && fail.crf - pass.crf < 0.15) break;
    const steps = (distance(target) - distance(made.score)) / 0.085;
    const between = pass && fail && pass.crf + ((fail.crf - pass.crf) * (distance(target) - distance(pass.score))) / (distance(fail.score) - distance(pass.score));
    const next = between ?? crf + (pass ? Math.max(0.2, steps) : Math.min(-0.2, steps - 0.1));
    crf = Math.round(10 * Math.min((fail?.crf ?? 52) - 0.1, Math.max((pass?.crf ?? 0) + 0.1, Math.floor(next * 10) / 10))) / 10;
  }
  return pass ?? { code: 'no crf is as good' };
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
    const against = { files: 0, compared: 0, won: 0, faithful: 0, ratio: [], tags: 0, lossy: 0, moved: 0, larger: 0, failed: 0, ours: { tags: 0, moved: 0 }, lines: [] };
    const slower = [];
    for (const source of await videoClips(place)) {
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
      const widthOf = async (file) => (await ffmpeg.probe(file, signal)).streams.find((stream) => stream.codec_type === 'video').width;
      // frame by frame and pixel by pixel there has to be something to compare with: where it makes other frames or turns an upright video
      // in its pixels, its size and score are those of one more that keeps both
      const comparable = lost.frames === lost.promised && (await widthOf(theirs)) === (await widthOf(source)) ? theirs : path.join(place, `comparable-${name}`);
      if (comparable !== theirs) await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-noautorotate', '-i', source, '-map', '0:v:0', '-c:v', 'libx265', '-crf', '28', '-x265-params', 'log-level=error', '-fps_mode', 'passthrough', comparable]);
      if (lost.frames !== lost.promised) against.lines.push(`${name}: plain ffmpeg makes ${lost.frames} frames of ${lost.promised}, ${round((await stat(theirs)).size / size, 2)} of the size; compared with -fps_mode passthrough`);
      against.compared++;
      const theirBytes = await pictureBytes(comparable);
      const similarity = await measureSimilarity(ffmpeg, { source: { path: source, stream: await streamOf(source) }, result: { path: comparable, stream: await streamOf(comparable) }, wholeMedia: false, size: null, pixelFormat: 'yuv420p' }, signal);
      const equalTo = async (videoPreset) => {
        const target = round(similarity.luma.mean, 5);
        const equal = await weakest(target, async (crf) => {
          const result = await ours(source, { videoCrf: crf, minSaving: -1, videoPreset });
          if (!result.bytes) return { ...result, crf };
          const file = path.join(place, `equal-${crf}-${name}`);
          await rename(result.path, file);
          return { ...result, crf, path: file, score: result.findings.quality.mean };
        });
        return equal.bytes ? { ...equal, ratio: (await pictureBytes(equal.path)) / theirBytes, fidelity: await fidelity(source, equal.path) } : equal;
      };
      const theirFidelity = await fidelity(source, comparable);
      const slow = await equalTo('slow');
      if (slow.ratio !== undefined) slower.push({ name, ...slow, theirFidelity });
      const equal = await equalTo(preset);
      if (!equal.bytes) {
        against.lines.push(`${name}: ${equal.code}`);
        continue;
      }
      const { ratio } = equal;
      against.ratio.push(ratio);
      if (ratio < 0.9995) against.won++;
      if (equal.fidelity >= theirFidelity) against.faithful++;
      against.lines.push(`${name} ${round(ratio)} at crf ${equal.crf}, SSIM ${equal.score}/${round(similarity.luma.mean, 5)}, VIF ${round(equal.fidelity, 4)}/${round(theirFidelity, 4)}${lost.tags > 0 ? `, ${lost.tags} tags lost` : ''}${aligned ? '' : `, ${lost.moved} frames at other times`}`);
    }
    const median = against.ratio.toSorted((a, b) => a - b)[Math.floor(against.ratio.length / 2)] ?? 1;
    return [
      row('video: size left, default settings', round(defaults.after / defaults.before, 2), '×', undefined, undefined, `${defaults.made} of ${defaults.files} made smaller; ${defaults.lines.join('; ')}`),
      row('video: larger than the original', defaults.larger, 'files', '0', defaults.larger === 0),
      row('video: tags lost or changed; frames at other times', against.ours.tags + against.ours.moved, 'in all', '0', against.ours.tags + against.ours.moved === 0),
      row('video: search', defaults.all > 0 ? round((100 * defaults.search) / defaults.all, 0) : 0, '% of time', undefined, undefined, `${round(defaults.search / 1000, 1)} s of ${round(defaults.all / 1000, 1)} s`),
      row('video: smaller at equal SSIM than ffmpeg -crf 28', round((100 * against.won) / Math.max(1, against.compared), 0), '% of files', '≥ 90', against.won / Math.max(1, against.compared) >= 0.9, `median size ${round(median)} of the rival's picture data; the second measure (VIF) no worse in ${against.faithful} of ${against.compared}; ${against.lines.join('; ')}`),
      row('video: the same by VIDEO_PRESET=slow', round((100 * slower.filter(({ ratio }) => ratio < 0.9995).length) / Math.max(1, against.compared), 0), '% of files', '≥ 90', slower.filter(({ ratio }) => ratio < 0.9995).length / Math.max(1, against.compared) >= 0.9, slower.map(({ name, ratio, crf, score, fidelity: ourFidelity, theirFidelity }) => `${name} ${round(ratio)} at crf ${crf}, SSIM ${score}, VIF ${round(ourFidelity, 4)}/${round(theirFidelity, 4)}`).join('; ')),
      row('video: ffmpeg -crf 28, tags lost or changed', against.tags, 'tags', undefined, undefined, `in ${against.lossy} of ${against.files} files; frames at other times in ${against.moved}; larger than the original ${against.larger}; fails on ${against.failed}`),
    ];
  } finally {
    await exiftool.end();
  }
}
