/**
 * Finds files with the same bytes: by size, then by their first and last 4 KB, then byte for byte, all candidates side by side, so that
 * nothing is read twice and reading ends where they differ. No hash is needed to say "the same", and none could be wrong.
 *
 * Runs in a thread of its own with blocking calls: walking a tree is three times as fast without promises. Imports nothing of ours.
 */
import { closeSync, constants, lstatSync, openSync, readdirSync, readSync, type Dirent } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

export interface SweepJob {
  readonly roots: readonly string[];
  /** Absolute directories that are not entered. */
  readonly except: readonly string[];
  /** Names of folders that are not entered, and of files that are not looked at. */
  readonly passedOver: { readonly folder: RegExp; readonly file: RegExp };
  /** Find the duplicates; without it only list the files, with fingerprints. */
  readonly compare: boolean;
}

export interface SweptFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** `size:mtimeNs:inode`. */
  readonly fingerprint: string;
}

export type SweepMessage =
  | { readonly kind: 'listed'; readonly files: readonly ListedFile[] }
  | { readonly kind: 'progress'; readonly files: number; readonly bytesRead: number }
  | {
      readonly kind: 'done';
      readonly files: number;
      readonly bytes: number;
      readonly bytesRead: number;
      /** Each of two or more files with the same bytes; the largest files first. */
      readonly sets: readonly (readonly SweptFile[])[];
      readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
    };

interface Found extends SweptFile {
  readonly device: number;
  readonly inode: number;
}

const edge = 4096;
const chunk = 256 * 1024;
/** Files open at the same time; a larger set is taken in parts that share their first file. */
const mostOpen = 16;
const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error));

class Sweeper {
  readonly unreadable: { path: string; reason: string }[] = [];
  files = 0;
  bytes = 0;
  bytesRead = 0;
  private readonly seen = new Set<string>();
  private readonly buffers = Array.from({ length: mostOpen }, () => Buffer.allocUnsafeSlow(chunk));

  private readonly job: SweepJob;
  private readonly say: (message: SweepMessage) => void;

  constructor(job: SweepJob, say: (message: SweepMessage) => void) {
    this.job = job;
    this.say = say;
  }

  run(): void {
    const bySize = new Map<number, Found[]>();
    let listed: ListedFile[] = [];
    for (const root of this.job.roots) {
      this.walk(root, (path) => {
        if (!this.job.compare) {
          const stats = this.look(path, () => lstatSync(path, { bigint: true }));
          if (!stats?.isFile()) return;
          this.count(Number(stats.size));
          listed.push({ path, bytes: Number(stats.size), fingerprint: `${stats.size}:${stats.mtimeNs}:${stats.ino}` });
          if (listed.length >= 1000) {
            this.say({ kind: 'listed', files: listed });
            listed = [];
          }
          return;
        }
        const stats = this.look(path, () => lstatSync(path));
        if (!stats?.isFile()) return;
        this.count(stats.size);
        if (stats.size === 0) return;
        const file = { path, bytes: stats.size, modifiedMs: stats.mtimeMs, device: stats.dev, inode: stats.ino };
        const same = bySize.get(stats.size);
        if (same) same.push(file);
        else bySize.set(stats.size, [file]);
      });
    }
    if (listed.length > 0) this.say({ kind: 'listed', files: listed });
    const sets: SweptFile[][] = [];
    for (const candidates of bySize.values()) {
      if (candidates.length < 2) continue;
      const distinct = withoutSecondNames(candidates);
      if (distinct.length < 2) continue;
      for (const set of this.equal(distinct)) sets.push(set.map(({ path, bytes, modifiedMs }) => ({ path, bytes, modifiedMs })));
    }
    sets.sort((a, b) => (b[0]?.bytes ?? 0) - (a[0]?.bytes ?? 0) || ((a[0]?.path ?? '') < (b[0]?.path ?? '') ? -1 : 1));
    this.say({ kind: 'done', files: this.files, bytes: this.bytes, bytesRead: this.bytesRead, sets, unreadable: this.unreadable });
  }

  private count(bytes: number): void {
    this.files += 1;
    this.bytes += bytes;
    if (this.files % 5000 === 0) this.say({ kind: 'progress', files: this.files, bytesRead: this.bytesRead });
  }

  private walk(directory: string, visit: (path: string) => void): void {
    if (this.seen.has(directory) || this.job.except.includes(directory)) return;
    this.seen.add(directory);
    const entries = this.look(directory, (): Dirent[] => readdirSync(directory, { withFileTypes: true }));
    const base = directory.endsWith('/') ? directory : `${directory}/`;
    const folders: string[] = [];
    const { passedOver } = this.job;
    for (const entry of entries ?? []) {
      if (entry.isDirectory()) {
        if (!passedOver.folder.test(entry.name)) folders.push(base + entry.name);
      } else if (entry.isFile() && !passedOver.file.test(entry.name)) visit(base + entry.name);
    }
    for (const folder of folders) this.walk(folder, visit);
  }

