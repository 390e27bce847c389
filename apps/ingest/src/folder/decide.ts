import type { AssetState } from '@media-pipeline/contracts';
import { nameOf, type SourceFile } from './source-file';

/** What the database (or this run) knows of a source file. */
export interface Known {
  /** The fingerprint it was last taken in with, perhaps with `:` and more behind it. */
  readonly fingerprint: string;
  readonly assetId: string;
  readonly state: AssetState;
}

export interface Decision {
  /** Not seen in this version: to be taken in. */
  readonly fresh: readonly SourceFile[];
  /** Of the fresh ones, those that were taken in before in this very version, with an asset that is `replaced`: asset by source path. */
  readonly retake: ReadonlyMap<string, string>;
  /** Assets whose bytes never all came, to be gone on with. */
  readonly resume: readonly string[];
  /** Assets that have all their bytes and may not have been announced. */
  readonly announce: readonly string[];
  /** Assets that were still arriving in a version that is no more. */
  readonly replaced: readonly string[];
  /** The same, but the new version is not settled: they stay as they are until it is. */
  readonly undecided: readonly string[];
  /** Still being written, or beside a file that is: for the next look. */
  readonly unsettled: readonly SourceFile[];
}

export interface Judge {
  /** Whether a file counts as completely written. */
  readonly settled: (file: SourceFile) => boolean;
  /** Whether a file must not wait for another one. */
  readonly urgent: (file: SourceFile) => boolean;
}

/** Whether a file is in the version that was taken in. A marker behind the fingerprint makes no other version of it. */
export const sameVersion = (known: Known, { fingerprint }: SourceFile): boolean => known.fingerprint === fingerprint || known.fingerprint.startsWith(`${fingerprint}:`);

/** How long (ms) a file still has to stay as it is before it counts as completely written; 0 or less: it does. A time in the future says nothing: then the inode's counts. */
export function settlesIn({ modifiedAt, changedAt }: SourceFile, now: number, stableMs: number): number {
  const written = modifiedAt.getTime() > now ? changedAt.getTime() : modifiedAt.getTime();
  // A clock that runs ahead (network mounts) must not keep a file out for ever.
  return Math.min(stableMs - (now - written), stableMs);
}

/** What is to be done about the files of one folder (and only one), from their names and times alone. */
export function decide(files: readonly SourceFile[], known: ReadonlyMap<string, Known>, { settled, urgent }: Judge): Decision {
  const isNew = (file: SourceFile): boolean => {
    const before = known.get(file.sourcePath);
    return before === undefined || !sameVersion(before, file);
  };
  const brandNew = files.filter(isNew);
  // The other half of a Live Photo may be the file that is still being written: they wait for each other.
  const waiting = new Set(brandNew.filter((file) => !settled(file)).map(({ path }) => clusterOf(path)));
  const waits = (file: SourceFile): boolean => waiting.has(clusterOf(file.path)) && !(urgent(file) && settled(file));
  const [unsettled, ready] = [brandNew.filter(waits), brandNew.filter((file) => !waits(file))];
  const replaced = arrivingAs(ready, known);
  const undecided = new Set([...arrivingAs(unsettled, known)].filter((id) => !replaced.has(id)));

  const fresh = [...ready];
  const retake = new Map<string, string>();
  const resume = new Set<string>();
  const announce = new Set<string>();
  for (const file of files) {
    const before = known.get(file.sourcePath);
    if (before === undefined || !sameVersion(before, file)) continue;
    if (before.state === 'discovered') announce.add(before.assetId);
    if (before.state !== 'arriving' || undecided.has(before.assetId)) continue;
    if (!replaced.has(before.assetId)) {
      resume.add(before.assetId);
      continue;
    }
    fresh.push(file);
    retake.set(file.sourcePath, before.assetId);
  }
  return { fresh, retake, resume: [...resume], announce: [...announce], replaced: [...replaced], undecided: [...undecided], unsettled };
}

const arrivingAs = (files: readonly SourceFile[], known: ReadonlyMap<string, Known>): Set<string> =>
  new Set(files.flatMap(({ sourcePath }) => known.get(sourcePath) ?? []).filter(({ state }) => state === 'arriving').map(({ assetId }) => assetId));

/** What the names of files of one asset have in common: the stem, case, Unicode form and `_HEVC` aside. */
export function clusterOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  return (dot > 0 ? name.slice(0, dot) : name).normalize('NFC').toLowerCase().replace(/_hevc$/, '');
}
