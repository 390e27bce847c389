import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import type { Config } from '@media-pipeline/config';
import { Library } from '@media-pipeline/files';
import { listDirectories } from '@media-pipeline/duplicates';
import { applySweep, keeperOf, sweep, type Applied, type SweepReport } from '../duplicates/sweep';
import { hashWith, readHashList } from '../duplicates/hash-list';
import { LibraryLock } from '../library/library-lock';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { bytes, counted, duration, note, paint, print, printJson, table } from '../output/text';

interface SweepFlags extends LibraryFlags {
  readonly apply?: boolean;
  readonly hashes?: string;
  readonly json?: boolean;
}

const about = `
Compares byte for byte; hard links of one file are no duplicates. A photo of several files (Live Photo, RAW with JPEG, sidecars) is a
duplicate only as a whole; what shares only some files is reported as an overlap. Which one stays: the one with its companions, not named
as a copy, with the camera's name, the oldest. Directories are only read. With --apply, duplicates that lie in the library's own
originals/ and sorted/ and that the pipeline has not taken in go to cleanup/ (\`duplicates undo\` brings them back); what lies outside of
the library is never touched.

Examples:
  media-pipeline duplicates sweep ~/Pictures /mnt/old
  media-pipeline duplicates sweep /mnt/nas/photos/sorted --library /mnt/nas/photos --apply
  media-pipeline duplicates sweep ~/Pictures --hashes old.md5    # also what a list of DEDUPLICATION_HASH_ALGORITHM has
  media-pipeline duplicates sweep                                # DEDUPLICATION_DIRECTORIES

--json prints one line for each duplicate, {"kind","files":[paths],"survivor":[paths],"bytes","why"}, then
  {"files","bytes","sets","duplicates","overlaps","reclaimable","unreadable","seconds"}.`;

export const sweepCommand = (): Command =>
  withLibrary(new Command('sweep'))
    .description('find files with the same bytes in directories that the pipeline did not take in')
    .argument('[dir...]', 'directories (default: DEDUPLICATION_DIRECTORIES)')
    .option('--apply', 'move duplicates inside the library to cleanup/')
    .option('--hashes <file>', 'also report files whose hash stands in this list')
    .option('--json', 'JSON lines')
    .addHelpText('after', about)
    .action(async (directories: string[], flags: SweepFlags) => {
      const since = performance.now();
      const { config } = readSettings(flags);
      const roots = await rootsOf(directories.length > 0 ? directories.map((name) => path.resolve(name)) : config.dedupe.directories);
      const library = new Library(config.library.areas, config.library.root);
      // what the pipeline keeps beside its archive is there twice on purpose
      const except = ['cleanup', 'bridge/icloud', 'bridge/pixel', 'uploaded/icloud', 'uploaded/pixel', 'compressed', '.media-pipeline', 'logs'] as const;
      const database = await openDatabase(config).catch((error: unknown) => {
        if (toPipelineError(error).code === 'NOT_A_LIBRARY' && flags.apply !== true) return null;
        throw error;
      });
      try {
        const keeps = (paths: readonly string[]) => (database ? keeperOf(database, library, paths) : Promise.resolve(() => false));
        const report = await sweep(roots, except.map((area) => library.areas[area]), keeps, (files) => {
          if (process.stderr.isTTY) process.stderr.write(`\r${files} files`);
        });
        const seconds = Math.round(performance.now() - since) / 1000;
        show(report, seconds, flags.json === true);
        if (flags.hashes !== undefined) await showListed(flags.hashes, config, report, roots, flags.json === true);
        if (flags.apply && database) showApplied(await apply(config, () => applySweep(database, library, randomUUID(), report.findings)), flags.json === true);
      } finally {
        await database?.close();
      }
    });

/** @throws USAGE for none, or for one that is not there */
async function rootsOf(directories: readonly string[]): Promise<readonly string[]> {
  if (directories.length === 0) throw new PipelineError('USAGE', 'Name a directory, or set DEDUPLICATION_DIRECTORIES.');
  for (const directory of directories) {
    const found = await stat(directory).catch(() => null);
    if (found?.isDirectory() !== true) throw new PipelineError('USAGE', `${directory} is ${found ? 'not a directory' : 'not there'}.`);
  }
  return directories;
}

/** Nothing else works on the library meanwhile: what a stage is about to adopt is nobody's yet. */
async function apply(config: Config, work: () => Promise<Applied>): Promise<Applied> {
  await using _lock = await LibraryLock.take(config.library.areas['.media-pipeline'], 'duplicates sweep --apply');
  return await work();
}

function show({ findings, files, bytes: total, sets, unreadable }: SweepReport, seconds: number, json: boolean): void {
  const lines = findings.map(({ kind, unit, survivor, pairs, why }) => ({
    kind,
    files: unit.files.map((file) => file.path),
    survivor: survivor.files.map((file) => file.path),
    bytes: pairs.reduce((sum, { file }) => sum + file.bytes, 0),
    why,
  }));
  const duplicates = lines.filter(({ kind }) => kind === 'duplicate');
  const reclaimable = duplicates.reduce((sum, line) => sum + line.bytes, 0);
  if (json) {
    lines.forEach(printJson);
    printJson({ files, bytes: total, sets: sets.length, duplicates: duplicates.length, overlaps: lines.length - duplicates.length, reclaimable, unreadable: unreadable.length, seconds });
    return;
  }
  if (lines.length > 0) print(table(['', 'size', 'file', 'stays', 'because the one that stays'], lines.map((line) => [line.kind, bytes(line.bytes), line.files.join('\n'), line.survivor.join('\n'), line.why]), [1]));
  print(`${counted(files, 'file', 'files')}, ${bytes(total)}, ${duration(seconds)}: ${counted(duplicates.length, 'duplicate', 'duplicates')} (${bytes(reclaimable)}), ${counted(lines.length - duplicates.length, 'overlap', 'overlaps')}`);
  for (const { path: place, reason } of unreadable) note(`not readable: ${place} (${reason})`);
}

async function showListed(file: string, config: Config, { unreadable }: SweepReport, roots: readonly string[], json: boolean): Promise<void> {
  const { algorithm } = config.dedupe;
  const known = await readHashList(file, algorithm);
  const places: string[] = [];
  await listDirectories(roots, (files) => places.push(...files.map((found) => found.path)));
  const skipped = new Set(unreadable.map((found) => found.path));
  for (const place of places) {
    if (skipped.has(place)) continue;
    const name = known.get(await hashWith(algorithm, place));
    if (name === undefined) continue;
    if (json) printJson({ kind: 'listed', files: [place], survivor: [name], why: `${algorithm} in ${file}` });
    else print(`listed  ${place}  ${paint().dim(name)}`);
  }
}

function showApplied({ sweepId, moved, bytes: size, left }: Applied, json: boolean): void {
  if (json) {
    printJson({ sweep: sweepId, moved, bytes: size, left });
    return;
  }
  print(`${counted(moved, 'file', 'files')} (${bytes(size)}) went to cleanup/sweeps/${sweepId}${moved > 0 ? `; back with: media-pipeline duplicates undo ${sweepId}` : ''}`);
  for (const reason of new Set(left.map((found) => found.reason))) note(`${left.filter((found) => found.reason === reason).length} stay: ${reason}`);
}
