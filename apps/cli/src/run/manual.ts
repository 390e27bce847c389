import { createInterface } from 'node:readline/promises';
import { PipelineError, type AssetState, type StageName } from '@media-pipeline/contracts';
import { startStage, type StageDefinition } from '@media-pipeline/stage';
import type { Reading } from './idle';
import type { Interrupt } from './interrupt';
import type { Pipeline } from './pipeline';
import type { Reporter } from './reporters';
import type { Watch } from './watch';

/** What lies before each stage, in the words of the question. */
const intake: Readonly<Record<StageName, readonly AssetState[]>> = {
  ingest: ['arriving'],
  dedupe: ['discovered'],
  compressor: ['unique'],
  bridge: ['compressed'],
  'icloud-uploader': ['bridged'],
  'pixel-sync': ['bridged'],
  verifier: ['bridged'],
  sorter: ['verified', 'compressed'],
};

/** Nothing more is to come out of this stage: its consumers are idle, and the bridge has sealed what it holds. */
export function stageIsDone(stage: StageName, { counts, backlog }: Reading): boolean {
  const idle = backlog.filter((entry) => entry.stage === stage).every(({ pending, underWay }) => pending + underWay === 0);
  return idle && (stage !== 'bridge' || counts.compressed === 0);
}

export function question({ name, describe }: StageDefinition, { counts, backlog }: Reading): string {
  const waiting = backlog.filter((entry) => entry.stage === name).reduce((sum, { pending, underWay }) => sum + pending + underWay, 0);
  const assets = intake[name].reduce((sum, state) => sum + counts[state], 0);
  return `${name}: ${describe}. ${waiting} messages wait for it${assets > 0 ? `, ${assets} assets are ${intake[name].join(' or ')}` : ''}.`;
}

type Answer = 'yes' | 'skip' | 'quit';

export function requireTerminal(assumeYes: boolean): void {
  if (assumeYes || (process.stdin.isTTY && process.stderr.isTTY)) return;
  throw new PipelineError('USAGE', '`run --manual` asks before each stage and there is no terminal to ask on; --yes answers every question.');
}

async function ask(text: string, signal: AbortSignal): Promise<Answer> {
  // questions go to stderr: stdout may be a file of JSON lines
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // readline takes Ctrl-C for itself while it asks
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    for (;;) {
      const answer = (await terminal.question(`${text}\nStart it? [Y]es, [s]kip, [q]uit: `, { signal })).trim().toLowerCase();
      if (answer === '' || answer.startsWith('y')) return 'yes';
      if (answer.startsWith('s') || answer.startsWith('n')) return 'skip';
      if (answer.startsWith('q')) return 'quit';
    }
  } catch (error) {
    if (signal.aborted) return 'quit';
    throw error;
  } finally {
    terminal.close();
  }
}

/** One stage after the other, each until it has nothing left to do. False when somebody stopped before the end. */
export async function runByHand({ host }: Pipeline, stages: readonly StageDefinition[], watch: Watch, reporter: Reporter, interrupt: Interrupt, assumeYes: boolean): Promise<boolean> {
  for (const stage of stages) {
    const text = question(stage, await watch.look());
    reporter.pause();
    if (assumeYes) reporter.say(text);
    const answer = assumeYes ? 'yes' : await ask(text, interrupt.signal);
    if (answer === 'quit') return false;
    if (answer === 'skip') continue;
    const running = await startStage(stage, host);
    try {
      if (!(await watch.until((reading) => stageIsDone(stage.name, reading)))) return false;
    } finally {
      await running.close();
    }
  }
  return true;
}
