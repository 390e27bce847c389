import type { QualitySearch } from '@media-pipeline/contracts';
import { KeepOriginal, type ImageSource } from './image-codec';
import type { EncodeAnswer, EncodeRequest, MeasureAnswer } from './picture-messages';
import { decoding } from './pixels';
import type { PictureThread, PictureThreads } from './picture-threads';

/** Where the search for a JPEG or WebP quality may go. Beyond 95 files grow and nobody sees why; below 40 everybody does. */
const qualities = {
  jpeg: { least: 40, most: 95, start: 84, direction: 1, slope: -0.045 },
  webp: { least: 40, most: 95, start: 84, direction: 1, slope: -0.045 },
} as const;
/** So much smaller than predicted a result may be; measured on the corpus the prediction is within it. */
const doubt = 0.12;
const jpegTables = 700;
const mostCorrections = 3;
/** So little below the target the measured whole may lie: samples are not the picture. */
const tolerance = 0.0002;

export interface LossyPlan {
  readonly format: 'jpeg' | 'webp';
  /** The coded picture, without what else the file holds. */
  readonly picture: Buffer;
  readonly grey: boolean;
  readonly chroma: '4:2:0' | '4:4:4';
  readonly resize: { readonly width: number; readonly height: number } | null;
  /** Puts the new picture into its file. */
  assemble(encoded: Buffer): Buffer;
  /** The coded picture of an assembled file, as it is going to be proven. */
  pictureOf(file: Buffer): Buffer;
}

export interface LossyResult {
  readonly file: Buffer;
  readonly quality: number;
  readonly measured: MeasureAnswer;
  readonly search: QualitySearch | null;
}

/**
 * Codes one picture: decoded once, its quality searched on samples, encoded, put together, decoded again and measured as a whole. Where the
 * whole lies below the target a better quality is taken, at most three times.
 * Throws MEDIA_CORRUPT, and KeepOriginal where the target cannot be reached or would save too little.
 */
export async function encodeLossy(threads: PictureThreads, { bytes, settings }: ImageSource, plan: LossyPlan): Promise<LossyResult> {
  return threads.use(async (thread) => {
    const { format, picture, grey, chroma } = plan;
    const request: Omit<EncodeRequest, 'task'> = {
      ...{ format, bytes: picture, again: false, grey, chroma, quality: settings.jpegQuality, target: settings.qualityScore, space: qualities[format] },
      ...{ fileBytes: bytes.length, rest: bytes.length - picture.length, overhead: format === 'jpeg' ? jpegTables : 100, minSaving: settings.minSaving, doubt },
      ...(plan.resize && { resize: plan.resize }),
    };
    const first = await decoding(() => thread.encode(request));
    let made = await complete(thread, plan, first);
    if (!first.search) return { ...made, search: null };
    const enough = settings.qualityScore - tolerance;
    for (let round = 0; made.measured.mean < enough; round++) {
      const quality = better(made, format, settings.qualityScore, round);
      if (round === mostCorrections || quality === made.quality) throw new KeepOriginal('QUALITY_OUT_OF_REACH', `quality ${made.quality} gives ${made.measured.mean.toFixed(4)}, wanted is ${settings.qualityScore}`, true);
      made = await complete(thread, plan, await thread.encode({ ...request, bytes: new Uint8Array(0), again: true, quality }));
    }
    return { ...made, search: searchRecord(first.search, settings.qualityScore, made.quality) };
  });
}

/** What the measured whole says is missing, in steps of quality; more of it each time, since the samples have misled once. */
function better({ measured, quality }: Omit<LossyResult, 'search'>, format: LossyPlan['format'], target: number, round: number): number {
  const { most, slope } = qualities[format];
  const steps = Math.log((1 - measured.mean) / (1 - target)) / -slope;
  return Math.min(most, quality + Math.max(2, Math.ceil(steps * (1.3 + round))));
}

async function complete(thread: PictureThread, plan: LossyPlan, answer: EncodeAnswer): Promise<Omit<LossyResult, 'search'>> {
  if (!answer.encoded) throw hopeless(answer);
  const file = plan.assemble(Buffer.from(answer.encoded.buffer, answer.encoded.byteOffset, answer.encoded.byteLength));
  const measured = await thread.measure({ source: null, result: plan.pictureOf(file), grey: plan.grey });
  return { file, quality: answer.quality, measured };
}

function hopeless({ search, quality }: EncodeAnswer): KeepOriginal {
  const tried = search?.trials.find(({ value }) => value === quality);
  if (search?.reached === false) return new KeepOriginal('QUALITY_OUT_OF_REACH', `quality ${quality} gives ${tried?.score.toFixed(4) ?? '?'} on samples`, true);
  return new KeepOriginal('NOT_SMALLER', `samples at quality ${quality} predict ${Math.round((search?.size ?? 1) * 100)} % of the size`, true);
}

const searchRecord = ({ trials, milliseconds }: NonNullable<EncodeAnswer['search']>, target: number, chosen: number): QualitySearch => ({
  ...{ target, parameter: 'quality', chosen, milliseconds },
  trials: trials.map(({ value, score, size }) => ({ value, score: Number(score.toFixed(5)), size: Number(size.toFixed(3)) })),
});
