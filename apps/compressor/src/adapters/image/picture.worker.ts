/**
 * Runs in a thread of its own: decodes, searches, encodes and measures one picture after another, so that neither the arithmetic nor the
 * collection of picture buffers stands in the way of the stage. It keeps the last decoded source, which the measuring needs again.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import type { SimilarityModule } from '@media-pipeline/media';
import sharp from 'sharp';
import type { MeasureAnswer, EncodeAnswer, PictureRequest, EncodeRequest, MeasureRequest } from './picture-messages';

type SearchModule = typeof import('./quality-search');

sharp.concurrency(1);
sharp.cache(false);
/** As in pixels.ts: a warning is damage, the profile is not applied, the size was checked before. */
const strict = { failOn: 'warning', ignoreIcc: true, limitInputPixels: false, sequentialRead: true } as const;

const paths = workerData as { readonly similarity: string; readonly search: string };
const modules = Promise.all([import(paths.similarity) as Promise<SimilarityModule>, import(paths.search) as Promise<SearchModule>]);

interface Raw {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}
let last: { readonly raw: Raw; readonly luma: Uint8Array } | null = null;

async function decode(bytes: Uint8Array, grey: boolean, size?: { readonly width: number; readonly height: number }): Promise<Raw> {
  const image = sharp(bytes, strict).toColourspace(grey ? 'b-w' : 'srgb');
  const { data, info } = await (size ? image.resize(size.width, size.height, { fit: 'fill' }) : image).raw().toBuffer({ resolveWithObject: true });
  decoded += data.length;
  return { data, width: info.width, height: info.height, channels: info.channels };
}

const compress = ({ data, width, height, channels }: Raw, { format, chroma }: EncodeRequest, quality: number): Promise<Buffer> => {
  const image = sharp(data, { raw: { width, height, channels }, limitInputPixels: false }).toColourspace(channels < 3 ? 'b-w' : 'srgb');
  return (format === 'jpeg' ? image.jpeg({ quality, mozjpeg: true, chromaSubsampling: chroma }) : image.webp({ quality, alphaQuality: 100, effort: 4 })).toBuffer();
};

const tile = 192;
const tiles = 16;
/** Pictures up to this many pixels are their own sample. */
const wholeUpTo = 2 * tile * tile * tiles;

/** Tiles of the picture side by side: from the calmest to the liveliest in equal steps, so that they stand for all of it in score and size. */
function sampleOf(raw: Raw, luma: Uint8Array): Raw {
  const { width, height, channels } = raw;
  if (width * height <= wholeUpTo || width < 2 * tile || height < 2 * tile) return raw;
  const candidates: { x: number; y: number; activity: number }[] = [];
  for (let y = 0; y + tile <= height; y += tile) {
    for (let x = 0; x + tile <= width; x += tile) {
      let activity = 0;
      for (let row = y + 2; row < y + tile; row += 8) {
        for (let at = row * width + x, end = at + tile - 1; at < end; at += 2) activity += Math.abs((luma[at] ?? 0) - (luma[at + 1] ?? 0));
      }
      candidates.push({ x, y, activity });
    }
  }
  candidates.sort((a, b) => a.activity - b.activity);
  const data = Buffer.allocUnsafe(tile * tile * tiles * channels);
  for (let index = 0; index < tiles; index++) {
    const { x, y } = candidates[Math.min(candidates.length - 1, Math.floor(((index + 0.5) * candidates.length) / tiles))] ?? { x: 0, y: 0 };
    for (let row = 0; row < tile; row++) {
      const from = ((y + row) * width + x) * channels;
      raw.data.copy(data, (index * tile + row) * tile * channels, from, from + tile * channels);
    }
  }
  return { data, width: tile, height: tile * tiles, channels };
}

async function encode(request: EncodeRequest): Promise<EncodeAnswer> {
  const [{ lumaOf, similarityOf }, { searchStrength }] = await modules;
  if (!request.again) {
    last = null;
    const raw = await decode(request.bytes, request.grey, request.resize);
    last = { raw, luma: lumaOf(raw.data, raw.channels) };
  }
  if (!last) throw new Error('no picture was decoded before');
  const { raw, luma } = last;
  const { width, height } = raw;
  if (request.quality !== null) return { encoded: await compress(raw, request, request.quality), quality: request.quality, width, height, search: null };

  const began = performance.now();
  const sample = sampleOf(raw, luma);
  const samplePlane = { data: lumaOf(sample.data, sample.channels), width: sample.width, height: sample.height };
  const scale = (width * height) / (sample.width * sample.height) / request.fileBytes;
  const found = await searchStrength(request.space, request.target, async (quality) => {
    const trial = await compress(sample, request, quality);
    const { data, channels } = await decode(trial, request.grey);
    // so many bytes of every JPEG are tables and headers, which the picture has once
    const coded = Math.max(1, trial.length - request.overhead);
    return { score: similarityOf(samplePlane, { ...samplePlane, data: lumaOf(data, channels) }).mean, size: coded * scale + request.rest / request.fileBytes };
  });
  const search = { ...found, milliseconds: Math.round(performance.now() - began) };
  const hopeless = !found.reached || found.size * (1 - request.doubt) > 1 - request.minSaving;
  return { encoded: hopeless ? null : await compress(raw, request, found.chosen), quality: found.chosen, width, height, search };
}

const block = 32;

/** Of the means of squares of 32 pixels, four by four samples of each, channel by channel. */
function colourPsnr({ data: before, width, height, channels }: Raw, after: Uint8Array): number {
  if (channels < 3) return 99;
  let sum = 0;
  let count = 0;
  for (let top = 0; top + block <= height; top += block) {
    for (let left = 0; left + block <= width; left += block) {
      for (let channel = 0; channel < channels; channel++) {
        let difference = 0;
        for (let y = 0; y < block; y += 8) {
          for (let x = 0, at = ((top + y) * width + left) * channels + channel; x < 4; x++, at += 8 * channels) difference += (before[at] ?? 0) - (after[at] ?? 0);
        }
        sum += (difference / 16) ** 2;
        count++;
      }
    }
  }
  return sum === 0 ? 99 : Math.min(99, 10 * Math.log10((255 * 255 * count) / sum));
}

async function measure({ source, result, grey, resize }: MeasureRequest): Promise<MeasureAnswer> {
  const [{ lumaOf, similarityOf }] = await modules;
  if (source) {
    last = null;
    const raw = await decode(source, grey, resize);
    last = { raw, luma: lumaOf(raw.data, raw.channels) };
  }
  if (!last) throw new Error('no picture was decoded before');
  const { raw, luma } = last;
  const { data, width, height, channels } = await decode(result, grey);
  if (width !== raw.width || height !== raw.height || channels !== raw.channels) return { width, height, mean: 0, worst: 0, colour: 0 };
  return { width, height, colour: colourPsnr(raw, data), ...similarityOf({ data: luma, width, height }, { data: lumaOf(data, channels), width, height }) };
}

/**
 * Decoded pictures lie outside of the heap that V8 watches: left to itself it would keep several of them before it looks. This thread's own
 * heap is small, so that collecting it takes some milliseconds, once in so many decoded bytes.
 */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const decodedAtMost = 64 * 1024 * 1024;
let decoded = 0;

function forget(): null {
  last = null;
  if (decoded > decodedAtMost) {
    decoded = 0;
    collect();
  }
  return null;
}

parentPort?.on('message', (request: PictureRequest) => {
  const answer = request.task === 'encode' ? encode(request) : request.task === 'measure' ? measure(request) : Promise.resolve(forget());
  answer.then(
    (value) => parentPort?.postMessage({ value }),
    (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
});
