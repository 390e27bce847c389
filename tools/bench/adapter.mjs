// CPU time of the compressor's JPEG adapter against bare sharp calls of the same settings, in turns in one process.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import { photos } from './pictures.mjs';
import { root } from './pipeline.mjs';

const require = createRequire(import.meta.url);
const quality = 85;
const strict = { failOn: 'warning', ignoreIcc: true, sequentialRead: true };

/** What is compared, each with the number of bytes it wrote: all read the file and write the result. */
function ways(place) {
  const { ImageCodecs, CodecImageEncoder, CodecImageProver } = require(path.join(root, 'dist/apps/compressor/src/adapters/image'));
  const { Ffmpeg, defaultFfmpegOptions } = require(path.join(root, 'dist/apps/compressor/src/adapters/video'));
  const { identify } = require(path.join(root, 'dist/libs/media/src'));
  const exiftool = new ExifTool({ maxProcs: 1 });
  const codecs = new ImageCodecs(new Ffmpeg(defaultFfmpegOptions), exiftool);
  const [encoder, prover] = [new CodecImageEncoder(codecs), new CodecImageProver(codecs)];
  const settings = {
    ...{ jpegQuality: quality, qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: [], videoCrf: 26, videoPreset: 'medium' },
    ...{ resizePercentage: 100, videoResolution: null, maxMegapixels: 300 },
  };
  return {
    /** Decode, encode, decode the result. */
    bare: async (source) => {
      const { data, info } = await sharp(await readFile(source), strict).raw().toBuffer({ resolveWithObject: true });
      const result = await sharp(data, { raw: info }).jpeg({ quality, mozjpeg: true }).toBuffer();
      await writeFile(path.join(place, 'bare.jpg'), result);
      await sharp(result, strict).raw().toBuffer();
    },
    encoding: async (source) => writeFile(path.join(place, 'encoded.jpg'), await sharp(await readFile(source), strict).jpeg({ quality, mozjpeg: true }).toBuffer()),
    /** As the compressor's service calls it. */
    adapter: async (source) => {
      const job = { source, temporary: path.join(place, '.mp-bench.part'), type: await identify(source), settings, signal: new globalThis.AbortController().signal, onProgress: () => undefined };
      const result = await encoder.encode(job);
      if (result.outcome === 'kept') throw new Error(`${source} was kept: ${result.code}`);
      const failed = await prover.prove(job);
      if (failed) throw new Error(`${source}: ${failed.reason}`);
    },
    close: async () => {
      await codecs.onModuleDestroy();
      await exiftool.end();
    },
  };
}

/** Of all threads of this process, in milliseconds. */
async function cpuOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const round = (value, digits = 2) => Number(value.toFixed(digits));

/** Fixed quality, encoding and proof, one picture at a time; each way has all of them in a row, so that it pays for its own garbage. */
export async function adapter(place, { count = 10, turns = 5 } = {}) {
  const source = path.join(place, 'photos');
  await photos(source, { count, width: 2400, height: 1800 });
  const files = (await readdir(source)).toSorted().map((name) => path.join(source, name));
  sharp.concurrency(1);
  sharp.cache(false);
  const { close, ...compared } = ways(place);
  const measured = [];
  try {
    // the first turn warms up: compilers, threads, the sizes that malloc has got used to
    for (let turn = 0; turn <= turns; turn++) {
      const order = Object.entries(compared);
      if (turn % 2 === 1) order.reverse();
      const spent = {};
      for (const [name, way] of order) {
        spent[name] = (await cpuOf(async () => {
          for (const file of files) await way(file);
        })) / count;
      }
      if (turn > 0) measured.push(spent);
    }
  } finally {
    await close();
  }
  const ratio = (name) => median(measured.map((spent) => spent[name] / spent.adapter));
  const note = `${count} JPEGs of 4.3 MP, bare calls and adapter: ${measured.map((spent) => `${round(spent.bare, 0)} and ${round(spent.adapter, 0)} ms`).join('; ')}`;
  const row = { what: 'adapter: CPU time, same sharp calls ÷ adapter', value: round(ratio('bare')), unit: '×', target: '≥ 0.95', met: ratio('bare') >= 0.95, note };
  return [row, { what: 'adapter: CPU time, encoding alone ÷ adapter', value: round(ratio('encoding')), unit: '×', note: `encoding alone ${round(median(measured.map(({ encoding }) => encoding)), 0)} ms` }];
}
