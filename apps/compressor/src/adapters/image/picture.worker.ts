/**
 * Runs in a thread of its own: decodes, searches, encodes and measures one picture after another, so that neither the arithmetic nor the
 * collection of picture buffers stands in the way of the stage. It keeps the last decoded source, which the measuring needs again.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ChromaModule, PlanesModule, SimilarityMeasure, SimilarityModules } from '@media-pipeline/media';
import sharp from 'sharp';
import type { ChromaLeeway, JpegTable, Planes, Raw } from './picture-coding';
import type { MeasureAnswer, EncodeAnswer, PictureRequest, EncodeRequest, MeasureRequest } from './picture-messages';

type SearchModule = typeof import('./quality-search');
type CodingModule = typeof import('./picture-coding');

sharp.concurrency(1);
sharp.cache(false);
/** As in pixels.ts: a warning is damage, the profile is not applied, the size was checked before. */
const strict = { failOn: 'warning', ignoreIcc: true, limitInputPixels: false, sequentialRead: true } as const;

type Modules = SimilarityModules & ChromaModule & PlanesModule & SearchModule & CodingModule;
const modules = Promise.all(Object.values(workerData as Record<string, string>).map((file) => import(file) as Promise<Partial<Modules>>)).then((all) => {
  const found = Object.assign({}, ...all) as Modules;
  return { ...found, ...found.similarityWith(found.pixelsWasm) };
});

/** The decoded source: as it is shown, and for planes as it is stored. */
interface Picture {
  readonly raw: Raw;
  /** Only until its planes are taken out of it. */
  stored: Raw | null;
  planes: Planes | null;
  leeway: ChromaLeeway | null;
}
let last: Picture | null = null;

/**
 * Gives the memory of samples back that nobody needs any more. It lies outside of the heap that V8 watches: left to the collector several
 * pictures would be kept, or it would have to run for each.
 */
function release(samples: { readonly data: Uint8Array } | null): void {
  // what shares its memory with others is left to the collector
  if (samples && samples.data.buffer instanceof ArrayBuffer && samples.data.length === samples.data.buffer.byteLength) samples.data.buffer.transfer(0);
}

type Size = NonNullable<EncodeRequest['resize']>;

