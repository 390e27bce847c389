import { Argument, Command } from 'commander';
import { PipelineError, stageNames, type StageName } from '@media-pipeline/contracts';
import { Metrics, serveHealth } from '@media-pipeline/stage';
import { readSettings, requireSource, sourceOverrides, withLibrary, type LibraryFlags } from '../library/options';
import { note } from '../output/text';
import { mend } from '../library/mend';
import { Interrupt } from '../run/interrupt';
import { closeStages, loadStages, openPipeline, startStages } from '../run/pipeline';
import { followSchedule } from '../run/schedule';

interface UpFlags extends LibraryFlags {
  readonly source?: string;
}

const examples = `
Stages: ${stageNames.join(' ')}

Examples:
  media-pipeline up --library /mnt/nas/photos
  NATS_URL=nats://10.0.0.5:4222 media-pipeline up compressor     # one more compressor on another machine

Logs are JSON lines on stderr. SIGTERM drains: work under way is finished within DRAIN_SECONDS, or handed back.
Without NATS_URL a nats-server is started. HEALTH_PORT opens GET /healthz and GET /metrics.`;

export const upCommand = (): Command =>
  withLibrary(new Command('up'))
    .addArgument(new Argument('[stages...]', 'which ones (default: all)').choices([...stageNames]))
    .option('--source <dir>', 'folder to take in (default: FOLDER_SOURCE_PATH)')
    .addHelpText('after', examples)
    .action((names: readonly StageName[], flags: UpFlags) => up(names.length === 0 ? stageNames : names, flags));

async function up(names: readonly StageName[], flags: UpFlags): Promise<void> {
  const { config, redact } = readSettings(flags, sourceOverrides(flags.source));
  if (config.execution.mode === 'single') throw new PipelineError('SETTINGS_INVALID', '`up` is a service and PIPELINE_EXECUTION_MODE is single; use `run`, or another mode.');
  if (names.includes('ingest')) await requireSource(config, flags.source);
  using interrupt = new Interrupt((signal) => note(`${signal}: draining`));
  await using pipeline = await openPipeline(config, { command: 'up', log: 'stderr', exclusive: false });
  const { host } = pipeline;
  host.logger.info({ broker: redact(pipeline.brokerUrl), library: config.library.root, stages: names }, 'starting');
  if (pipeline.alone) await mend(host, pipeline);
  const metrics = new Metrics();
  const health = config.service.healthPort === null ? null : await serveHealth(host, metrics, config.service.healthPort);
  if (health) host.logger.info({ port: health.port }, 'health is served');
  const running = await startStages(await loadStages(names), host, metrics);
  const unschedule = names.includes('ingest') ? await followSchedule(host.bus, host.config, (error) => host.logger.error({ err: error }, 'the scheduled reading of the sources could not be asked for')) : () => undefined;
  try {
    await interrupt.asking();
  } finally {
    unschedule();
    await closeStages(running);
    await health?.close();
  }
}
