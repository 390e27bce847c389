import { Command } from 'commander';
import type { Config } from '@media-pipeline/config';
import { assetStates, isTerminal, PipelineError } from '@media-pipeline/contracts';
import { writeDurably } from '@media-pipeline/files';
import { Metrics } from '@media-pipeline/stage';
import { loadStages, openPipeline, closeStages, startStages, type Pipeline } from '../run/pipeline';
import { exitCodes, type ExitCode } from '../failure';
import { eachAsset } from '../library/assets';
import { readSettings, requireSource, sourceOverrides, withLibrary, type LibraryFlags } from '../library/options';
import { mend } from '../library/mend';
import { prepareICloud, stillOut } from '../run/prepare-icloud';
import { Interrupt } from '../run/interrupt';
import { requireTerminal, runByHand } from '../run/manual';
import { chooseReporter, type Reporter, type StoppedAsset } from '../run/reporters';
import { followSchedule, requestIngest } from '../run/schedule';
import { asStopped } from '../run/stopped-assets';
import { add, countAsset, noAssets, type Summary } from '../run/summary';
import { Warnings } from '../run/warnings';
import { Watch, type EndOfWatch } from '../run/watch';

interface RunFlags extends LibraryFlags {
  readonly source?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly manual?: boolean;
  readonly yes?: boolean;
  readonly stay?: string;
}

const examples = `
Examples:
  media-pipeline run --source ~/Pictures --library /mnt/nas/photos --once
  media-pipeline run --config settings.env            # keeps watching the source until Ctrl-C
  media-pipeline run --source ~/Pictures --once --json | tail -n 1
  media-pipeline run --manual                         # asks before each stage

The source is only read. The summary counts the whole library, not only this run; so a second run on an unchanged library gives the
same numbers. With --json, stdout has JSON lines only: {"event":"progress"…}, {"event":"setAside"…}, {"event":"failed"…}, and last
  {"assets","files","unique","duplicates","compressed","keptOriginal","setAside","failed","sorted","bytesIn","bytesOut","seconds","library"}
assets = unique + duplicates + setAside + failed. compressed + keptOriginal: what the compressor has looked at. bytesIn: all originals; bytesOut: what goes to the destinations.
Exit code with --once: 0 when every photo ended well or was set aside with a reason, 1 when something failed.
With ENABLE_ICLOUD_DOWNLOAD it signs in first, and asks for the code where there is a terminal; else it says what to do, and the other
sources go on. Exit code with --once: 1 also when iCloud could not be read.
Ctrl-C ends in good order (work under way is finished or handed back), a second one at once.`;

export const runCommand = (): Command =>
  withLibrary(new Command('run'))
    .option('--source <dir>', 'folder to take in (default: FOLDER_SOURCE_PATH)')
    .option('--once', 'work through what is there, then end (default: PIPELINE_EXECUTION_MODE=single)')
    .option('--stay <seconds>', 'watch for so long after everything is done, then end')
    .option('--manual', 'ask before each stage')
    .option('-y, --yes', 'with --manual: answer every question with yes')
    .option('--json', 'JSON lines on stdout, the summary last')
    .addHelpText('after', examples)
    .action(async (flags: RunFlags) => {
      process.exitCode = await run(flags);
    });

async function run(flags: RunFlags): Promise<ExitCode> {
  const since = performance.now();
  const once = flags.once === true || flags.manual === true;
  const { config, redact } = readSettings(flags, {
    ...sourceOverrides(flags.source),
    ...(once ? { PIPELINE_EXECUTION_MODE: 'single' } : {}),
  });
  const ends = config.execution.mode === 'single';
  const stayMs = parseStay(flags.stay);
  if (flags.manual) requireTerminal(flags.yes === true);
  await requireSource(config, flags.source);
  const reporter = chooseReporter(flags.json === true);
  if (config.folderSource.path === null && !config.enable.icloudDownload) reporter.say('No source is named (--source, FOLDER_SOURCE_PATH): only what is in the library already is worked on.');

  using interrupt = new Interrupt(() => {
    reporter.pause();
    reporter.say('ending in good order; Ctrl-C again ends at once');
  });
  await using pipeline = await openPipeline(config, { command: 'run', log: 'file', exclusive: true });
  reporter.say(`broker ${redact(pipeline.brokerUrl)} · library ${config.library.root}`);
  const kept = await prepareICloud(config, (line) => reporter.say(line), interrupt.signal);
  if (interrupt.asked) return ends ? exitCodes.interrupted : exitCodes.ok;
  using watch = new Watch(pipeline.host, reporter, interrupt);
  let shown = '';
  const warnings = new Warnings(pipeline.host.database);
  const report = async (): Promise<{ summary: Summary; isNews: boolean }> => {
    const { summary, stopped } = await summarize(pipeline, config, (performance.now() - since) / 1000);
    for (const warning of await warnings.fresh()) reporter.say(warning);
    const numbers = JSON.stringify({ ...summary, seconds: 0 });
    if (numbers === shown) return { summary, isNews: false };
    shown = numbers;
    reporter.summary(summary, places(config, pipeline).map(([name, place]) => [name, redact(place)]), stopped);
    return { summary, isNews: true };
  };
  await watch.begin();
  await mend(pipeline.host, pipeline);
  const end = flags.manual ? await byHand(pipeline, watch, reporter, interrupt, flags.yes === true) : await allAtOnce(pipeline, watch, reporter, { ends, stayMs, report });

  // With --json the summary is the last line, whatever came before.
  if (flags.json) shown = '';
  const { summary } = await report();
  if (end === 'stuck') reporter.say(stuckWords(await unfinished(pipeline), pipeline.logFile));
  const unread = kept && (await stillOut(config)) ? kept : null;
  if (unread) reporter.say(`iCloud was not read: ${unread}`);
  if (end === 'interrupted') return ends ? exitCodes.interrupted : exitCodes.ok;
  return end === 'stuck' || summary.failed > 0 || (ends && unread !== null) ? exitCodes.failed : exitCodes.ok;
}

