import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { errnoOf, fileError, fingerprintOf, kindOf, Library, passedOver, textOfName } from '@media-pipeline/files';
import { Settings } from '@media-pipeline/stage';
import { kindOfOther, wanted, type Matcher } from '../patterns';
import type { Finding, Listing, SourceFile } from '../source-file';
import { judgeLink } from './links';

const slash = Buffer.from('/');
const deepest = 128;
const statsAtOnce = 32;

/** Opens the folder of FOLDER_SOURCE_PATH. It is only ever read. */
@Injectable()
export class FolderSource {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
  ) {}

  /** @throws FILE_MISSING, FILE_UNREADABLE, IO_ERROR when the folder cannot be read: it may not be mounted */
  async open(folder: string): Promise<OpenFolder> {
    const root = Buffer.from(folder);
    const ours = await Promise.all([this.library.root, ...Object.values(this.library.areas)].map(identityOf));
    try {
      await readdir(root);
    } catch (error) {
      throw fileError(error, root, 'source');
    }
    return new OpenFolder(root, wanted(this.settings.folderSource.patterns), new Set(ours.filter((identity) => identity !== null)));
  }
}

/** A source folder: its files folder by folder, names as the bytes they are. Links are never followed. */
export class OpenFolder {
  constructor(
    readonly root: Buffer,
    private readonly wants: Matcher,
    /** `dev:ino` of the library's own directories, which are not read even if they lie inside. */
    private readonly ours: ReadonlySet<string>,
  ) {}

  /** Every folder, the source folder first. What changes meanwhile is seen or not. */
  async *walk(folder: Buffer = Buffer.alloc(0), depth = 0): AsyncGenerator<Listing> {
    const { listing, folders } = await this.read(folder);
    yield listing;
    for (const below of folders) {
      if (depth < deepest) yield* this.walk(below, depth + 1);
      else yield { folder: below, files: [], findings: [], others: [], unreadable: { code: 'FILE_UNREADABLE', reason: `more than ${deepest} folders deep` } };
    }
  }

  /** One folder alone. */
  async list(folder: Buffer): Promise<Listing> {
    return (await this.read(folder)).listing;
  }

  private async read(folder: Buffer): Promise<{ readonly listing: Listing; readonly folders: readonly Buffer[] }> {
    const nothing = { folder, files: [], findings: [], others: [] };
    const place = this.placeOf(folder);
    try {
      if (folder.length > 0 && this.ours.has((await identityOf(place)) ?? '')) return { listing: nothing, folders: [] };
      const entries = await readdir(place, { encoding: 'buffer', withFileTypes: true });
      entries.sort((a, b) => Buffer.compare(a.name, b.name));
      const folders = entries.filter((entry) => entry.isDirectory() && !passedOver.folder.test(textOfName(entry.name))).map((entry) => join(folder, entry.name));
      const files: SourceFile[] = [];
      const findings: Finding[] = [];
      const others: string[] = [];
      const candidates = entries.filter((entry) => {
        if (entry.isDirectory()) return false;
        if (entry.isSymbolicLink() || this.wants(textOfName(join(folder, entry.name)))) return true;
        const kind = entry.isFile() ? kindOfOther(textOfName(entry.name)) : null;
        if (kind !== null) others.push(kind);
        return false;
      });
      for (let at = 0; at < candidates.length; at += statsAtOnce) {
        for (const seen of await Promise.all(candidates.slice(at, at + statsAtOnce).map(async (entry) => await this.look(folder, entry)))) {
          if (seen === null) continue;
          if ('code' in seen) findings.push(seen);
          else files.push(seen);
        }
      }
      return { listing: { folder, files, findings, others }, folders };
    } catch (error) {
      // Removed since its name was read: nothing is left to be said. The source folder itself is another matter.
      if (errnoOf(error) === 'ENOENT' && folder.length > 0) return { listing: nothing, folders: [] };
      const failure = fileError(error, place, 'source');
      if (folder.length === 0 || failure.code === 'IO_ERROR') throw failure;
      return { listing: { ...nothing, unreadable: { code: failure.code, reason: failure.message } }, folders: [] };
    }
  }

  private async look(folder: Buffer, entry: Dirent<Buffer>): Promise<SourceFile | Finding | null> {
    const path = join(folder, entry.name);
    const place = this.placeOf(path);
    const stats = await lstat(place, { bigint: true }).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (stats === null || stats.isDirectory()) return null;
    const file = sourceFile(place, path, stats);
    if (stats.isFile()) return this.wants(file.path) ? file : null;
    if (!stats.isSymbolicLink()) return this.wants(file.path) ? { file, code: 'NOT_A_REGULAR_FILE', reason: `${file.path} is a ${kindOf(stats)}` } : null;
    const verdict = await judgeLink(place, this.root, this.wants(file.path));
    return verdict === null ? null : { file, code: verdict.code, reason: `${file.path} ${verdict.reason}` };
  }

  private placeOf(path: Buffer): Buffer {
    return path.length === 0 ? this.root : Buffer.concat([this.root, slash, path]);
  }
}

const join = (folder: Buffer, name: Buffer): Buffer => (folder.length === 0 ? name : Buffer.concat([folder, slash, name]));

function sourceFile(place: Buffer, path: Buffer, stats: BigIntStats): SourceFile {
  return {
    place,
    sourcePath: textOfName(place),
    path: textOfName(path),
    bytes: Number(stats.size),
    fingerprint: fingerprintOf(stats),
    modifiedAt: stats.mtime,
    changedAt: stats.ctime,
  };
}

async function identityOf(place: string | Buffer): Promise<string | null> {
  const stats = await lstat(place, { bigint: true }).catch(() => null);
  return stats === null ? null : `${stats.dev}:${stats.ino}`;
}
