import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { errorCatalogue, isErrorCode, PipelineError, type UploadedFile, type UploadResult } from '@media-pipeline/contracts';
import { exitCodes, type ExitCode } from '../failure';
import { requireUsername } from '../icloud/account';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { StepLine } from '../output/step-line';
import { note, paint, print, printable, printJson } from '../output/text';

interface UploadFlags extends LibraryFlags {
  readonly dir: string;
  readonly sessionFile?: string;
  readonly uploadSelector?: string;
  readonly maxRetries?: number;
  readonly retryDelay?: number;
  readonly timeout?: number;
  readonly headless?: boolean;
  readonly headful?: boolean;
  readonly slowmo?: number;
  readonly launchArg?: readonly string[];
  readonly route?: string;
  readonly interactive?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const about = `
Photos and videos in the folder, and in all folders in it, get into iCloud Photos once each: what iCloud has already is not uploaded, and
what was uploaded counts when iCloud shows it. The folder is only read. Flags go before environment and settings file, and those before
the defaults (docs/CONFIGURATION.md: ICLOUD_*, UPLOAD_RETRY_*, PUPPETEER_*, CHROMIUM_PATH). Batches of the pipeline are uploaded by
\`media-pipeline run\` and \`up\`, not by this command. Also installed as \`upload_icloud\`.

Examples:
  media-pipeline icloud upload --dir ~/Pictures/scans --dry-run
  media-pipeline icloud upload --dir ~/Pictures/scans
  media-pipeline icloud upload --dir . --interactive                      # look on, and help the page along
  media-pipeline icloud upload --dir . --upload-selector 'button[title="Hochladen"]'
  media-pipeline icloud upload --dir . --launch-arg=--lang=en --launch-arg=--disable-dev-shm-usage

--json prints one line for each file, {"file","outcome","recordName","code","reason"}, then
  {"uploaded","there","failed","others","left","code","reason"}.
Exit codes: 0 all photos and videos are in iCloud (or would be, in a dry run), 1 some are not, 2 wrong command or settings, 130 after Ctrl-C.`;

export const icloudUploadCommand = (): Command =>
  withLibrary(new Command('upload'))
    .description('upload a folder to iCloud Photos')
    .requiredOption('--dir <dir>', 'the folder')
    .option('--session-file <file>', 'instead of ICLOUD_SESSION_FILE')
    .addOption(new Option('--route <route>', 'instead of ICLOUD_UPLOAD_ROUTE').choices(['browser', 'http', 'auto']))
    .option('--upload-selector <selector>', 'the upload control or its file field on Apple’s page, tried first')
    .option('--max-retries <n>', 'further attempts', number(0, 100))
    .option('--retry-delay <seconds>', 'wait before each of them', number(0, 86_400))
    .option('--timeout <seconds>', 'how long an upload may stand still', number(1, 86_400))
    .addOption(new Option('--headless', 'no window').conflicts(['headful', 'interactive']))
    .addOption(new Option('--headful', 'with a window'))
    .option('--slowmo <ms>', 'wait before each step of the browser', number(0, 10_000))
    .option('--launch-arg <argument>', 'a further argument for Chromium (repeatable)', launchArgument)
    .option('--interactive', 'with a window, and a quarter of an hour for you to sign in or to close a box')
    .option('--dry-run', 'only say what would be uploaded')
    .option('--json', 'JSON lines')
    .addHelpText('after', about)
    .action(async (flags: UploadFlags) => {
      process.exitCode = await upload(flags);
    });

async function upload(flags: UploadFlags): Promise<ExitCode> {
  const directory = path.resolve(flags.dir);
  const found = await stat(directory).catch(() => null);
  if (found?.isDirectory() !== true) throw new PipelineError('USAGE', `--dir: ${directory} is ${found ? 'not a folder' : 'not there'}.`);
  const { config } = readSettings(flags, overridesOf(flags));
  requireUsername(config);
  await using stack = new AsyncDisposableStack();
  const database = await openDatabase(config);
  stack.defer(() => database.close());
  const { runUpload } = await import('../run/icloud-upload.js');
  const json = flags.json === true;
  const options = { directory, dryRun: flags.dryRun === true, interactive: flags.interactive === true, retries: config.limits.uploadRetryAttempts, retryDelayMs: config.limits.uploadRetryDelayMs };
  const steps = new StepLine();
  const result = await runUpload({ config, database }, options, (event) => {
    if ('step' in event) {
      if (!json) steps.show(event.step, event.fraction);
      return;
    }
    steps.clear();
    if (json) printJson(event);
    else print(lineOf(event, directory));
  }).finally(() => { steps.clear(); });
  if (result === 'interrupted') {
    note('Ended before it was done. Nothing is uploaded twice: say it again.');
    return exitCodes.interrupted;
  }
  if (json) printJson(result);
  else showResult(result, options.dryRun);
  return result.failed > 0 || (result.left > 0 && !options.dryRun) ? exitCodes.failed : exitCodes.ok;
}

/** What the flags say, as settings. */
function overridesOf({ sessionFile, route, uploadSelector, maxRetries, retryDelay, timeout, headless, headful, interactive, slowmo, launchArg }: UploadFlags): Record<string, string> {
  const window = headful === true || interactive === true ? 'false' : headless === true ? 'true' : undefined;
  const given: Record<string, string | undefined> = {
    ICLOUD_SESSION_FILE: sessionFile === undefined ? undefined : path.resolve(sessionFile),
    ICLOUD_UPLOAD_ROUTE: route,
    ICLOUD_UPLOAD_SELECTOR: uploadSelector,
    UPLOAD_RETRY_ATTEMPTS: maxRetries?.toString(),
    UPLOAD_RETRY_DELAY: retryDelay?.toString(),
    ICLOUD_UPLOAD_TIMEOUT: timeout?.toString(),
    ICLOUD_UPLOAD_TIMEOUT_MS: timeout === undefined ? undefined : `${timeout * 1_000}`,
    PUPPETEER_HEADLESS: window,
    PUPPETEER_SLOWMO: slowmo?.toString(),
    PUPPETEER_EXTRA_ARGS: launchArg?.join(' '),
  };
  return Object.fromEntries(Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

function lineOf({ file, outcome, recordName, code, reason }: UploadedFile, directory: string): string {
  const detail = [recordName, code, reason].filter((part) => part !== null).join(': ');
  return `${outcome.padEnd(20)} ${printable(path.relative(directory, file))}${detail === '' ? '' : `  ${paint().dim(printable(detail))}`}`;
}

function showResult({ uploaded, there, failed, others, left, code, reason }: UploadResult, dryRun: boolean): void {
  if (uploaded + there + failed + left === 0) {
    print(`There is neither photo nor video in the folder${others > 0 ? `, but ${others} other files` : ''}.`);
    return;
  }
  const parts = [dryRun ? `${left} would be uploaded` : `${uploaded} uploaded`, `${there} were in iCloud already`, ...(failed > 0 ? [`${failed} failed`] : []), ...(left > 0 && !dryRun ? [`${left} are not in iCloud yet`] : []), ...(others > 0 ? [`${others} are neither photo nor video`] : [])];
  print(`\n${parts.join(', ')}.`);
  if (reason === null) return;
  note(`${code ?? ''}: ${printable(reason)}`);
  if (code !== null && isErrorCode(code)) note(errorCatalogue[code].advice);
  note('Say it again when that is done: nothing is uploaded twice.');
}

function launchArgument(argument: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^--\S+$/.test(argument)) throw new InvalidArgumentError('It must begin with -- and have no spaces.');
  return [...(before ?? []), argument];
}

function number(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}
