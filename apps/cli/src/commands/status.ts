import { Command } from 'commander';
import { assetStates, toPipelineError } from '@media-pipeline/contracts';
import type { Bus } from '@media-pipeline/bus';
import { overviewLines, overviewOf } from '../icloud/overview';
import { readingsTable } from '../icloud/reading-words';
import { findBroker } from '../library/broker-file';
import { LibraryLock } from '../library/library-lock';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { joinBroker } from '../library/visit';
import { bytes, counted, note, paint, print, printable, printJson, table } from '../output/text';

interface StatusFlags extends LibraryFlags {
  readonly json?: boolean;
}

const recentErrors = 10;
const recentBatches = 10;

export const statusCommand = (): Command =>
  withLibrary(new Command('status'))
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExamples:\n  media-pipeline status --library /mnt/nas/photos\n  media-pipeline status --json | jq .assets\n\nWorks whether or not the pipeline runs; the backlog needs its broker.')
    .action(status);

async function status(flags: StatusFlags): Promise<void> {
  const { config, redact } = readSettings(flags);
  const database = await openDatabase(config);
  // what the database knows is shown all the same
  const unseen = (error: unknown): null => {
    note(`warning: the backlog cannot be seen: ${toPipelineError(error).message}`);
    return null;
  };
  const bus = await joinBroker(config).catch(unseen);
  try {
    const [assets, errors, batches, backlog, icloud] = await Promise.all([
      database.assets.countByState(),
      database.log.list({ status: 'error', limit: recentErrors }),
      database.batches.list({ limit: recentBatches }),
      bus === null ? null : backlogOf(bus).catch(unseen),
      config.icloud.username === null && !config.enable.icloudDownload ? null : overviewOf(config, database),
    ]);
    const running = await LibraryLock.isHeld(config.library.areas['.media-pipeline']);
    const broker = bus === null ? null : await findBroker(config);
    if (flags.json) {
      printJson({ library: config.library.root, running, broker: broker === null ? null : redact(broker), assets, stages: backlog?.stages ?? null, deadLetters: backlog?.deadLetters ?? null, icloud, errors, batches });
      return;
    }
    print(`${paint().bold('library')} ${config.library.root}   ${running ? 'the pipeline is running' : broker === null ? 'no pipeline is running on it' : `broker ${redact(broker)}`}`);
    print(`\n${table(['state', 'photos'], assetStates.filter((state) => assets[state] > 0).map((state) => [state, assets[state]]), [1])}`);
    if (backlog) {
      print(`\n${table(['stage', 'consumer', 'waiting', 'under way', 'redelivered'], backlog.stages.map(({ stage, durable, pending, underWay, redelivered }) => [stage, durable, pending, underWay, redelivered]), [2, 3, 4])}`);
      print(`dead letters: ${backlog.deadLetters}${backlog.deadLetters > 0 ? ' (media-pipeline dlq list)' : ''}`);
    }
    if (icloud && (config.enable.icloudDownload || config.enable.icloudUpload)) print(`\n${paint().bold('iCloud')} ${[...overviewLines(icloud), ...(config.enable.icloudDownload ? [readingsTable(icloud.readings, new Date())] : [])].join('\n')}`);
    if (batches.length > 0) print(`\n${table(['batch', 'status', 'files', 'size', 'made'], batches.map((batch) => [batch.path, batch.status, batch.fileCount, bytes(batch.totalBytes), batch.createdAt.toISOString()]), [2, 3])}`);
    if (errors.length > 0) {
      print(`\n${paint().bold('last errors')}`);
      for (const { at, step, code, message, assetId } of errors) print(`  ${at.toISOString()} ${step} ${code ?? ''} ${printable(message)} ${paint().dim(assetId ?? '')}`);
    }
    if (assets.set_aside + assets.failed > 0) print(`\n${counted(assets.set_aside + assets.failed, 'photo is', 'photos are')} set aside or failed: media-pipeline dlq list`);
  } finally {
    await bus?.close();
    await database.close();
  }
}

async function backlogOf(bus: Bus) {
  const [stages, deadLetters] = await Promise.all([bus.lag(), bus.deadLetters.count()]);
  return { stages, deadLetters };
}
