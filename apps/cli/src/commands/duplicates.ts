import { Command, InvalidArgumentError } from 'commander';
import { PipelineError } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { bytes, counted, paint, print, printJson, table } from '../output/text';
import { sweepCommand } from './duplicates-sweep';

interface ListFlags extends LibraryFlags {
  readonly json?: boolean;
  readonly overlaps?: boolean;
  readonly limit?: number;
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
};

const listAbout = `
Newest first. Files of duplicates lie in cleanup/, nothing is deleted. "better: newcomer" means that the duplicate has the better name or
date; the survivor takes them over as long as it has no name in the archive or at a destination.

Examples:
  media-pipeline duplicates list
  media-pipeline duplicates list --overlaps            # pairs of which only some files are there twice: both are kept
  media-pipeline duplicates list --json

--json prints one line for each: {"id","path","survivor","kind","better","reason","adopted","at","undone"}, then one for each sweep:
  {"sweep","at","files","moved","bytes"}`;

const undoAbout = `
Of a duplicate: its files go back to where they were, and it goes on through the pipeline as a photo of its own.
Of a sweep: every file that it moved goes back.

Examples:
  media-pipeline duplicates undo 0197…                 # an id that \`duplicates list\` shows`;

export function duplicatesCommand(): Command {
  const list = withLibrary(new Command('list'))
    .description('what was taken for a duplicate, of what, and why')
    .option('--overlaps', 'pairs that share only some of their files')
    .option('--limit <n>', 'at most so many (default: 50; with --json all)', wholeNumber)
    .option('--json', 'JSON lines')
    .addHelpText('after', listAbout)
    .action(listDuplicates);
  const undo = withLibrary(new Command('undo'))
    .description('take one back, or all that a sweep moved')
    .argument('<id>', 'id of the duplicate, or of the sweep')
    .option('--json', 'one JSON object')
    .addHelpText('after', undoAbout)
    .action(undoOne);
  return new Command('duplicates').addCommand(sweepCommand()).addCommand(list).addCommand(undo);
}

async function listDuplicates(flags: ListFlags): Promise<void> {
  const { config } = readSettings(flags);
  const database = await openDatabase(config);
  try {
    const limit = flags.limit ?? (flags.json ? 2 ** 31 - 1 : 50);
    const decisions = await database.duplicates.list({ kind: flags.overlaps ? 'overlap' : 'duplicate', limit });
    const assets = new Map<string, string>();
    for (let at = 0; at < decisions.length; at += 500) {
      const ids = decisions.slice(at, at + 500).flatMap(({ assetId, survivorId }) => [assetId, ...(survivorId === null ? [] : [survivorId])]);
      for (const asset of await database.assets.findMany([...new Set(ids)])) assets.set(asset.id, asset.files[0]?.path ?? '');
    }
    const lines = decisions.map((decision) => ({
      id: decision.assetId,
      path: assets.get(decision.assetId) ?? '',
      survivor: decision.survivorId === null ? decision.survivorPath : (assets.get(decision.survivorId) ?? decision.survivorId),
      kind: decision.kind,
      better: decision.better,
      reason: decision.reason,
      adopted: decision.adopted,
      at: decision.decidedAt.toISOString(),
      undone: decision.undoneAt?.toISOString() ?? null,
    }));
    const sweeps = await database.duplicates.sweeps(flags.json ? 1_000 : 10);
    if (flags.json) {
      lines.forEach(printJson);
      sweeps.forEach(({ sweepId, at, ...counts }) => printJson({ sweep: sweepId, at: at.toISOString(), ...counts }));
      return;
    }
    print(lines.length === 0 ? `No ${flags.overlaps ? 'overlaps' : 'duplicates'}.` : table(['id', 'file', flags.overlaps ? 'shares files with' : 'duplicate of', 'better', 'why', ''], lines.map((line) => [line.id, line.path, line.survivor ?? '', line.better, line.reason, line.undone === null ? '' : 'undone'])));
    if (sweeps.length > 0) print(`\n${table(['sweep', 'when', 'moved', 'size'], sweeps.map((sweep) => [sweep.sweepId, sweep.at.toISOString(), `${sweep.moved} of ${sweep.files}`, bytes(sweep.bytes)]), [3])}`);
    if (lines.length + sweeps.length > 0) print(paint().dim('take back with: media-pipeline duplicates undo ID'));
  } finally {
    await database.close();
  }
}

async function undoOne(id: string, flags: LibraryFlags & { readonly json?: boolean }): Promise<void> {
  const { config } = readSettings(flags);
  const database = await openDatabase(config);
  const { undoDuplicate, undoSweep } = await import('../duplicates/undo.js');
  const library = new Library(config.library.areas, config.library.root);
  try {
    const asset = /^[0-9a-f-]{36}$/i.test(id) ? await database.assets.find(id.toLowerCase()) : null;
    if (asset) {
      const { borrowBroker } = await import('../library/visit.js');
      await using borrowed = await borrowBroker(config, 'duplicates undo');
      const moved = await undoDuplicate({ database, library, bus: borrowed.bus }, asset);
      if (flags.json) printJson({ id: asset.id, moved });
      else print(`${counted(moved, 'file', 'files')} went back; ${borrowed.ours ? 'the next run takes it on.' : 'the pipeline takes it on.'}`);
      return;
    }
    const { moved, left, before } = await undoSweep({ database, library }, id.toLowerCase());
    if (moved + left.length + before === 0) throw new PipelineError('UNKNOWN_ASSET', `Neither a duplicate nor a sweep is known by ${JSON.stringify(id)}.`);
    if (flags.json) printJson({ id, moved, left });
    else print(`${moved + left.length === 0 ? 'Its files went back before.' : `${counted(moved, 'file', 'files')} went back.`}${left.map(({ path, reason }) => `\nleft in cleanup/: ${path}: ${reason}`).join('')}`);
    if (left.length > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
}