interface Course {
  readonly ends: boolean;
  readonly stayMs: number;
  /** Shows the summary, unless it is the one that was shown last. */
  readonly report: () => Promise<{ readonly isNews: boolean }>;
}

/** All stages, until everything is done; without --once, again and again whenever something comes. */
async function allAtOnce(pipeline: Pipeline, watch: Watch, reporter: Reporter, { ends, stayMs, report }: Course): Promise<EndOfWatch> {
  const { host } = pipeline;
  const metrics = new Metrics();
  const running = await startStages(await loadStages(), host, metrics);
  const unschedule = await followSchedule(host.bus, host.config, (error) => { reporter.say(String(error)); });
  try {
    if (ends) return await watch.untilDone();
    for (;;) {
      const end = await watch.untilDone();
      if (end === 'interrupted') return end;
      if ((await report()).isNews) reporter.say('everything is done; watching for more (Ctrl-C ends)');
      const next = await watch.untilBusy(performance.now() + stayMs);
      if (next !== 'busy') return next === 'quiet' ? end : next;
    }
  } finally {
    unschedule();
    await closeStages(running);
    // What each stage cost, in Prometheus' text format: for `npm run bench`, and for who wonders what takes so long.
    await writeDurably(host.library.absolute(host.library.path('logs', 'metrics.prom')), await metrics.registry.metrics());
  }
}

async function byHand(pipeline: Pipeline, watch: Watch, reporter: Reporter, interrupt: Interrupt, assumeYes: boolean): Promise<EndOfWatch> {
  await requestIngest(pipeline.host.bus);
  await runByHand(pipeline, await loadStages(), watch, reporter, interrupt, assumeYes);
  return interrupt.asked ? 'interrupted' : 'finished';
}

async function summarize({ host }: Pipeline, config: Config, seconds: number): Promise<{ summary: Summary; stopped: StoppedAsset[] }> {
  let counts = noAssets;
  const stopped: StoppedAsset[] = [];
  for await (const asset of eachAsset(host.database)) {
    counts = add(counts, countAsset(asset));
    if (asset.state === 'set_aside' || asset.state === 'failed') stopped.push(asStopped(asset));
  }
  return { summary: { ...counts, seconds: Math.round(seconds * 100) / 100, library: config.library.root }, stopped };
}

/** @returns milliseconds; Infinity when nothing was said */
function parseStay(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^\d+$/.test(text)) throw new PipelineError('USAGE', `--stay takes whole seconds, not "${text}".`);
  return Number(text) * 1000;
}

const stuckWords = (unfinished: number, logFile: string | null): string =>
  `${unfinished > 0 ? `${unfinished} assets could not be brought to an end` : 'something was given up (see above)'}; see ${logFile ?? 'the log'} and \`media-pipeline status\`.`;

async function unfinished({ host }: Pipeline): Promise<number> {
  const counts = await host.database.assets.countByState();
  return assetStates.reduce((sum, state) => sum + (isTerminal(state) ? 0 : counts[state]), 0);
}

const places = (config: Config, { brokerUrl, broker, logFile }: Pipeline): [string, string][] => [
  ['library', config.library.root],
  ['archive', config.library.areas.sorted],
  ['batches', `${config.library.areas['bridge/icloud']}, ${config.library.areas['bridge/pixel']}`],
  ['database', config.database.kind === 'sqlite' ? config.database.file : 'PostgreSQL (DATABASE_URL)'],
  ['broker', `${brokerUrl}${broker ? ' (while this runs)' : ''}`],
  ...(logFile === null ? [] : [['log', logFile] as [string, string]]),
];
