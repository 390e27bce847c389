import { MultiBar, type Options, type SingleBar } from 'cli-progress';
import { errorCatalogue, stageNames, type DeadLetter, type StageName } from '@media-pipeline/contracts';
import { bytes, duration, note, paint, print, printable, printJson, shortened, table } from '../output/text';
import type { ProgressView, StageView } from './progress-board';
import type { Summary } from './summary';

export interface StoppedAsset {
  readonly id: string;
  readonly path: string;
  readonly code: string;
  readonly reason: string;
}

/** How a run is shown: as JSON lines, on a terminal, or as plain lines. */
export interface Reporter {
  say(line: string): void;
  progress(view: ProgressView): void;
  stopped(asset: StoppedAsset, as: 'set_aside' | 'failed'): void;
  /** A stage gave something up that no asset stands for. */
  givenUp(letter: DeadLetter): void;
  /** The screen is given back, for a question or the summary. */
  pause(): void;
  summary(summary: Summary, places: readonly (readonly [string, string])[], stopped: readonly StoppedAsset[]): void;
}

const perLineMs = 1_000;

/** Nothing but JSON lines on stdout; what is said in words goes to stderr. */
class JsonReporter implements Reporter {
  private last = { at: 0, text: '' };

  say = note;
  pause = (): void => undefined;

  progress(view: ProgressView): void {
    const text = JSON.stringify({ event: 'progress', ...view });
    const now = performance.now();
    if (text === this.last.text || now - this.last.at < perLineMs) return;
    this.last = { at: now, text };
    print(text);
  }

  stopped({ id, path, code, reason }: StoppedAsset, as: 'set_aside' | 'failed'): void {
    printJson({ event: as === 'failed' ? 'failed' : 'setAside', id, path, code, reason });
  }

  givenUp({ stage, code, reason }: DeadLetter): void {
    printJson({ event: 'givenUp', stage, code, reason, advice: errorCatalogue[code].advice });
  }

  summary(summary: Summary): void {
    printJson(summary);
  }
}

/** At most a line every five seconds, and only when something changed. */
class LineReporter implements Reporter {
  private last = { at: -Infinity, text: '' };
  /** Everything had ended when it was last looked at: then there is no progress to tell of. */
  private atRest = false;

  say = print;
  pause = (): void => undefined;

  progress(view: ProgressView): void {
    const now = performance.now();
    const text = progressLine(view);
    const rested = this.atRest;
    this.atRest = view.ended === view.assets;
    if (text === this.last.text || now - this.last.at < 5 * perLineMs || view.assets === 0 || (rested && this.atRest)) return;
    this.last = { at: now, text };
    print(text);
  }

  stopped(asset: StoppedAsset, as: 'set_aside' | 'failed'): void {
    print(stoppedLine(asset, as));
  }

  givenUp(letter: DeadLetter): void {
    print(givenUpLine(letter));
  }

  summary(...given: Parameters<Reporter['summary']>): void {
    printSummary(...given);
  }
}

const wholeBar = 1_000;
const barOptions: Options = { hideCursor: true, clearOnComplete: true, stopOnComplete: false, gracefulExit: false, forceRedraw: false, barCompleteChar: '█', barIncompleteChar: '░', barsize: 28, fps: 8, autopadding: false, emptyOnZero: true };

/** A bar over all assets, and a line per busy stage with the file it is at. */
class TerminalReporter implements Reporter {
  private bars: { multi: MultiBar; all: SingleBar; stages: Map<StageName, SingleBar> } | undefined;

  say(line: string): void {
    // cli-progress counts the lines of what it is given to log
    if (this.bars) this.bars.multi.log(`${line}\n`);
    else print(line);
  }

  progress(view: ProgressView): void {
    const bars = (this.bars ??= this.draw());
    bars.all.update(Math.round(view.fraction * wholeBar), { text: countsText(view) });
    for (const [stage, bar] of bars.stages) {
      const busy = view.stages.find((candidate) => candidate.stage === stage);
      bar.update(0, { text: busy ? stageText(busy) : paint().dim('–') });
    }
  }

