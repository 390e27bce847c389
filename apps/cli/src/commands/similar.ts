import { Command, Option } from 'commander';
import { PipelineError } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import { LikenessPass, lookVersion } from '@media-pipeline/likeness';
import type { AssetWithFiles, Database, SimilarGroup } from '@media-pipeline/schema';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { Interrupt } from '../run/interrupt';
import { exitCodes } from '../failure';
import { bytes, counted, note, paint, print, printable, printJson, table } from '../output/text';

interface SimilarFlags extends LibraryFlags {
  readonly json?: boolean;
}
interface ListFlags extends SimilarFlags {
  readonly kind?: SimilarGroup['kind'];
  readonly dismissed?: boolean;
}

const kinds = `
copy   the same picture in another form: recompressed, resized, cropped, turned, with a mark; the same video in another encoding
burst  other pictures of the same moment
alike  may be either; look yourself
Similar pictures are only ever proposed: nothing is moved or removed by any of these commands.`;

const listAbout = `${kinds}

Examples:
  media-pipeline similar list --kind burst
  media-pipeline similar show ID
  media-pipeline similar dismiss ID                    # not shown any more, until it gets a new member

--json prints one line per group: {"id","kind","state","best","why","members":[{"id","path","bytes","why"}]}`;

const findAbout = `${kinds}

Looks at what has not been looked at, compares, proposes groups. A pipeline that runs on and on does the same while it is idle
(ENABLE_SIMILARITY). Ctrl-C ends it; the next time it goes on where it was.

Examples:
  media-pipeline similar find --library /mnt/nas/photos
  media-pipeline similar find --retry                  # also what could not be read, for example for want of ffmpeg`;

export function similarCommand(): Command {
  const find = withLibrary(new Command('find'))
    .description('look for similar pictures now')
    .option('--retry', 'try again what could not be read')
    .option('--json', 'one JSON object')
    .addHelpText('after', findAbout)
    .action(findSimilar);
  const list = withLibrary(new Command('list'))
    .description('groups of similar pictures, each with the best one and why')
    .addOption(new Option('--kind <kind>', 'only these').choices(['copy', 'burst', 'alike']))
    .option('--dismissed', 'those that were dismissed')
    .option('--json', 'one JSON line per group')
    .addHelpText('after', listAbout)
    .action(listSimilar);
  const show = withLibrary(new Command('show'))
    .description('one group, or the groups of one photo')
    .argument('<id>', 'id of the group or of a photo')
    .option('--json', 'one JSON line per group')
    .addHelpText('after', '\nExamples:\n  media-pipeline similar show 0197…')
    .action(showSimilar);
  const dismiss = withLibrary(new Command('dismiss'))
    .description('do not propose this group any more')
    .argument('<id>', 'id of the group')
    .addHelpText('after', '\nExamples:\n  media-pipeline similar dismiss 0197…')
    .action(dismissGroup);
  return new Command('similar').addCommand(find).addCommand(list).addCommand(show).addCommand(dismiss);
}

async function findSimilar(flags: SimilarFlags & { readonly retry?: boolean }): Promise<void> {
  const { config } = readSettings(flags);
  const database = await openDatabase(config);
  const stopped = new AbortController();
  using _interrupt = new Interrupt(() => {
    stopped.abort();
  });
  try {
    if (flags.retry) await database.likeness.forgetProblems();
    const onLook = (done: number, total: number): void => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} looked at`);
    };
    const result = await new LikenessPass(database, new Library(config.library.areas, config.library.root)).run({ maxMegapixels: config.compression.maxMegapixels, signal: stopped.signal, onLook });
    if (process.stderr.isTTY) process.stderr.write('\n');
    if (flags.json) printJson(result);
    else print(`${result.looked} looked at${result.unreadable > 0 ? ` (${result.unreadable} could not be read)` : ''}, ${counted(result.compared, 'pair', 'pairs')} compared, ${counted(result.groups, 'group', 'groups')}${result.groups > 0 ? ': media-pipeline similar list' : ''}`);
    if (!result.finished) process.exitCode = exitCodes.interrupted;
  } finally {
    await database.close();
  }
}

async function listSimilar(flags: ListFlags): Promise<void> {
  await withDatabase(flags, async (database) => {
    const groups = await database.likeness.groups({ ...(flags.kind && { kind: flags.kind }), state: flags.dismissed ? 'dismissed' : 'proposed', limit: 100_000 });
    await printGroups(database, groups, flags.json === true);
    const waiting = await database.likeness.countMissing(lookVersion);
    if (waiting > 0) note(`${counted(waiting, 'photo has', 'photos have')} not been looked at: media-pipeline similar find`);
  });
}

async function showSimilar(id: string, flags: SimilarFlags): Promise<void> {
  await withDatabase(flags, async (database) => {
    const group = await database.likeness.findGroup(id.toLowerCase());
    const groups = group ? [group] : (await database.likeness.groups({ limit: 100_000 })).filter(({ members }) => members.some(({ assetId }) => assetId === id.toLowerCase()));
    if (groups.length === 0) throw new PipelineError('UNKNOWN_ASSET', `No group of similar pictures is known by ${JSON.stringify(id)}: \`similar list\` shows their ids.`);
    await printGroups(database, groups, flags.json === true);
  });
}

async function dismissGroup(id: string, flags: LibraryFlags): Promise<void> {
  await withDatabase(flags, async (database) => {
    if (!(await database.likeness.findGroup(id.toLowerCase()))) throw new PipelineError('UNKNOWN_ASSET', `No group of similar pictures is known by ${JSON.stringify(id)}: \`similar list\` shows their ids.`);
    await database.likeness.setGroupState(id.toLowerCase(), 'dismissed');
    print('dismissed');
  });
}

async function withDatabase(flags: LibraryFlags, work: (database: Database) => Promise<void>): Promise<void> {
  const { config } = readSettings(flags);
  const database = await openDatabase(config);
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

async function printGroups(database: Database, groups: readonly SimilarGroup[], json: boolean): Promise<void> {
  if (groups.length === 0 && !json) print('No groups.');
  for (const group of groups) {
    const assets = new Map((await database.assets.findMany(group.members.map(({ assetId }) => assetId))).map((asset) => [asset.id, asset]));
    const members = group.members.map(({ assetId, why }) => ({ id: assetId, ...placeOf(assets.get(assetId)), why }));
    if (json) {
      printJson({ id: group.id, kind: group.kind, state: group.state, best: group.bestAssetId, why: group.why, members });
      continue;
    }
    print(`${paint().bold(group.kind)}  ${group.id}${group.state === 'dismissed' ? '  dismissed' : ''}`);
    print(table(['', 'photo', 'file', 'size', 'why'], members.map((member) => [member.id === group.bestAssetId ? 'best' : '', member.id, printable(member.path), bytes(member.bytes), member.why]), [3]));
    print();
  }
}

const placeOf = (asset: AssetWithFiles | undefined): { readonly path: string; readonly bytes: number } => {
  const file = asset?.files.find(({ role }) => role === 'primary') ?? asset?.files[0];
  return { path: file?.archivedPath ?? file?.path ?? '', bytes: file?.bytes ?? 0 };
};
