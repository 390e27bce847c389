import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError, toPipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { FileMover, hashFile, type Library } from '@media-pipeline/files';
import { judgeUnits, sweepDirectories, type Finding, type Sweep, type SweptFile } from '@media-pipeline/duplicates';
import type { Database } from '@media-pipeline/schema';

export interface SweepReport extends Sweep {
  readonly findings: readonly Finding[];
}

/** Files that the pipeline keeps: they stay whatever a sweep finds. */
export type Keeper = (place: string) => boolean;

/** Looks through directories, which are only read, and says which whole photos are there twice. */
export async function sweep(directories: readonly string[], except: readonly string[], keeps: (paths: readonly string[]) => Promise<Keeper>, onProgress: (files: number) => void): Promise<SweepReport> {
  const found = await sweepDirectories(directories, { except, onProgress });
  const folders = new Map<string, SweptFile[]>();
  for (const { path: place } of found.sets.flat()) folders.set(path.dirname(place), []);
  for (const folder of folders.keys()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    folders.set(folder, entries.filter((entry) => entry.isFile()).map((entry) => ({ path: path.join(folder, entry.name), bytes: 0, modifiedMs: 0 })));
  }
  const swept = new Map(found.sets.flat().map((file) => [file.path, file]));
  const beside = new Map<string, SweptFile[]>();
  for (const files of folders.values()) {
    for (const file of files) {
      const key = stemOf(file.path);
      beside.set(key, [...(beside.get(key) ?? []), swept.get(file.path) ?? file]);
    }
  }
  const keeper = await keeps([...swept.keys()]);
  const findings = judgeUnits(found.sets, (place) => beside.get(stemOf(place)) ?? [], keeper);
  return { ...found, findings };
}

/** As judgeUnits takes files for one photo: the same folder and stem, sidecars and `_HEVC` aside. */
const stemOf = (place: string): string => {
  const name = path.basename(place).replace(/\.(?:xmp|aae|json)$/i, '');
  return `${path.dirname(place)}/${name.replace(/\.[^.]{1,8}$/, '').replace(/_hevc$/i, '').normalize('NFC').toLowerCase()}`;
};

export interface Applied {
  readonly sweepId: string;
  readonly moved: number;
  readonly bytes: number;
  /** Duplicates that stay where they are, by reason. */
  readonly left: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Moves the duplicates that lie in the library's own originals/ and sorted/, and that no asset has, to cleanup/ – journalled, with what
 * they are a duplicate of. Both files are hashed anew first. What lies outside of the library is never touched.
 */
export async function applySweep(database: Database, library: Library, sweepId: string, findings: readonly Finding[]): Promise<Applied> {
  const mover = new FileMover(library, database.journal);
  const left: { path: string; reason: string }[] = [];
  let moved = 0;
  let bytes = 0;
  for (const { kind, pairs } of findings) {
    if (kind !== 'duplicate') continue;
    const reason = obstacle(library, pairs.map(({ file }) => file.path));
    if (reason !== null) {
      left.push(...pairs.map(({ file }) => ({ path: file.path, reason })));
      continue;
    }
    try {
      // all files of a photo are proven before the first is moved
      const proven = await Promise.all(pairs.map(async (pair) => ({ ...pair, content: await sameContent(pair.file.path, pair.same.path) })));
      for (const { file, same, content } of proven) {
        const from = library.relative(file.path);
        const to = library.path('cleanup', 'sweeps', sweepId, ...from.split('/'));
        const planned = await database.duplicates.planSweepMove({ sweepId, from, to, survivorPath: same.path, ...content });
        await mover.move({ assetId: null, fileId: null, from, to, ...content, reason: `sweep ${sweepId}: same bytes as ${same.path}` });
        await database.duplicates.setSweepMove(planned.id, 'moved');
        moved += 1;
        bytes += content.bytes;
      }
    } catch (thrown) {
      const { code, message } = toPipelineError(thrown);
      left.push(...pairs.map(({ file }) => ({ path: file.path, reason: `${code}: ${message}` })));
    }
  }
  return { sweepId, moved, bytes, left };
}

async function sameContent(a: string, b: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const [one, other] = await Promise.all([hashFile(a), hashFile(b)]);
  const [first, second] = await Promise.all([stat(a, { bigint: true }), stat(b, { bigint: true })]);
  if (first.ino === second.ino && first.dev === second.dev) throw new PipelineError('NAME_CONFLICT', `${a} and ${b} are two names of one file`);
  if (one.sha256 !== other.sha256) throw new PipelineError('CONTENT_CHANGED', `${a} is no longer the same as ${b}`);
  return one;
}

function obstacle(library: Library, places: readonly string[]): string | null {
  for (const place of places) {
    const inside = relativeOrNull(library, place);
    if (inside === null) return 'it lies outside of the library, which is only read';
    if (!/^(?:originals|sorted)\//.test(inside)) return 'only originals/ and sorted/ are tidied';
  }
  return null;
}

function relativeOrNull(library: Library, place: string): LibraryPath | null {
  try {
    return library.relative(place);
  } catch {
    return null;
  }
}

/** The keeper of a library: what any asset has, by path. */
export async function keeperOf(database: Database, library: Library, paths: readonly string[]): Promise<Keeper> {
  const known = new Set<string>();
  for (const place of paths) {
    const inside = relativeOrNull(library, place);
    if (inside !== null && (await database.assets.findByPath(inside))) known.add(place);
  }
  return (place) => known.has(place);
}
