import 'reflect-metadata';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JetStreamStrategy } from '@media-pipeline/bus';
import type { StageName } from '@media-pipeline/contracts';
import type { StageDefinition } from './definition';
import type { StageHost } from './host';
import { HostModule } from './host.module';
import type { Metrics } from './metrics';
import { NestLog } from './nest-log';
import { reconcile } from './reconcile';
import { StoppedWork } from './stopped-work';

const RECONCILE_MS = 60_000;

export interface RunningStage {
  readonly name: StageName;
  /** Stops taking messages, lets the ones under way end (or hands them back), then tears the stage down. */
  close(): Promise<void>;
}

/** Starts one stage on a host: its Nest application, listening to its subjects. */
export async function startStage(stage: StageDefinition, host: StageHost, metrics?: Metrics): Promise<RunningStage> {
  const root: DynamicModule = { module: class StageRoot {}, imports: [HostModule.of(host, stage.name), stage.module] };
  const strategy = new JetStreamStrategy({
    bus: host.bus,
    stage: stage.name,
    drainMs: host.config.service.drainMs,
    deadLetterListener: new StoppedWork(host.database),
    logger: host.logger.child({ stage: stage.name }),
    ...(host.config.service.lanes === null ? {} : { lanes: host.config.service.lanes }),
    // Two messages for each file that is encoded at a time: one is being hashed or written down meanwhile.
    ...(stage.name === 'compressor' ? { lanes: host.config.compression.concurrency * 2 } : {}),
    ...(metrics ? { metrics: metrics.settled } : {}),
  });
  const app = await NestFactory.createMicroservice(root, { strategy, logger: new NestLog(host.logger), abortOnError: false });
  await app.listen();
  host.logger.info({ stage: stage.name }, 'stage is listening');
  const stopReconciling = host.config.execution.mode === 'single' ? (): void => undefined : reconcileNowAndThen(stage.name, host);
  return {
    name: stage.name,
    close: async () => {
      stopReconciling();
      await app.close();
    },
  };
}

/** What a lost message left behind is said again by the stage that waits for it. A single run looks after itself. */
function reconcileNowAndThen(stage: StageName, host: StageHost): () => void {
  const timer = setInterval(() => {
    reconcile(host, [stage]).then(
      ({ said }) => {
        if (Object.keys(said).length > 0) host.logger.warn({ stage, said }, 'messages that nothing drove were said again');
      },
      (error: unknown) => { host.logger.warn({ stage, err: error }, 'could not look for assets that nothing drives'); },
    );
  }, RECONCILE_MS).unref();
  return () => { clearInterval(timer); };
}
