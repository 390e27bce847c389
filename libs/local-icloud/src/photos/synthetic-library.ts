import type { FilenameForm, ResourceKey } from './rows';
import type { SyntheticContent, SyntheticFormat } from './synthetic';
import { extensionOfFormat } from './types';

/** Shares (0…1) of the assets that are made something else than a plain photo; the first five exclude each other in this order. */
interface Mix {
  readonly video?: number;
  readonly live?: number;
  /** RAW as the original and JPEG as the alternative, or the other way round. */
  readonly rawJpeg?: number;
  /** Edited photos, with the rendition on the asset. */
  readonly edited?: number;
  /** Masters with two assets; they count as one of `count`. */
  readonly duplicated?: number;
  readonly hidden?: number;
  readonly favourite?: number;
  /** filenameEnc as a STRING. */
  readonly stringName?: number;
  /** No filenameEnc at all. */
  readonly noName?: number;
}

export interface SyntheticOptions {
  readonly zone?: string;
  /** When the first was taken, milliseconds since the epoch; default: so that the last was taken just now. */
  readonly from?: number;
  /** Between one and the next; default: ten minutes. */
  readonly spacingMs?: number;
  /** Size of each file, or the least and the greatest. Default 1,024 … 2,048. */
  readonly bytes?: number | readonly [least: number, greatest: number];
  readonly mix?: Mix;
  /** @param index from 0 on */
  readonly name?: (index: number, extension: string) => string;
}

export interface SyntheticPlan {
  readonly resources: readonly { readonly key: ResourceKey; readonly content: SyntheticContent }[];
  readonly filename: string;
  readonly filenameForm: FilenameForm;
  readonly takenAt: number;
  readonly addedAt: number;
  readonly timeZoneOffset: number;
  readonly hidden: boolean;
  readonly favourite: boolean;
  readonly assets: 1 | 2;
}

/** Cameras begin anew after 9999, so large libraries have many files of one name. */
const cameraName = (index: number, extension: string) => `IMG_${String((index % 9999) + 1).padStart(4, '0')}.${extension}`;

/** Decides what each made-up asset is; contents follow from `first`, so that two calls never make the same file. */
export function* planSynthetic(first: number, count: number, options: SyntheticOptions, random: () => number, now: number): Generator<SyntheticPlan> {
  const { spacingMs = 10 * 60 * 1000, mix = {}, name = cameraName } = options;
  const [least, greatest] = typeof options.bytes === 'number' ? [options.bytes, options.bytes] : (options.bytes ?? [1024, 2048]);
  const from = options.from ?? now - (count - 1) * spacingMs;
  const content = (index: number, format: SyntheticFormat): SyntheticContent => ({ format, seed: first + index, bytes: least + Math.floor(random() * (greatest - least + 1)) });
  for (let index = 0; index < count; index++) {
    const kind = drawKind(mix, random());
    const resources = resourcesOf(kind, (format) => content(index, format), index);
    const takenAt = from + index * spacingMs;
    yield {
      resources,
      filename: name(index, extensionOfFormat(resources[0]?.content.format ?? 'jpeg')),
      filenameForm: random() < (mix.noName ?? 0) ? 'missing' : random() < (mix.stringName ?? 0) ? 'STRING' : 'ENCRYPTED_BYTES',
      takenAt,
      addedAt: takenAt + 5000,
      timeZoneOffset: 7200,
      hidden: random() < (mix.hidden ?? 0),
      favourite: random() < (mix.favourite ?? 0),
      assets: kind === 'duplicated' ? 2 : 1,
    };
  }
}

const kinds = ['video', 'live', 'rawJpeg', 'edited', 'duplicated'] as const;
type Kind = (typeof kinds)[number] | 'photo';

function drawKind(mix: Mix, draw: number): Kind {
  let sum = 0;
  for (const kind of kinds) {
    sum += mix[kind] ?? 0;
    if (draw < sum) return kind;
  }
  return 'photo';
}

function resourcesOf(kind: Kind, make: (format: SyntheticFormat) => SyntheticContent, index: number): SyntheticPlan['resources'] {
  const of = (key: ResourceKey, format: SyntheticFormat) => ({ key, content: make(format) });
  switch (kind) {
    case 'video':
      return [of('resOriginal', 'mov')];
    case 'live':
      return [of('resOriginal', 'heic'), of('resOriginalVidCompl', 'mov')];
    case 'rawJpeg':
      return index % 2 === 0 ? [of('resOriginal', 'dng'), of('resOriginalAlt', 'jpeg')] : [of('resOriginal', 'jpeg'), of('resOriginalAlt', 'dng')];
    case 'edited':
      return [of('resOriginal', 'heic'), of('resJPEGFull', 'jpeg')];
    case 'photo':
    case 'duplicated':
      return [of('resOriginal', 'jpeg')];
  }
}
