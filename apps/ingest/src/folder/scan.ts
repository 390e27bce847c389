import type { AssetWithFiles } from '@media-pipeline/schema';
import { clusterOf, sameVersion, type Decision, type Known } from './decide';
import type { Entry } from './folder-register';
import { folderOf, type Finding, type Listing, type SourceFile } from './source-file';

export interface ScanOptions {
  readonly stableMs: number;
  /** Also say again what has all its bytes already: after a start or a broken-off run, its message may never have been said. */
  readonly announce: boolean;
}

/** A file that changes again and again is left to the next reading. */
const mostRounds = 3;

/** What one reading of the source has learnt so far. */
export class Scan {
  /** Regular files seen, wanted ones alone. */
  files = 0;
  taken = 0;
  setAside = 0;
  /** Files that the patterns do not want, by kind. */
  readonly others = new Map<string, number>();
  /** Assets that this reading has dealt with. */
  readonly handled = new Set<string>();
  /** Files whose asset was set aside because of another file of it: they are taken in anew, with that asset's id as a marker. */
  readonly retake = new Map<string, string>();
  private readonly unreadable: string[] = [];
  private readonly unsettled = new Map<string, { readonly folder: Buffer; readonly at: number }>();
  private rounds = 0;
  private readonly changed = new Map<string, Buffer>();

  constructor(
    readonly known: Map<string, Known>,
    readonly options: ScanOptions,
  ) {}

  saw({ files, unreadable }: Listing, folder: string): void {
    this.files += files.length;
    if (unreadable) this.unreadable.push(`${folder}/`);
  }

  /** At the first reading of a folder: what is read again has been counted. */
  leaves(kinds: readonly string[]): void {
    for (const kind of kinds) this.others.set(kind, (this.others.get(kind) ?? 0) + 1);
  }

  /** A file has to stay as it is until `at` (ms since 1970) before it is taken. */
  wait(folder: Buffer, at: number): void {
    const key = folder.toString('latin1');
    this.unsettled.set(key, { folder, at: Math.max(at, this.unsettled.get(key)?.at ?? 0) });
  }

  get waiting(): readonly { readonly folder: Buffer; readonly at: number }[] {
    return [...this.unsettled.values()];
  }

  /** The folders with files that are not settled, to be read again; asked once. */
  takeWaiting(): Buffer[] {
    const folders = this.waiting.map(({ folder }) => folder);
    this.unsettled.clear();
    return folders;
  }

  /** Of the other files of an asset that is replaced, and of assets that have to wait. */
  note({ retake, undecided }: Decision): void {
    for (const [path, assetId] of retake) {
      this.known.delete(path);
      this.retake.set(path, assetId);
    }
    for (const assetId of undecided) this.handled.add(assetId);
  }

  /** An asset was set aside because one of its files is not what it was: its files are to be looked at anew. */
  lost({ id, files }: AssetWithFiles, folder: Buffer): void {
    for (const { sourcePath } of files) {
      if (sourcePath === null) continue;
      this.known.delete(sourcePath);
      this.retake.set(sourcePath, id);
    }
    this.changed.set(folder.toString('latin1'), folder);
  }

  takeChanged(): Buffer[] {
    if (this.rounds++ >= mostRounds) return [];
    const folders = [...this.changed.values()];
    this.changed.clear();
    return folders;
  }

  /** A file in the version in which it is on its way; nothing when it is not known any more. */
  versionOf(sourcePath: string | null): string {
    const fingerprint = this.known.get(sourcePath ?? '')?.fingerprint ?? '';
    return fingerprint.split(':').slice(0, 3).join(':');
  }

  /** What tells an asset that is made of files taken in before from the one that they were taken in as. */
  markerOf(files: readonly SourceFile[]): { readonly marker?: string } {
    const marker = files.map(({ sourcePath }) => this.retake.get(sourcePath)).find((id) => id !== undefined);
    return marker === undefined ? {} : { marker };
  }

  /** Those that nobody has been told of, or whose asset a person has asked to try again. */
  newFindings(findings: readonly Finding[]): Finding[] {
    return findings.filter(({ file }) => {
      const known = this.known.get(file.sourcePath);
      return known === undefined || !sameVersion(known, file) || (known.state === 'arriving' && !this.handled.has(known.assetId));
    });
  }

  /** What was written down counts as known from here on. */
  remember({ item, asset }: Entry): void {
    const files = item.do === 'take' ? item.members.map(({ file }) => file) : item.do === 'refuse' ? [item.finding.file] : [];
    for (const { sourcePath, fingerprint } of files) {
      this.known.set(sourcePath, { fingerprint, assetId: asset.id, state: asset.state });
      this.handled.add(asset.id);
    }
  }

  /** Assets whose bytes never all came and whose files no listing has shown, in folders that could be read. None when the whole source is empty: it may not be mounted. */
  leftBehindUnlessEmpty(): string[] {
    if (this.files === 0) return [];
    const left = [...this.known].filter(([path, { state, assetId }]) => state === 'arriving' && !this.handled.has(assetId) && !this.unreadable.some((folder) => path.startsWith(folder)));
    return [...new Set(left.map(([, { assetId }]) => assetId))];
  }
}

/** Splits the files of one folder so that those which may belong together stay together, in parts of about `size`. */
export function* inClusters(files: readonly SourceFile[], size: number): Generator<SourceFile[]> {
  const clusters = new Map<string, SourceFile[]>();
  for (const file of files) {
    const key = folderOf(file.path) + clusterOf(file.path);
    const cluster = clusters.get(key);
    if (cluster) cluster.push(file);
    else clusters.set(key, [file]);
  }
  let part: SourceFile[] = [];
  for (const cluster of clusters.values()) {
    part.push(...cluster);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
