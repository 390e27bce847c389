import type { MediaType } from './types';

/** One file of a source as grouping sees it. */
export interface GroupableFile {
  /** Path below the source, `/` between segments; files belong together only within one folder. */
  readonly path: string;
  readonly type: MediaType;
}

export interface GroupMember<T> {
  readonly file: T;
  readonly role: 'primary' | 'live_video' | 'raw';
}

/** One photo or video as a person thinks of it. The primary file comes first. */
export interface MediaGroup<T> {
  readonly kind: 'photo' | 'video' | 'live_photo' | 'raw_jpeg';
  readonly files: readonly GroupMember<T>[];
}

export interface LivePhotoCandidate<T> {
  readonly image: T;
  readonly video: T;
}

/** Suffixes that downloaders of iCloud put on the video of a HEIC Live Photo (`IMG_1.HEIC` with `IMG_1_HEVC.MOV`). */
const videoSuffix = /_hevc$/;

const isStill = ({ type }: GroupableFile): boolean => type.format === 'heic' || type.format === 'jpeg';
const isLiveVideo = ({ type }: GroupableFile): boolean => type.format === 'mov' || type.format === 'mp4';
const isRaw = ({ type }: GroupableFile): boolean => type.format === 'raw' || type.format === 'dng';

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** What two files of one asset have in common: folder (exactly) and stem (case and Unicode form aside). */
function keyOf(path: string): string {
  const folder = folderOf(path);
  const name = path.slice(folder.length);
  const dot = name.lastIndexOf('.');
  return folder + (dot > 0 ? name.slice(0, dot) : name).normalize('NFC').toLowerCase();
}

function byKey<T extends GroupableFile>(files: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const file of files) {
    const key = keyOf(file.path);
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return groups;
}

/**
 * Pairs that are a Live Photo by their names. A camera counts IMG_9999 → IMG_0001 again and people rename, so that a name proves
 * nothing: the caller confirms each pair by `contentIdentifier(video)` and `imageCarriesIdentifier(image, id)`.
 */
export function livePhotoCandidates<T extends GroupableFile>(files: readonly T[]): LivePhotoCandidate<T>[] {
  const groups = byKey(files);
  const candidates: LivePhotoCandidate<T>[] = [];
  for (const [key, group] of groups) {
    for (const video of group.filter(isLiveVideo)) {
      const stills = [...group, ...(videoSuffix.test(key) ? (groups.get(key.replace(videoSuffix, '')) ?? []) : [])].filter(isStill);
      for (const image of stills.sort(heicFirst)) candidates.push({ image, video });
    }
  }
  return candidates;
}

const heicFirst = (a: GroupableFile, b: GroupableFile): number => Number(b.type.format === 'heic') - Number(a.type.format === 'heic');

/**
 * Sorts files into assets: Live Photos (the `confirmed` pairs; each file at most once), RAW with its JPEG or HEIC of the same name,
 * and everything else alone. Every file is in exactly one group; groups come in the order of their first file in `files`.
 */
export function groupFiles<T extends GroupableFile>(files: readonly T[], confirmed: readonly LivePhotoCandidate<T>[]): MediaGroup<T>[] {
  const videoOf = new Map<T, T>();
  const taken = new Set<T>();
  for (const { image, video } of confirmed) {
    if (videoOf.has(image) || taken.has(video)) continue;
    videoOf.set(image, video);
    taken.add(video);
  }
  const rawOf = new Map<T, T>();
  for (const group of byKey(files).values()) {
    const stills = group.filter(isStill).sort((a, b) => heicFirst(b, a));
    for (const [index, raw] of group.filter(isRaw).entries()) {
      const still = stills[index];
      if (!still) break;
      rawOf.set(still, raw);
      taken.add(raw);
    }
  }
  return files
    .filter((file) => !taken.has(file))
    .map((file) => {
      const video = videoOf.get(file);
      const raw = rawOf.get(file);
      const members: GroupMember<T>[] = [{ file, role: 'primary' }];
      if (video) members.push({ file: video, role: 'live_video' });
      if (raw) members.push({ file: raw, role: 'raw' });
      return { kind: video ? 'live_photo' : raw ? 'raw_jpeg' : file.type.family === 'video' ? 'video' : 'photo', files: members };
    });
}