  stopped(asset: StoppedAsset, as: 'set_aside' | 'failed'): void {
    this.say(stoppedLine(asset, as));
  }

  givenUp(letter: DeadLetter): void {
    this.say(givenUpLine(letter));
  }

  pause(): void {
    this.bars?.multi.stop();
    this.bars = undefined;
  }

  summary(...given: Parameters<Reporter['summary']>): void {
    this.pause();
    printSummary(...given);
  }

  private draw() {
    const multi = new MultiBar({ ...barOptions, format: '{bar}' });
    const all = multi.create(wholeBar, 0, { text: '' }, { ...barOptions, format: `${'all'.padEnd(16)} {bar} {percentage}%  {text}` });
    const stages = new Map(stageNames.map((stage) => [stage, multi.create(1, 0, { text: '' }, { ...barOptions, format: `${stage.padEnd(16)} {text}` })]));
    return { multi, all, stages };
  }
}

const countsText = ({ assets, ended, rate, etaSeconds }: ProgressView): string =>
  `${ended} of ${assets}   ${rate.toFixed(1)}/s   ${etaSeconds === null ? '' : `${duration(etaSeconds)} left`}`;

function stageText({ waiting, underWay, current, fraction, etaSeconds }: StageView): string {
  const left = etaSeconds === null ? '' : `, ${duration(etaSeconds)} left`;
  const file = current === null ? '' : `   ${shortened(printable(current), 40)}${fraction === null ? '' : ` ${Math.round(fraction * 100)}%${left}`}`;
  return `${String(waiting).padStart(6)} waiting ${String(underWay).padStart(3)} under way${file}`;
}

export const progressLine = (view: ProgressView): string =>
  [countsText(view).replaceAll(/ {2,}/g, ', ').replace(/, $/, ''), ...view.stages.map(({ stage, waiting, underWay, current }) => `${stage} ${waiting + underWay}${current === null ? '' : ` (${printable(current)})`}`)].join(' · ');

const stoppedLine = ({ path, code, reason }: StoppedAsset, as: 'set_aside' | 'failed'): string =>
  `${as === 'failed' ? paint().red('failed') : paint().yellow('set aside')} ${printable(path)}: ${code}: ${printable(reason)}`;

const givenUpLine = ({ stage, code, reason }: DeadLetter): string => `${paint().red(`${stage} gave up`)} ${code}: ${printable(reason)}\n  ${errorCatalogue[code].advice}`;

const listedAtMost = 20;

function printSummary(summary: Summary, places: readonly (readonly [string, string])[], stopped: readonly StoppedAsset[]): void {
  const saved = summary.bytesIn === 0 ? '' : ` (${Math.round((summary.bytesOut / summary.bytesIn) * 100)} % of what came in)`;
  print();
  print(
    table(
      ['library', ''],
      [
        ['photos and videos', `${summary.assets} (${summary.files} files)`],
        ['unique', summary.unique],
        ['duplicates', summary.duplicates],
        ['compressed', summary.compressed],
        ['kept as they were', summary.keptOriginal],
        ['archived', summary.sorted],
        ['set aside', summary.setAside],
        ['failed', summary.failed],
        ['came in', bytes(summary.bytesIn)],
        ['to be uploaded', `${bytes(summary.bytesOut)}${saved}`],
        ['took', duration(summary.seconds)],
      ],
    ),
  );
  if (stopped.length > 0) {
    print(`\n${paint().bold('Set aside or failed; the originals are untouched:')}`);
    for (const { id, path, code, reason } of stopped.slice(0, listedAtMost)) print(`  ${printable(path)}\n    ${code}: ${printable(reason)} ${paint().dim(id)}`);
    if (stopped.length > listedAtMost) print(`  … and ${stopped.length - listedAtMost} more: media-pipeline asset list --state set_aside`);
  }
  print(`\n${paint().bold('Where everything is')}`);
  const width = Math.max(...places.map(([name]) => name.length));
  for (const [name, place] of places) print(`  ${name.padEnd(width)}  ${place}`);
}

export function chooseReporter(json: boolean): Reporter {
  if (json) return new JsonReporter();
  return process.stdout.isTTY ? new TerminalReporter() : new LineReporter();
}
