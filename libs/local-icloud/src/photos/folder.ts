import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import exifr from 'exifr';
import type { NewAsset } from './assets';
import { isMediaName, isMovieType, isRawType, typeOfName } from './types';

/** Reads a folder as a library: files of one stem that belong together become one asset. @throws whatever reading the folder throws */
export async function readFolder(directory: string): Promise<NewAsset[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.') && isMediaName(entry.name)).map((entry) => path.join(entry.parentPath, entry.name)).sort();
  const stems = new Map<string, string[]>();
  for (const file of files) {
    const stem = file.slice(0, -path.extname(file).length).toLowerCase();
    stems.set(stem, [...(stems.get(stem) ?? []), file]);
  }
  const assets: NewAsset[] = [];
  for (const group of stems.values()) {
    for (const parts of groupStem(group)) assets.push(await describe(parts));
  }
  return assets;
}

interface Parts {
  readonly original: string;
  readonly alternative?: string;
  readonly liveVideo?: string;
}

/** Which files of one stem make one asset: RAW + JPEG, a still + its movie; whatever is left stands alone. */
function groupStem(files: readonly string[]): Parts[] {
  const raw = files.filter((file) => isRawType(typeOfName(file)));
  const movies = files.filter((file) => isMovieType(typeOfName(file)));
  const stills = files.filter((file) => !raw.includes(file) && !movies.includes(file)).sort((a, b) => Number(typeOfName(b) === 'public.heic') - Number(typeOfName(a) === 'public.heic'));
  const video = movies.find((file) => typeOfName(file) === 'com.apple.quicktime-movie');
  const [firstRaw, firstStill] = [raw[0], stills[0]];
  const assets: Parts[] = [];
  if (firstRaw !== undefined && firstStill !== undefined) assets.push({ original: firstRaw, alternative: firstStill });
  else if (firstStill !== undefined && video !== undefined) assets.push({ original: firstStill, liveVideo: video });
  const taken = new Set(assets.flatMap(({ original, alternative, liveVideo }) => [original, alternative, liveVideo]));
  return [...assets, ...files.filter((file) => !taken.has(file)).map((original) => ({ original }))];
}

async function describe({ original, alternative, liveVideo }: Parts): Promise<NewAsset> {
  const { mtimeMs } = await stat(original);
  const taken = (await capture(original)) ?? (alternative === undefined ? null : await capture(alternative));
  return {
    filename: path.basename(original),
    original: { file: original },
    ...(alternative !== undefined && { alternative: { file: alternative } }),
    ...(liveVideo !== undefined && { liveVideo: { file: liveVideo } }),
    takenAt: taken?.at ?? Math.floor(mtimeMs),
    timeZoneOffset: taken?.offset ?? null,
    ...taken?.size,
  };
}

/** When the picture says that it was taken (`offset`: seconds east of UTC, null when it does not say; `at` is UTC then only if it was); null when it says nothing. */
export async function capture(file: string, type = typeOfName(file)): Promise<{ at: number; offset: number | null; size: { width: number; height: number } } | null> {
  if (isMovieType(type)) return null;
  let tags: Record<string, unknown>;
  try {
    const parsed: unknown = await exifr.parse(file, { pick: ['DateTimeOriginal', 'OffsetTimeOriginal', 'ExifImageWidth', 'ExifImageHeight'], reviveValues: false, translateValues: false });
    if (typeof parsed !== 'object' || parsed === null) return null;
    tags = { ...parsed };
  } catch {
    // not every format that the folder may hold is one that exifr reads
    return null;
  }
  const { DateTimeOriginal: date, OffsetTimeOriginal: zone, ExifImageWidth: width, ExifImageHeight: height } = tags;
  if (typeof date !== 'string') return null;
  const local = Date.parse(`${date.slice(0, 10).replaceAll(':', '-')}T${date.slice(11, 19)}Z`);
  if (Number.isNaN(local)) return null;
  const [, sign, hours, minutes] = (typeof zone === 'string' ? /^([+-])(\d\d):(\d\d)/.exec(zone) : null) ?? [];
  const offset = sign === undefined ? null : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60;
  return { at: local - (offset ?? 0) * 1000, offset, size: typeof width === 'number' && typeof height === 'number' ? { width, height } : { width: 0, height: 0 } };
}
