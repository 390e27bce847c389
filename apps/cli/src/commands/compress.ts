import { Command, InvalidArgumentError } from 'commander';
import type { Config } from '@media-pipeline/config';
import { PipelineError, type RecompressionEvent, type RecompressionResult } from '@media-pipeline/contracts';
import { exitCodes } from '../failure';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { bytes, note, paint, print, printable, printJson, table } from '../output/text';

interface AgainFlags extends LibraryFlags {
  readonly dryRun?: boolean;
  readonly olderThan?: number;
  readonly json?: boolean;
}

const years = (text: string): number => {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('It must be a number of years from 1 to 99.');
  return Number(text);
};

const about = `
Renditions that are due are made anew from the archived original, under SUBSEQUENT_RESIZE_PERCENTAGE and SUBSEQUENT_VIDEO_RESOLUTION:
once, for photos and videos taken COMPRESSION_INTERVAL_YEARS ago or longer, at their end (sorted), and made under other settings. The
new rendition takes the place of the earlier one, which goes to cleanup/. Originals are only read. What iCloud and the Pixel have stays
as it is: nothing is delivered again. What would not become smaller is remembered and not tried again under these settings.
A service does the same once a day while it is idle. Ctrl-C, or worse, loses nothing: the next time it goes on.

Examples:
  media-pipeline compress again --dry-run              # what would be done, and about how much it would save
  media-pipeline compress again --library /mnt/nas/photos
  media-pipeline compress again --older-than 5 --json

--json prints one line for each rendition, {"assetId","fileId","path","captureDate","outcome","bytes","bytesAfter","code","reason"}, then
  {"due","replaced","kept","postponed","bytesBefore","bytesAfter","unknown","finished"}.
In a dry run bytesAfter is an estimate by the size in pixels; null where that says nothing.`;

export function compressCommand(): Command {
  const again = withLibrary(new Command('again'))
    .description('make old renditions again, smaller (COMPRESSION_INTERVAL_YEARS)')
    .option('--dry-run', 'only say what would be done, and what it would save by estimate')
    .option('--older-than <years>', 'instead of COMPRESSION_INTERVAL_YEARS', years)
    .option('--json', 'JSON lines')
    .addHelpText('after', about)
    .action(compressAgain);
  return new Command('compress').addCommand(again);
}

async function compressAgain(flags: AgainFlags): Promise<void> {
  const { config } = readSettings(flags);
  const age = flags.olderThan ?? config.compression.intervalYears;
  if (age === 0) throw new PipelineError('USAGE', 'COMPRESSION_INTERVAL_YEARS is 0: nothing is ever compressed again. Set it, or say --older-than YEARS.');
  await using stack = new AsyncDisposableStack();
  const database = await openDatabase(config);
  stack.defer(() => database.close());
  const dryRun = flags.dryRun === true;
  const { runAgain } = await import('../run/again.js');
  const events: RecompressionEvent[] = [];
  const onEvent = (event: RecompressionEvent): void => {
    if (flags.json) printJson(event);
    else if (dryRun) events.push(event);
    else print(lineOf(event));
  };
  const result = await runAgain({ config, database }, { years: age, dryRun }, onEvent);
  if (flags.json) printJson(result);
  else if (dryRun) showPlan(events, result, age);
  else showResult(result);
  if (result.due === 0 && !asksForLess(config.compression)) note('SUBSEQUENT_RESIZE_PERCENTAGE and SUBSEQUENT_VIDEO_RESOLUTION ask for nothing smaller than the INITIAL_ settings do: only another quality can make anything due.');
  if (!result.finished) process.exitCode = config.compression.maxFiles !== null && result.replaced >= config.compression.maxFiles ? exitCodes.ok : exitCodes.interrupted;
}

/** Whether old photos or videos are to be smaller than new ones. */
const asksForLess = ({ initialResizePercentage, subsequentResizePercentage, initialVideoResolution, subsequentVideoResolution }: Config['compression']): boolean =>
  subsequentResizePercentage < initialResizePercentage || (subsequentVideoResolution ?? Infinity) < (initialVideoResolution ?? Infinity);

function lineOf({ outcome, path, bytes: before, bytesAfter, code, reason }: RecompressionEvent): string {
  const what = outcome === 'replaced' ? `${bytes(before)} → ${bytes(bytesAfter ?? 0)}` : `${code ?? ''}: ${reason ?? ''}`;
  return `${outcome.padEnd(9)}  ${printable(path)}  ${paint().dim(printable(what))}`;
}

const mostRows = 50;

function showPlan(events: readonly RecompressionEvent[], { due, bytesBefore, bytesAfter, unknown }: RecompressionResult, age: number): void {
  if (due === 0) {
    print(`Nothing is due: no rendition of a photo or video older than ${age} years was made under other settings, or each was tried.`);
    return;
  }
  const rows = events.slice(0, mostRows).map((event) => [event.path, event.captureDate.slice(0, 10), bytes(event.bytes), event.bytesAfter === null ? 'not known' : `about ${bytes(event.bytesAfter)}`]);
  print(table(['rendition', 'taken', 'now', 'then'], rows, [2, 3]));
  if (due > mostRows) print(paint().dim(`… and ${due - mostRows} more (--json shows all)`));
  print(`\n${due} due: ${bytes(bytesBefore)} → about ${bytes(bytesAfter)}${unknown > 0 ? `, and ${unknown} of which it cannot be said` : ''}. Nothing was done.`);
}

function showResult({ due, replaced, kept, postponed, bytesBefore, bytesAfter, finished }: RecompressionResult): void {
  if (due === 0) print('Nothing is due.');
  else print(`${replaced} replaced (${bytes(bytesBefore)} → ${bytes(bytesAfter)}), ${kept} stay as they are, ${postponed} postponed`);
  if (replaced > 0) note('The earlier renditions lie in cleanup/renditions; destinations keep what they have.');
  if (!finished) note('There is more to be done: say it again.');
}