async function decode(bytes: Uint8Array, grey: boolean, size?: Size): Promise<Raw> {
  const image = sharp(bytes, strict).toColourspace(grey ? 'b-w' : 'srgb');
  const { data, info } = await (size ? image.resize(size.width, size.height, { fit: 'fill' }) : image).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

async function planesIn(stored: Raw, { stored: request, resize }: EncodeRequest, drawn: 'libjpeg' | 'otherwise' = resize ? 'otherwise' : 'libjpeg'): Promise<Planes | null> {
  if (!request) return null;
  return { steps: request.steps, planes: (await modules).planesOf(stored, request.steps, drawn) };
}

/** Codes the planes, where there are any, else the whole. */
async function compress(source: Raw, planes: Planes | null, request: EncodeRequest, quality: number, table: JpegTable, leeway: ChromaLeeway | null): Promise<Pick<EncodeAnswer, 'chromaQuality'> & { readonly encoded: readonly Buffer[] }> {
  const { codeJpeg, codePlanes, codeWebp, chromaQualityFor } = await modules;
  if (!planes) return { encoded: [await (request.format === 'jpeg' ? codeJpeg(source, quality, table, request.chroma) : codeWebp(source, quality))] };
  // a quality that is set holds for all planes
  const chromaQuality = leeway ? chromaQualityFor(quality, table, leeway) : quality;
  return { encoded: await codePlanes(planes, quality, table, chromaQuality), chromaQuality };
}

const tile = 192;
const tiles = 16;
/** Pictures up to this many pixels are their own sample. */
const wholeUpTo = 2 * tile * tile * tiles;

/** Tiles of the picture side by side, chosen by its luma as it is shown: from the calmest to the liveliest in equal steps, so that they stand for all of it in score and size. */
function sampleOf(raw: Raw, shown: Raw, lumaOf: SimilarityMeasure['lumaOf']): Raw {
  const { width, height, channels } = raw;
  if (width * height <= wholeUpTo || width < 2 * tile || height < 2 * tile) return raw;
  const luma = lumaOf(shown.data, shown.channels);
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
  if (luma !== shown.data) release({ data: luma });
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
  if (!request.again) {
    forget();
    const raw = await decode(request.bytes, request.grey, request.resize);
    const stored = request.stored ? await decode(request.stored.bytes, false, request.resize) : null;
    last = { raw, stored, planes: null, leeway: null };
  }
  if (!last) throw new Error('no picture was decoded before');
  const picture = last;
  const { width, height } = picture.raw;
  const whole = async (quality: number, table: JpegTable): ReturnType<typeof compress> => {
    if (picture.stored) picture.planes = await planesIn(picture.stored, request);
    release(picture.stored);
    picture.stored = null;
    return compress(picture.raw, picture.planes, request, quality, table, picture.leeway);
  };
  if (request.quality !== null) return { ...(await whole(request.quality, request.tables[0])), quality: request.quality, table: request.tables[0], width, height, search: null };

  const { chosen, table, ...search } = await searchOn(picture, request);
  const hopeless = !search.reached || search.size * (1 - request.doubt) > 1 - request.minSaving;
  return { ...(hopeless ? { encoded: null } : await whole(chosen, table)), quality: chosen, table, width, height, search: { ...search, chosen } };
}

/** Finds quality and table on a sample of the picture. */
async function searchOn(picture: Picture, request: EncodeRequest): Promise<NonNullable<EncodeAnswer['search']> & { readonly table: JpegTable }> {
  const { lumaOf, similarityOf, searchStrength, searchOtherWays, sameQuality, chromaLeeway } = await modules;
  const began = performance.now();
  const { raw } = picture;
  const { space, target, fileBytes } = request;
  const sample = sampleOf(picture.stored ?? raw, raw, lumaOf);
  const planes = await planesIn(sample, request);
  const averaged = planes && (await planesIn(sample, request, 'otherwise'));
  picture.leeway = planes && averaged && (await chromaLeeway(planes, averaged));
  const { width, height } = sample;
  const plane = planes ? planes.planes[0] : sample;
  const scale = (raw.width * raw.height) / (width * height) / fileBytes;
  const attempt = async (table: JpegTable, quality: number): Promise<{ score: number; size: number }> => {
    const { encoded } = await compress(sample, planes, request, quality, table, picture.leeway);
    const { data, channels } = await decode(encoded[0] ?? new Uint8Array(0), request.grey || planes !== null);
    // so many bytes of every JPEG are tables and headers, which the picture has once
    const coded = Math.max(1, encoded.reduce((sum, { length }) => sum + length, 0) - request.overhead);
    const score = similarityOf(plane, { ...plane, data, channels }).mean;
    release({ data });
    return { score, size: coded * scale + request.rest / fileBytes };
  };
  const [first, ...others] = request.tables;
  const found = await searchStrength(space, target, (quality) => attempt(first, quality));
  const other = await searchOtherWays(space, target, found, others.map((way) => ({ way, value: sameQuality(found.chosen, first, way) })), attempt);
  if (sample !== raw && sample !== picture.stored) release(sample);
  return {
    ...{ chosen: other.chosen, reached: found.reached, size: other.size, table: other.way ?? first, milliseconds: Math.round(performance.now() - began) },
    trials: [...found.trials.map((trial) => ({ ...trial, way: first })), ...other.trials],
  };
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

async function measure({ source, result, grey, chroma, resize }: MeasureRequest): Promise<MeasureAnswer> {
  const { chromaDifference, similarityOf } = await modules;
  if (source) {
    forget();
    const raw = await decode(source, grey, resize);
    last = { raw, stored: null, planes: null, leeway: null };
  }
  if (!last) throw new Error('no picture was decoded before');
  const { raw } = last;
  const after = await decode(result, grey);
  const { data, width, height, channels } = after;
  if (width !== raw.width || height !== raw.height || channels !== raw.channels) {
    release(after);
    return { width, height, mean: 0, worst: 0, colour: 0, chroma: null };
  }
  const colour = { colour: colourPsnr(raw, data), chroma: chroma && channels >= 3 ? chromaDifference(raw, after) : null };
  const similarity = similarityOf(raw, after);
  release(after);
  return { width, height, ...colour, ...similarity };
}

function forget(): null {
  if (last) for (const plane of [last.raw, last.stored, ...(last.planes?.planes ?? [])]) release(plane);
  last = null;
  return null;
}

/** The coded pictures of a request: copies that were made for this thread alone. */
function copiesIn(request: PictureRequest): readonly (Uint8Array | null)[] {
  if (request.task === 'encode') return [request.bytes, request.stored?.bytes ?? null];
  return request.task === 'measure' ? [request.source, request.result] : [];
}

parentPort?.on('message', (request: PictureRequest) => {
  const answer = request.task === 'encode' ? encode(request) : request.task === 'measure' ? measure(request) : Promise.resolve(forget());
  answer
    .then(
      (value) => {
        parentPort?.postMessage({ value });
        if (value && 'encoded' in value) for (const data of value.encoded ?? []) release({ data });
      },
      (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
    )
    .finally(() => {
      for (const copy of copiesIn(request)) if (copy?.buffer instanceof ArrayBuffer && !copy.buffer.detached) copy.buffer.transfer(0);
    });
});
