// Size at equal measured quality on real camera files, against what people would type instead. The files are not part of the project.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import { root } from './pipeline.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const corpus = path.resolve(root, '../shared/corpus');

/** Neither Debian's name for it nor what else may be called `convert` is certain. */
async function imageMagick() {
  for (const name of ['magick', 'convert-im6.q16', 'convert']) {
    const { stdout } = await run(name, ['-version']).catch(() => ({ stdout: '' }));
    if (stdout.startsWith('Version: ImageMagick')) return name;
  }
  return null;
}

/** A second opinion that had no part in the search: SSIMULACRA 1 (Debian's libjxl-devtools), lower is better. */
async function ssimulacra(place, a, b) {
  const names = await Promise.all([a, b].map(async (bytes, index) => {
    const name = path.join(place, `referee-${index}.png`);
    await sharp(bytes, { ignoreIcc: true }).toColourspace('srgb').png({ compressionLevel: 1 }).toFile(name);
    return name;
  }));
  const { stdout } = await run('ssimulacra_main', names).catch(() => ({ stdout: '' }));
  return stdout === '' ? null : Number(stdout);
}

const settings = () => ({
  ...{ jpegQuality: null, qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: [], videoCrf: 26, videoPreset: 'medium' },
  ...{ resizePercentage: 100, videoResolution: null, maxMegapixels: 300 },
});

const round = (value, digits = 3) => Number(value.toFixed(digits));
const row = (what, value, unit, target, met, note) => ({ what, value, unit, ...(target === undefined ? {} : { target, met }), ...(note ? { note } : {}) });

