import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startBroker, type Broker } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { stageNames, toPipelineError, type StageName } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import { createLogger, loadStage, Metrics, openHost, startStage, type RunningStage, type StageDefinition, type StageHost } from '@media-pipeline/stage';
import { pino, type Logger } from 'pino';
import { announceBroker, withdrawBroker } from '../library/broker-file';
import { LibraryLock } from '../library/library-lock';
import { brokerOptions, onOwnBroker } from '../library/visit';

const natsPort = 4222;

/** All that one process needs to run stages on a library: lock, broker, database, log. */
export interface Pipeline extends AsyncDisposable {
  readonly host: StageHost;
  readonly brokerUrl: string;
  /** Null when the broker is somebody else's. */
  readonly broker: Broker | null;
  /** Nothing else works on the library: it has its own broker, and the lock. */
  readonly alone: boolean;
  readonly logFile: string | null;
}

export interface PipelineOptions {
  readonly command: string;
  /** `file`: a file per day under logs/, for a command that talks to a person. `stderr`: JSON lines, for a service. */
  readonly log: 'file' | 'stderr';
  /** One pipeline per library. A service on a shared broker shares the library with its replicas. */
  readonly exclusive: boolean;
}

/** @throws LIBRARY_IN_USE, LIBRARY_READ_ONLY, PROGRAM_MISSING, BROKER_UNAVAILABLE, DATABASE_UNAVAILABLE */
export async function openPipeline(config: Config, { command, log, exclusive }: PipelineOptions): Promise<Pipeline> {
  const stack = new AsyncDisposableStack();
  try {
    await new Library(config.library.areas, config.library.root).prepare();
    if (exclusive || !config.bus.external) stack.use(await LibraryLock.take(config.library.areas['.media-pipeline'], command));
    const { logger, logFile, close } = await openLog(config, command, log);
    stack.defer(close);
    const broker = config.bus.external ? null : await ownBroker(config, logger);
    const brokerUrl = broker?.url ?? config.bus.url;
    if (broker) {
      stack.defer(() => broker.stop());
      stack.defer(() => withdrawBroker(config));
    }
    const host = stack.use(await openHost(broker ? onOwnBroker(config, broker.url) : config, `media-pipeline ${command}`, logger));
    if (broker) await announceBroker(config, { url: broker.url, pid: process.pid });
    return { host, brokerUrl, broker, alone: broker !== null, logFile, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function openLog(config: Config, command: string, log: 'file' | 'stderr'): Promise<{ logger: Logger; logFile: string | null; close: () => Promise<void> }> {
  if (log === 'stderr') return { logger: createLogger(config.log, command), logFile: null, close: async () => Promise.resolve() };
  const logFile = path.join(config.library.areas.logs, `media-pipeline-${new Date().toISOString().slice(0, 10)}.log`);
  await mkdir(path.dirname(logFile), { recursive: true });
  const destination = pino.destination({ dest: logFile, append: true, sync: false });
  const close = async (): Promise<void> =>
    new Promise((resolve) => {
      destination.once('close', resolve);
      destination.end();
    });
  return { logger: createLogger(config.log, command, destination), logFile, close };
}

/** On NATS's own port where that is free, so that clients find it without being told. */
async function ownBroker(config: Config, logger: Logger): Promise<Broker> {
  try {
    return await startBroker({ ...brokerOptions(config, natsPort), logger });
  } catch (error) {
    if (toPipelineError(error).code !== 'BROKER_UNAVAILABLE') throw error;
    logger.info({ err: error }, `port ${natsPort} is taken; taking a free one`);
    return startBroker({ ...brokerOptions(config, 0), logger });
  }
}

/** Loads stages by name, in the order in which an asset meets them. */
export async function loadStages(names: readonly StageName[] = stageNames): Promise<StageDefinition[]> {
  const loaded: StageDefinition[] = [];
  for (const name of stageNames) if (names.includes(name)) loaded.push(await loadStage(name));
  return loaded;
}

/** Starts stages from the last to the first, so that what one says finds the next one listening; if one fails, the others are closed. */
export async function startStages(definitions: readonly StageDefinition[], host: StageHost, metrics?: Metrics): Promise<RunningStage[]> {
  const running: RunningStage[] = [];
  try {
    for (const definition of definitions.toReversed()) running.unshift(await startStage(definition, host, metrics));
    return running;
  } catch (error) {
    await closeStages(running);
    throw error;
  }
}

export async function closeStages(stages: readonly RunningStage[]): Promise<void> {
  const failures = (await Promise.allSettled(stages.map((stage) => stage.close()))).filter((result) => result.status === 'rejected');
  if (failures[0]) throw failures[0].reason;
}
