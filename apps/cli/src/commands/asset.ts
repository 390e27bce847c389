import { Command, InvalidArgumentError, Option } from 'commander';
import { assetStates, errorCatalogue, isErrorCode, LibraryPath, PipelineError, type AssetState } from '@media-pipeline/contracts';
import type { AssetWithFiles, Database } from '@media-pipeline/schema';
import { eachAsset } from '../library/assets';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { assetLine, goneWords, proofLines, type AssetLine } from '../output/asset-view';
import { bytes, note, paint, print, printable, printJson, table } from '../output/text';

interface ListFlags extends LibraryFlags {
  readonly json?: boolean;
  readonly state?: AssetState;
  readonly code?: string;
  readonly gone?: boolean;
  readonly after?: string;
  readonly limit?: number;
}
interface ShowFlags extends LibraryFlags {
  readonly json?: boolean;
}

const tableRows = 50;

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
};

const listExamples = `
Examples:
  media-pipeline asset list --state set_aside
  media-pipeline asset list --code MEDIA_CORRUPT --json
  media-pipeline asset list --code NOT_SMALLER          # originals that were not compressed, and why: docs/COMPRESSION.md
  media-pipeline asset list --gone                     # what iCloud has no longer; the files here stay
  media-pipeline asset list --limit 100 --after ID     # the page after ID

--json prints one line per asset:
  {"id","state","reason","original":{"path","sha256","bytes"},"rendition":{"path","sha256","bytes"}|null,"archived":[paths],"duplicateOf","files":[…],"gone":{"at","how"}|null}
reason is "CODE: sentence" or null; paths are relative to the library. gone: when the source was found to have it no longer, and how:
hidden (still there), trashed (it can come back), purged.`;

export function assetCommand(): Command {
  const list = withLibrary(new Command('list'))
    .description('photos and videos in order of arrival')
    .addOption(new Option('--state <state>', 'only those in this state').choices([...assetStates]))
    .option('--code <code>', 'only those stopped, or kept uncompressed, with this code')
    .option('--gone', 'only those that their source has no longer (deleted or hidden in iCloud)')
    .option('--after <id>', 'only those that came after this one')
    .option('--limit <n>', `at most so many (default: ${tableRows}; with --json all)`, wholeNumber)
    .option('--json', 'one JSON line per asset')
    .addHelpText('after', listExamples)
    .action(listAssets);
  const show = withLibrary(new Command('show'))
    .description('one photo with its files, deliveries and history')
    .argument('<id-or-path>', 'its id, or the path of one of its files in the library')
    .option('--json', 'one JSON line')
    .addHelpText('after', '\nExamples:\n  media-pipeline asset show originals/IMG_1.HEIC\n  media-pipeline asset show 0197… --json')
    .action(showAsset);
  return new Command('asset').addCommand(list).addCommand(show);
}

async function listAssets(flags: ListFlags): Promise<void> {
  const { config } = readSettings(flags);
  const limit = flags.limit ?? (flags.json ? Infinity : tableRows);
  const filter = { ...(flags.state && { state: flags.state }), ...(flags.code !== undefined && { code: flags.code.toUpperCase() }), ...(flags.gone && { gone: true }), ...(flags.after !== undefined && { after: flags.after }) };
  const database = await openDatabase(config);
  try {
    if (flags.json) {
      for await (const asset of eachAsset(database, filter, limit)) printJson(assetLine(asset));
      return;
    }
    const lines: AssetLine[] = [];
    for await (const asset of eachAsset(database, filter, limit)) lines.push(assetLine(asset));
    if (lines.length === 0) {
      print('No photos.');
      if (flags.code !== undefined) note(await codesHere(database));
      return;
    }
    print(table(['id', 'state', 'size', 'original', flags.gone ? 'in the source' : 'reason'], lines.map(({ id, state, original, reason, gone }) => [id, state, bytes(original.bytes), original.path, flags.gone ? goneWords(gone) : (reason ?? '')]), [2]));
    const last = lines.at(-1);
    if (last && lines.length === limit) print(paint().dim(`next page: --after ${last.id}`));
  } finally {
    await database.close();
  }
}

/** What could have been asked for. */
async function codesHere(database: Database): Promise<string> {
  const codes = await database.assets.countByCode();
  if (codes.size === 0) return 'No photo was stopped, or kept uncompressed.';
  return `Codes that photos here have: ${[...codes].map(([code, count]) => `${code} (${count})`).join(', ')}`;
}

/** By id, else by path, else by the path that one of its files had before. @throws UNKNOWN_ASSET */
export async function findAsset(database: Database, named: string): Promise<AssetWithFiles> {
  const byId = /^[0-9a-f-]{36}$/i.test(named) ? await database.assets.find(named.toLowerCase()) : null;
  if (byId) return byId;
  const path = LibraryPath.safeParse(named);
  const byPath = path.success ? await database.assets.findByPath(path.data) : null;
  if (byPath) return byPath;
  const [moved] = path.success ? await database.journal.list({ from: path.data, limit: 1 }) : [];
  const byFormer = moved?.assetId ? await database.assets.find(moved.assetId) : null;
  if (byFormer) return byFormer;
  throw new PipelineError('UNKNOWN_ASSET', `The library knows no photo by ${JSON.stringify(named)}.`);
}

async function showAsset(named: string, flags: ShowFlags): Promise<void> {
  const { config } = readSettings(flags);
  const database = await openDatabase(config);
  try {
    const asset = await findAsset(database, named);
    const line = assetLine(asset);
    if (flags.json) {
      printJson(line);
      return;
    }
    const [deliveries, history] = await Promise.all([database.batches.deliveriesOf(asset.id), database.log.list({ assetId: asset.id, limit: 200 })]);
    print(`${paint().bold(asset.id)}  ${asset.kind}, ${asset.state}`);
    if (line.reason !== null) print(`reason        ${printable(line.reason)}`);
    if (asset.code !== null && isErrorCode(asset.code)) print(`what to do    ${errorCatalogue[asset.code].advice}`);
    print(`source        ${asset.source}: ${printable(asset.sourceKey)}`);
    if (line.gone !== null) print(`in the source ${goneWords(line.gone)}; the files here stay`);
    print(`captured      ${asset.captureDate ?? 'unknown'}${asset.captureDateSource === null ? '' : ` (${asset.captureDateSource})`}`);
    if (asset.duplicateOf !== null) print(`duplicate of  ${asset.duplicateOf}`);
    for (const file of line.files) {
      print(`\n${file.role}  ${printable(file.path)}  ${bytes(file.bytes)}`);
      print(`  sha256      ${file.sha256 ?? 'not read yet'}`);
      if (file.rendition) print(`  compressed  ${printable(file.rendition.path)}  ${bytes(file.rendition.bytes)}  sha256 ${file.rendition.sha256 ?? ''}`);
      if (file.rendition?.proof) for (const proof of proofLines(file.rendition.proof)) print(`    ${printable(proof)}`);
      if (file.keptBecause !== null) print(`  kept        ${printable(file.keptBecause)}`);
      if (file.archivedPath !== null) print(`  archived    ${printable(file.archivedPath)}`);
    }
    if (deliveries.length > 0) print(`\n${table(['destination', 'state', 'name', 'evidence'], deliveries.map((delivery) => [delivery.destination, delivery.state, delivery.name, delivery.evidence ?? '']))}`);
    print(`\n${table(['when', 'stage', 'what', 'message'], history.toReversed().map(({ at, step, status, code, message }) => [at.toISOString(), step, code ?? status, message]))}`);
  } finally {
    await database.close();
  }
}
