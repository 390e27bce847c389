// What the pipeline does around x265, for videos and HEIC at a fixed crf: against the very same calls of ffmpeg, typed by hand.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import { root } from './pipeline.mjs';
import { fullHdClip, videoClips } from './video-clips.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const corpus = path.resolve(root, '../shared/corpus');
const ticksPerSecond = 100;
const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });
const nothing = () => undefined;
const settings = { qualityScore: 0.9965, minSaving: -1, graft: { jpeg: true, heic: true, video: true }, keep: [], jpegQuality: 85, videoCrf: 26, videoEncoder: 'x265', videoPreset: 'medium', resizePercentage: 100, videoResolution: null, maxMegapixels: 300 };

/** Seconds of processor time of this process, of the children that it has waited for, and of those that still run (`pids`). */
async function processorSeconds(pids) {
  const fields = async (pid) => (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ').map(Number);
  const own = await fields('self');
  const running = await Promise.all(pids.map((pid) => fields(pid).catch(() => [])));
  return [own.slice(11, 15), ...running.map((each) => each.slice(11, 13))].flat().reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
}

/** The adapter's own encode and proof, then the longest call of ffmpeg that it made, alone, and the decoding of its result. */
export async function x265(place) {
  await mkdir(place, { recursive: true });
  const { Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags, defaultFfmpegOptions } = require(path.join(root, 'dist/apps/compressor/src/adapters/video'));
  const { ImageCodecs, CodecImageEncoder, CodecImageProver } = require(path.join(root, 'dist/apps/compressor/src/adapters/image'));
  const { identify } = require(path.join(root, 'dist/libs/media/src'));
  const exiftool = new ExifTool({ maxProcs: 1 });
  const scratch = path.join(place, 'bare');
  await mkdir(scratch);
  let encoding = null;
  /** Notes how x265 was called, and keeps its input, which is gone afterwards. */
  class NotingFfmpeg extends Ffmpeg {
    async run(arguments_, watch) {
      if (arguments_.includes('libx265') && !arguments_.includes('lavfi')) {
        const at = arguments_.indexOf('-i') + 1;
        const input = path.join(scratch, `input${path.extname(arguments_[at])}`);
        await copyFile(arguments_[at], input);
        encoding = arguments_.toSpliced(at, 1, input).with(-1, path.join(scratch, 'output'));
      }
      return super.run(arguments_, watch);
    }
  }
  const ffmpeg = new NotingFfmpeg(defaultFfmpegOptions);
  const codecs = new ImageCodecs(ffmpeg, exiftool);
  const adapters = { video: [new FfmpegVideoEncoder(ffmpeg), new FfmpegVideoProver(ffmpeg, new MovieTags(exiftool))], heic: [new CodecImageEncoder(codecs), new CodecImageProver(codecs)] };
  const timed = async (work) => {
    const [processor, wall] = [await processorSeconds(exiftool.pids), performance.now()];
    await work();
    return { processor: (await processorSeconds(exiftool.pids)) - processor, wall: (performance.now() - wall) / 1000 };
  };
  const heic = (await readdir(corpus).catch(() => [])).filter((name) => /\.heic$/i.test(name)).map((name) => path.join(corpus, name));
  try {
    await exiftool.version();
    const rows = [];
    const kinds = [['heic', adapters.heic, heic], ['video, 1080p', adapters.video, [await fullHdClip(place)]], ['video, short and small', adapters.video, await videoClips(place)]];
    for (const [kind, [encoder, prover], sources] of kinds) {
      const total = { bare: { processor: 0, wall: 0 }, ours: { processor: 0, wall: 0 }, files: 0, lines: [] };
      for (const source of sources) {
        const job = { source, temporary: path.join(place, `.mp-bench-${path.basename(source)}.part`), type: await identify(source), settings, signal: new globalThis.AbortController().signal, onProgress: nothing };
        let outcome;
        encoding = null;
        const ours = await timed(async () => {
          outcome = await encoder.encode(job);
          if (outcome.outcome === 'encoded') outcome = (await prover.prove(job)) ?? outcome;
        });
        await rm(job.temporary, { force: true });
        if (outcome.outcome !== 'encoded' || encoding === null) {
          total.lines.push(`${path.basename(source)}: ${outcome.code}`);
          continue;
        }
        const bare = await timed(async () => {
          await run('nice', ['-n', '10', 'ffmpeg', '-nostdin', ...encoding]);
          await run('ffmpeg', ['-v', 'error', '-threads', '1', '-i', encoding.at(-1), '-f', 'null', '-']);
        });
        total.files++;
        for (const key of ['processor', 'wall']) {
          total.bare[key] += bare[key];
          total.ours[key] += ours[key];
        }
        total.lines.push(`${path.basename(source)} ${(bare.processor / ours.processor).toFixed(2)}`);
      }
      if (total.files === 0) continue;
      const ratio = total.bare.processor / total.ours.processor;
      const note = `${total.files} files; ${total.bare.processor.toFixed(1)} and ${total.ours.processor.toFixed(1)} s; by the clock ${(total.bare.wall / total.ours.wall).toFixed(2)}; ${total.lines.join(', ')}`;
      rows.push(row(`${kind}: bare x265 call and decoding ÷ adapter, processor time`, Number(ratio.toFixed(2)), '×', kind === 'heic' ? '≥ 0.95' : undefined, ratio >= 0.95, note));
    }
    return rows;
  } finally {
    await exiftool.end();
  }
}