  /** What cannot be read is reported, and the rest goes on; what went away meanwhile is not missed. */
  private look<T>(path: string, work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || this.job.roots.includes(path)) this.unreadable.push({ path, reason: codeOf(error) });
      return null;
    }
  }

  /** Splits files of one size into sets with the same bytes. */
  private equal(files: readonly Found[]): Found[][] {
    if (files.length <= mostOpen) return this.sideBySide(files);
    const byEdges = new Map<string, Found[]>();
    for (const file of files) {
      const key = this.look(file.path, () => this.edgesOf(file));
      if (key === null) continue;
      const same = byEdges.get(key);
      if (same) same.push(file);
      else byEdges.set(key, [file]);
    }
    return [...byEdges.values()].filter((group) => group.length > 1).flatMap((group) => this.inParts(group));
  }

  private inParts(files: readonly Found[]): Found[][] {
    const sets: Found[][] = [];
    let left = [...files];
    while (left.length > 1) {
      const [first, ...others] = left;
      if (!first) break;
      const set = [first];
      for (let at = 0; at < others.length; at += mostOpen - 1) {
        const part = this.sideBySide([first, ...others.slice(at, at + mostOpen - 1)]).find((found) => found[0] === first);
        if (part) set.push(...part.slice(1));
      }
      if (set.length > 1) sets.push(set);
      const taken = new Set(set);
      left = left.filter((file) => !taken.has(file));
    }
    return sets;
  }

  private edgesOf({ path, bytes }: Found): string {
    const descriptor = openSync(path, reading);
    try {
      const buffer = this.buffers[0]!;
      const head = readSync(descriptor, buffer, 0, Math.min(edge, bytes), 0);
      const tail = bytes > edge ? readSync(descriptor, buffer, head, edge, Math.max(head, bytes - edge)) : 0;
      this.bytesRead += head + tail;
      return buffer.toString('latin1', 0, head + tail);
    } finally {
      closeSync(descriptor);
    }
  }

  private sideBySide(files: readonly Found[]): Found[][] {
    const open: { file: Found; descriptor: number; buffer: Buffer }[] = [];
    try {
      for (const file of files) {
        const descriptor = this.look(file.path, () => openSync(file.path, reading));
        if (descriptor !== null) open.push({ file, descriptor, buffer: this.buffers[open.length]! });
      }
      let classes = [open];
      const { bytes } = files[0]!;
      const pieces: (readonly [position: number, length: number])[] = [[0, Math.min(edge, bytes)]];
      if (bytes > edge) pieces.push([Math.max(edge, bytes - edge), Math.min(edge, bytes - edge)]);
      for (let at = edge; at < bytes - edge; at += chunk) pieces.push([at, Math.min(chunk, bytes - edge - at)]);
      for (const [position, length] of pieces) {
        classes = classes.flatMap((members) => this.split(members, position, length)).filter((members) => members.length > 1);
        if (classes.length === 0) return [];
      }
      return classes.map((members) => members.map(({ file }) => file));
    } finally {
      for (const { descriptor } of open) closeSync(descriptor);
    }
  }

  private split<T extends { readonly file: Found; readonly descriptor: number; readonly buffer: Buffer }>(members: readonly T[], position: number, length: number): T[][] {
    const groups: T[][] = [];
    for (const member of members) {
      const read = this.look(member.file.path, () => readSync(member.descriptor, member.buffer, 0, length, position));
      if (read === null) continue;
      this.bytesRead += read;
      // shorter than it was: it is being written to, and equal to nothing
      if (read !== length) continue;
      const group = groups.find(([first]) => first && first.buffer.compare(member.buffer, 0, length, 0, length) === 0);
      if (group) group.push(member);
      else groups.push([member]);
    }
    return groups;
  }
}

/** Hard links are one file: none of its names is a duplicate of another. */
function withoutSecondNames(files: readonly Found[]): Found[] {
  const seen = new Set<string>();
  return files.filter(({ device, inode }) => {
    const key = `${device}:${inode}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

interface Data {
  readonly kind: 'sweep';
  readonly job: SweepJob;
}
const isJob = (data: unknown): data is Data => typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'sweep';

if (!isMainThread && isJob(workerData)) new Sweeper(workerData.job, (message) => parentPort?.postMessage(message)).run();