/** Every JPEG and HEIC of the corpus: by default settings, and for JPEG at the score that each rival reaches. */
export async function compression(place, { heic = true } = {}) {
  const names = (await readdir(corpus).catch(() => [])).filter((name) => (heic ? /\.(jpe?g|heic)$/i : /\.jpe?g$/i).test(name)).toSorted();
  if (names.length === 0) return [row('compression: skipped', 0, 'files', undefined, undefined, `no pictures in ${corpus}`)];
  const { ImageCodecs, CodecImageEncoder, CodecImageProver } = require(path.join(root, 'dist/apps/compressor/src/adapters/image'));
  const { Ffmpeg, defaultFfmpegOptions } = require(path.join(root, 'dist/apps/compressor/src/adapters/video'));
  const { assemblePlanes, chromaSteps, chromaSubsampling, identify, lumaOf, parseJpeg, planesOf, similarityOf, spliceJpeg, withStoredColours } = require(path.join(root, 'dist/libs/media/src'));
  const { chromaLeeway, chromaQualityFor, codeJpeg, codePlanes } = require(path.join(root, 'dist/apps/compressor/src/adapters/image/picture-coding'));
  const exiftool = new ExifTool({ maxProcs: 1 });
  const codecs = new ImageCodecs(new Ffmpeg(defaultFfmpegOptions), exiftool);
  const [encoder, prover] = [new CodecImageEncoder(codecs), new CodecImageProver(codecs)];

  const jobFor = async (source) => ({ source, temporary: path.join(place, `.mp-bench-${path.basename(source)}.part`), type: await identify(source), settings: settings(), signal: new globalThis.AbortController().signal, onProgress: () => undefined });
  const ours = async (source) => {
    const job = await jobFor(source);
    const began = performance.now();
    const result = await encoder.encode(job);
    if (result.outcome === 'kept') return { code: result.code };
    const difference = await prover.prove(job);
    if (difference) return { code: difference.code };
    return { bytes: await readFile(job.temporary), findings: prover.findings(job), search: result.search, ms: performance.now() - began };
  };
  const pixels = async (bytes) => {
    const { data, info } = await sharp(bytes, { ignoreIcc: true }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    return { data, channels: info.channels, width: info.width, height: info.height };
  };
  const luma = async (bytes) => {
    const { data, channels, ...size } = await pixels(bytes);
    return { data: lumaOf(data, channels), ...size };
  };
  const first = (bytes) => bytes.subarray(0, parseJpeg(bytes).end);
  /** What a decoder needs: rivals that throw metadata away shall not count as smaller for it. */
  const pictureBytes = (bytes) => {
    const { segments, scanStart, end } = parseJpeg(bytes);
    return end - scanStart + segments.filter(({ marker }) => marker < 0xe0 || marker > 0xef).reduce((sum, segment) => sum + segment.end - segment.start, 0);
  };
  /** The pipeline's own coding of a picture, for any table and quality. */
  const coder = async (bytes) => {
    const structure = parseJpeg(bytes);
    const chroma = chromaSubsampling(structure.frame);
    if (!['4:2:2', '4:4:0', '4:1:1'].includes(chroma)) {
      const raw = await pixels(first(bytes));
      return (table, quality) => codeJpeg(raw, quality, table, chroma === '4:2:0' ? chroma : '4:4:4');
    }
    const [stored, steps] = [await pixels(withStoredColours(bytes, structure)), chromaSteps(structure.frame)];
    const planes = { steps, planes: planesOf(stored, steps, 'libjpeg') };
    const leeway = await chromaLeeway(planes, { steps, planes: planesOf(stored, steps, 'otherwise') });
    return async (table, quality) => assemblePlanes(await codePlanes(planes, quality, table, chromaQualityFor(quality, table, leeway)), steps);
  };
  const lostTags = async (source, bytes) => {
    const copy = path.join(place, 'rival.jpg');
    await writeFile(copy, bytes);
    const read = async (file) => Object.entries(await exiftool.readRaw(file, { readArgs: ['-G1', '-n', '-a', '-struct', '-u'] })).filter(([name]) => !/^(SourceFile|errors|warnings)$|^(File|System|Composite|ExifTool|JFIF|MPF\d?)(:|$)|Thumbnail|Preview/.test(name));
    const [before, after] = [await read(source), new Map(await read(copy))];
    return before.filter(([name, value]) => JSON.stringify(after.get(name)) !== JSON.stringify(value)).length;
  };

  const rivals = { 'sharp q85': (source) => sharp(source).jpeg({ quality: 85 }).toBuffer() };
  const magick = await imageMagick();
  if (magick) {
    rivals['ImageMagick q85'] = async (source) => {
      const output = path.join(place, 'magick.jpg');
      await run(magick, [source, '-quality', '85', output]);
      return readFile(output);
    };
  }
  sharp.cache(false);
  const rows = [];
  try {
    await mkdir(place, { recursive: true });
    const table = { files: 0, made: 0, before: 0, after: 0, larger: 0, search: [], lines: [] };
    const against = Object.fromEntries(Object.keys(rivals).map((name) => [name, { files: 0, won: 0, refereed: 0, ratio: [], lost: 0, larger: 0, lines: [] }]));
    for (const name of names) {
      const source = path.join(place, name);
      await copyFile(path.join(corpus, name), source);
      const bytes = await readFile(source);
      const made = await ours(source);
      table.files++;
      table.before += bytes.length;
      table.after += made.bytes?.length ?? bytes.length;
      if (made.bytes) {
        table.made++;
        if (made.bytes.length >= bytes.length) table.larger++;
        if (made.search) table.search.push(made.search.milliseconds);
      }
      table.lines.push(made.bytes ? `${name} ${round(made.bytes.length / bytes.length, 2)} at ${made.findings.quality.mean}` : `${name} ${made.code}`);
      if (!/\.jpe?g$/i.test(name)) continue;
      const original = await luma(first(bytes));
      const code = await coder(bytes);
      const known = new Map();
      const codedBy = async (table, quality) => {
        const key = `${table} ${quality}`;
        if (!known.has(key)) {
          const encoded = await code(table, quality);
          known.set(key, { table, quality, bytes: pictureBytes(encoded), score: similarityOf(original, await luma(encoded)).mean });
        }
        return known.get(key);
      };
      /** The weakest quality of a table whose whole picture is no worse: halving, for the comparison must not hang on the search. */
      const weakest = async (table, score) => {
        let [low, high] = [39, 96];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if ((await codedBy(table, middle)).score >= score) high = middle;
          else low = middle;
        }
        return high > 95 ? null : codedBy(table, high);
      };
      const best = async (score) => {
        const all = [await weakest('psnr-hvs-m', score), await weakest('annex-k', score)].filter((each) => each !== null);
        return all.toSorted((x, y) => x.bytes - y.bytes)[0] ?? null;
      };
      /** Put into the file and proven, as the pipeline does; the original where it takes no more. */
      const equalTo = async (score) => {
        const found = await best(score);
        if (!found || found.bytes >= pictureBytes(bytes)) return { bytes, how: 'the original', mean: 1 };
        const job = await jobFor(source);
        const result = spliceJpeg(bytes, await code(found.table, found.quality));
        await writeFile(job.temporary, result);
        const difference = await prover.prove(job);
        await rm(job.temporary);
        return difference ? { code: difference.code } : { bytes: result, how: `${found.table} ${found.quality}`, mean: found.score };
      };
      for (const [rival, make] of Object.entries(rivals)) {
        const theirs = await make(source);
        const upright = await luma(first(theirs));
        const score = similarityOf(original, upright).mean;
        const counts = against[rival];
        counts.lost += (await lostTags(source, theirs)) > 0 ? 1 : 0;
        counts.larger += theirs.length >= bytes.length ? 1 : 0;
        const equal = await equalTo(score);
        counts.files++;
        if (!equal.bytes) {
          counts.lines.push(`${name}: ${equal.code} at ${round(score, 5)}`);
          continue;
        }
        const ratio = pictureBytes(equal.bytes) / pictureBytes(theirs);
        const [a, b] = [await ssimulacra(place, first(bytes), first(equal.bytes)), await ssimulacra(place, first(bytes), first(theirs))];
        counts.ratio.push(ratio);
        // an original that is no larger than the rival's file is kept as it is, with a score of 1
        const won = equal.how === 'the original' ? ratio <= 1 : ratio < 1;
        if (won) counts.won++;
        if (a !== null && b !== null && won && a <= b) counts.refereed++;
        counts.lines.push(`${name} ${round(ratio, 3)} at ${round(equal.mean, 5)}/${round(score, 5)} by ${equal.how}${a === null || b === null ? '' : `, SSIMULACRA ${round(a, 4)}/${round(b, 4)}`}`);
      }
    }
    rows.push(row('compression: size left, default settings', round(table.after / table.before, 2), '×', undefined, undefined, `${table.made} of ${table.files} files made smaller; ${table.lines.join('; ')}`));
    rows.push(row('compression: larger than the original', table.larger, 'files', '0', table.larger === 0, 'and no metadata differs in any: else it would have been kept'));
    const search = table.search.toSorted((a, b) => a - b);
    rows.push(row('compression: search, median', search[Math.floor(search.length / 2)] ?? 0, 'ms/file', undefined, undefined, `JPEG and HEIC: ${search.join(', ')}`));
    for (const [rival, { files, won, refereed, ratio, lost, larger, lines }] of Object.entries(against)) {
      const median = ratio.toSorted((a, b) => a - b)[Math.floor(ratio.length / 2)] ?? 1;
      rows.push(row(`compression: smaller at equal score than ${rival}`, round((100 * won) / files, 0), '% of files', '≥ 90', won / files >= 0.9, `median size ${round(median, 2)} of the rival's picture data; by the referee, too: ${refereed} of ${files}; ${lines.join('; ')}`));
      rows.push(row(`compression: ${rival}, files with lost or changed tags`, lost, `of ${files}`, undefined, undefined, `${larger} larger than the original`));
    }
    return rows;
  } finally {
    await codecs.onModuleDestroy();
    await exiftool.end();
  }
}
