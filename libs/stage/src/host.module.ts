import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Bus } from '@media-pipeline/bus';
import type { StageName } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import type { StageHost } from './host';
import { Logger } from './logger';
import { Settings } from './settings';

/** What every stage may inject; a task has no broker. */
@Global()
@Module({})
export class HostModule {
  static of(host: Omit<StageHost, 'bus'> & Partial<Pick<StageHost, 'bus'>>, stage: StageName): DynamicModule {
    const providers = [
      { provide: Settings, useValue: host.config },
      { provide: Library, useValue: host.library },
      { provide: Database, useValue: host.database },
      { provide: FileMover, useValue: new FileMover(host.library, host.database.journal) },
      ...(host.bus ? [{ provide: Bus, useValue: host.bus }] : []),
      { provide: Logger, useValue: host.logger.child({ stage }) },
    ];
    return { module: HostModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
