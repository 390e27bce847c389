import type { QualitySearch } from '@media-pipeline/contracts';
import { KeepOriginal, type ImageSource } from './image-codec';
import type { JpegTable } from './picture-coding';
import type { EncodeAnswer, EncodeRequest, MeasureAnswer, StoredColours } from './picture-messages';
import { decoding } from './pixels';
import type { PictureThread, PictureThreads } from './picture-threads';

/** Where the search for a JPEG or WebP quality may go. Beyond 95 files grow and nobody sees why; below 40 everybody does. */
const qualities = {
  jpeg: { least: 40, most: 95, start: 78, direction: 1, slope: -0.055 },
  webp: { least: 40, most: 95, start: 84, direction: 1, slope: -0.045 },
} as const;
/** So much smaller than predicted a result may be; measured on the corpus the prediction is within it. */
const doubt = 0.12;
/** Bytes of tables and headers of a small JPEG, in one picture and in three planes. */
const jpegOverhead = { whole: 700, planes: 1000 } as const;
/**
 * The tables among which each picture has the one that does with least. Robidoux's was never better by one per cent on ten cameras' photos;
 * a quality that is set keeps to it, for what a user chose by eye shall not change.
 */
const searched = ['psnr-hvs-m', 'annex-k'] as const;
const fixed = ['robidoux'] as const;
const mostCorrections = 2;
/** So little below the target the measured whole may lie: samples are not the picture. */
const tolerance = 0.0002;

export interface LossyPlan {
  readonly format: 'jpeg' | 'webp';
  /** The coded picture, without what else the file holds. */
  readonly picture: Buffer;
  readonly grey: boolean;
  readonly chroma: '4:2:0' | '4:4:4';
  /** For a picture whose planes are coded one by one. */
  readonly stored: StoredColours | null;
  readonly resize: { readonly width: number; readonly height: number } | null;
  /** Puts the new picture, or its three planes, into its file. */
  assemble(encoded: readonly Buffer[]): Buffer;
  /** The coded picture of an assembled file, as it is going to be proven. */
  pictureOf(file: Buffer): Buffer;
}

export interface LossyResult {
  readonly file: Buffer;
  readonly quality: number;
  readonly table: JpegTable;
  readonly chromaQuality?: number;
  readonly measured: MeasureAnswer;
  readonly search: QualitySearch | null;
}

/**
 * Codes one picture: decoded once, its quality searched on samples, encoded, put together, decoded again and measured as a whole. Where the
 * whole lies below the target, or well above it, another quality is taken, at most twice.
 * Throws MEDIA_CORRUPT, and KeepOriginal where the target cannot be reached or would save too little.
 */
export async function encodeLossy(threads: PictureThreads, { bytes, settings }: ImageSource, plan: LossyPlan): Promise<LossyResult> {
  return threads.use(async (thread) => {
    const { format, picture, grey, chroma, stored } = plan;
    const overhead = format === 'jpeg' ? jpegOverhead[stored ? 'planes' : 'whole'] : 100;
    const request: Omit<EncodeRequest, 'task'> = {
      ...{ format, bytes: picture, again: false, grey, chroma, quality: settings.jpegQuality, target: settings.qualityScore, space: qualities[format] },
      tables: format === 'jpeg' && settings.jpegQuality === null ? searched : fixed,
      ...{ fileBytes: bytes.length, rest: bytes.length - picture.length, overhead, minSaving: settings.minSaving, doubt },
      ...(stored && { stored }),
      ...(plan.resize && { resize: plan.resize }),
    };
    const first = await decoding(() => thread.encode(request));
    let made = await complete(thread, plan, first);
    if (!first.search) return { ...made, search: null };
    const { trials } = first.search;
    const again: Omit<EncodeRequest, 'task'> = { ...request, ...(stored && { stored: { ...stored, bytes: nothing } }), bytes: nothing, again: true, tables: [first.table] };
    let pass: Complete | null = null;
    let fail: Complete | null = null;
    for (let round = 0; ; round++) {
      if (made.measured.mean >= settings.qualityScore - tolerance) pass = made;
      else fail = made;
      const quality = nextQuality(pass, fail, slopeOf(trials, first.table), settings.qualityScore);
      if (quality === null || quality === made.quality || round === mostCorrections) break;
      made = await complete(thread, plan, await thread.encode({ ...again, quality }));
    }
    if (!pass) throw new KeepOriginal('QUALITY_OUT_OF_REACH', `quality ${made.quality} gives ${made.measured.mean.toFixed(4)}, wanted is ${settings.qualityScore}`, true);
    return { ...pass, search: searchRecord(first.search, settings.qualityScore, pass.quality, format === 'jpeg') };
  });
}

