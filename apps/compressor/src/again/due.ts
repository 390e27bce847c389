import type { AssetWithFiles, MediaFile, Recompression, Rendition } from '@media-pipeline/schema';
import type { LibraryPath } from '@media-pipeline/contracts';

/** What is to be compressed again. */
export interface AgainRule {
  /** Photos and videos taken so many years ago, or longer; above 0. */
  readonly years: number;
  readonly now: Date;
  /** What the settings for old photos and videos ask for ({@link askedOf}); null: the family is not compressed at all. */
  readonly asked: { readonly image: string | null; readonly video: string | null };
  /** What was postponed is tried again when it was postponed before this. */
  readonly postponedBefore: Date;
}

/** A rendition that is due, and the original it is to be made from. */
export interface Due {
  readonly file: MediaFile & { readonly sha256: string };
  /** Where the original lies: in the archive; under originals/ where the archive has none (ARCHIVE_VARIANT=compressed, sorting off). */
  readonly original: LibraryPath;
  readonly rendition: Rendition & { readonly path: LibraryPath; readonly sha256: string; readonly bytes: number };
  readonly family: 'image' | 'video';
  readonly asked: string;
}

/** The states in which no stage works on an asset any more and its original is kept. */
const ended: ReadonlySet<AssetWithFiles['state']> = new Set(['sorted', 'completed']);
/** What of a recipe says how it is made rather than how good or how large it is to be: no reason to make anything anew. */
const manner: ReadonlySet<string> = new Set(['recipe', 'minSaving', 'graft', 'keep', 'encoder', 'videoPreset']);

/** What a recipe asks for: quality and size. */
export function askedOf(recipe: string): string {
  const wanted = Object.entries(parseObject(recipe) ?? {}).filter(([key]) => !manner.has(key));
  return JSON.stringify(Object.fromEntries(wanted.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** By what it was asked for, not by its name; null for a row of the time before recipes. */
export function familyOf({ settings }: Pick<Rendition, 'settings'>): Due['family'] | null {
  const recipe = parseObject(settings);
  if (recipe === null) return null;
  if ('resizePercentage' in recipe) return 'image';
  return 'videoResolution' in recipe ? 'video' : null;
}

/**
 * The renditions of an asset that are due to be made again: the asset is at its end, was taken long enough ago, has its original, and the
 * rendition was made under settings that asked for something else than those for old photos do. Each is due once for whatever these ask:
 * `attempts` (of this asset, and of any others) says what was tried. A file whose original was kept has no rendition, and is never due.
 */
export function dueAgain(asset: AssetWithFiles, attempts: readonly Recompression[], rule: AgainRule): readonly Due[] {
  if (!ended.has(asset.state) || !isOlderThan(asset.captureDate, rule.years, rule.now)) return [];
  return asset.files.flatMap((file): Due[] => {
    const rendition = asset.renditions.find(({ fileId }) => fileId === file.id);
    if (rendition?.outcome !== 'compressed' || rendition.path === null || rendition.sha256 === null || rendition.bytes === null) return [];
    const family = familyOf(rendition);
    const asked = family && rule.asked[family];
    const original = originalOf(file);
    if (family === null || asked === null || original === null || file.sha256 === null || rendition.sourceSha256 !== file.sha256 || askedOf(rendition.settings) === asked) return [];
    const before = attempts.find((attempt) => attempt.fileId === file.id && attempt.asked === asked);
    if (before && !mayTryAgain(before, rule)) return [];
    return [{ file: { ...file, sha256: file.sha256 }, original, rendition: { ...rendition, path: rendition.path, sha256: rendition.sha256, bytes: rendition.bytes }, family, asked }];
  });
}

/** Whether `captureDate` (ISO 8601, local time with or without an offset) lies so many calendar years back. Unknown is not old. */
export function isOlderThan(captureDate: string | null, years: number, now: Date): boolean {
  const due = new Date(captureDate ?? NaN);
  due.setFullYear(due.getFullYear() + years);
  return due.getTime() <= now.getTime();
}

/** `making` is for the claim to judge: whoever was at it may be gone. */
function mayTryAgain({ state, updatedAt }: Recompression, { postponedBefore }: AgainRule): boolean {
  return state === 'making' || (state === 'postponed' && updatedAt < postponedBefore);
}

function originalOf({ archivedPath, path }: MediaFile): LibraryPath | null {
  if (archivedPath !== null) return archivedPath;
  return path.startsWith('originals/') ? path : null;
}

export function parseObject(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
