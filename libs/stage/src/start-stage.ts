import 'reflect-metadata';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, JetStreamStrategy } from '@media-pipeline/bus';
import type { StageName } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import type { StageDefinition } from './definition';
import type { StageHost } from './host';
import { Logger } from './logger';
import type { Metrics } from './metrics';
import { NestLog } from './nest-log';
import { Settings } from './settings';
import { StoppedWork } from './stopped-work';

export interface RunningStage {
  readonly name: StageName;
  /** Stops taking messages, lets the ones under way end (or hands them back), then tears the stage down. */
  close(): Promise<void>;
}

/** What every stage may inject. */
@Global()
@Module({})
class HostModule {
  static of(host: StageHost, stage: StageName): DynamicModule {
    const providers = [
      { provide: Settings, useValue: host.config },
      { provide: Library, useValue: host.library },
      { provide: Database, useValue: host.database },
      { provide: FileMover, useValue: new FileMover(host.library, host.database.journal) },
      { provide: Bus, useValue: host.bus },
      { provide: Logger, useValue: host.logger.child({ stage }) },
    ];
    return { module: HostModule, providers, exports: providers.map(({ provide }) => provide) };
  }
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
    ...(stage.name === 'compressor' ? { lanes: host.config.compression.concurrency } : {}),
    ...(metrics ? { metrics: metrics.settled } : {}),
  });
  const app = await NestFactory.createMicroservice(root, { strategy, logger: new NestLog(host.logger), abortOnError: false });
  await app.listen();
  host.logger.info({ stage: stage.name }, 'stage is listening');
  return { name: stage.name, close: () => app.close() };
}