type Complete = Omit<LossyResult, 'search'>;

const nothing = new Uint8Array(0);

/** How ln(1 − score) falls with each step of quality, by the two trials that are nearest to each other: of the table that was chosen, where it had two. */
function slopeOf(trials: NonNullable<EncodeAnswer['search']>['trials'], table: JpegTable): number {
  const own = trials.filter(({ way }) => way === table);
  const sorted = (own.length > 1 ? own : trials.filter(({ way }) => way !== table)).toSorted((a, b) => a.value - b.value);
  const slopes = sorted.flatMap((trial, index) => {
    const next = sorted[index + 1];
    return next ? [{ gap: next.value - trial.value, slope: (Math.log(1.000001 - next.score) - Math.log(1.000001 - trial.score)) / (next.value - trial.value) }] : [];
  });
  const [nearest] = slopes.toSorted((a, b) => a.gap - b.gap);
  return Math.min(-0.02, Math.max(-0.12, nearest?.slope ?? -0.045));
}

/**
 * Samples are not the picture: what the whole picture measured says which quality to try next, in both directions; a better one where the
 * target is missed, a weaker one where it is passed by so much that two steps can be saved. Null when it is near enough.
 */
function nextQuality(pass: Complete | null, fail: Complete | null, slope: number, target: number): number | null {
  const { least, most } = qualities.jpeg;
  const steps = ({ measured }: Complete): number => Math.log((1.000001 - measured.mean) / (1 - target)) / -slope;
  if (pass && fail) {
    if (pass.quality - fail.quality <= 2) return null;
    const share = steps(fail) / Math.max(1e-9, steps(fail) - steps(pass));
    return Math.min(pass.quality - 1, Math.max(fail.quality + 1, Math.ceil(fail.quality + share * (pass.quality - fail.quality))));
  }
  if (fail) return Math.min(most, fail.quality + Math.max(1, Math.ceil(steps(fail) * 1.2)));
  const spare = pass ? Math.floor(-steps(pass) * 0.9) : 0;
  return pass && spare >= 2 ? Math.max(least, pass.quality - spare) : null;
}

async function complete(thread: PictureThread, plan: LossyPlan, answer: EncodeAnswer): Promise<Complete> {
  if (!answer.encoded) throw hopeless(answer);
  const file = plan.assemble(answer.encoded.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
  const measured = await thread.measure({ source: null, result: plan.pictureOf(file), grey: plan.grey, chroma: plan.stored !== null });
  const { quality, table, chromaQuality } = answer;
  return { file, quality, table, ...(chromaQuality !== undefined && { chromaQuality }), measured };
}

function hopeless({ search, quality, table }: EncodeAnswer): KeepOriginal {
  const tried = search?.trials.find(({ value, way }) => value === quality && way === table);
  if (search?.reached === false) return new KeepOriginal('QUALITY_OUT_OF_REACH', `quality ${quality} gives ${tried?.score.toFixed(4) ?? '?'} on samples`, true);
  return new KeepOriginal('NOT_SMALLER', `samples at quality ${quality} predict ${Math.round((search?.size ?? 1) * 100)} % of the size`, true);
}

const searchRecord = ({ trials, milliseconds }: NonNullable<EncodeAnswer['search']>, target: number, chosen: number, ways: boolean): QualitySearch => ({
  ...{ target, parameter: 'quality', chosen, milliseconds },
  trials: trials.map(({ value, way, score, size }) => ({ value, ...(ways && { way }), score: Number(score.toFixed(5)), size: Number(size.toFixed(3)) })),
});
