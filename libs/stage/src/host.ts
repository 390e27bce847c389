import { Bus } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import type { Logger as PinoLogger } from 'pino';

/** What all stages of one process share. */
export interface StageHost {
  readonly config: Config;
  readonly library: Library;
  readonly database: Database;
  readonly bus: Bus;
  readonly logger: PinoLogger;
}

/** Prepares the library, opens the database (running its migrations) and joins the broker (making its streams). */
export async function openHost(config: Config, name: string, logger: PinoLogger): Promise<StageHost & AsyncDisposable> {
  const library = new Library(config.library.areas, config.library.root);
  await library.prepare();
  const database = await Database.open(config.database);
  try {
    const { messageTimeoutMs } = config.service;
    const bus = await Bus.connect({ url: config.bus.url, name, logger, ...(messageTimeoutMs === null ? {} : { tuning: { ackWaitMs: messageTimeoutMs } }) });
    await bus.provision();
    return {
      config,
      library,
      database,
      bus,
      logger,
      async [Symbol.asyncDispose]() {
        await bus.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
