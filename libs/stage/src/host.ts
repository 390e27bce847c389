import { Bus, type Tuning } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { FileMover, Library, sweepTemporaries } from '@media-pipeline/files';
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

/** Prepares the library, opens the database, tidies up after a crash (running its migrations) and joins the broker (making its streams). */
export async function openHost(config: Config, name: string, logger: PinoLogger): Promise<StageHost & AsyncDisposable> {
  const library = new Library(config.library.areas, config.library.root);
  await library.prepare();
  const database = await Database.open(config.database);
  try {
    await cleanUpAfterCrash(library, database, logger);
    const bus = await Bus.connect({ url: config.bus.url, name, logger, tuning: tuningFor(config) });
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

/** A single run that somebody waits for tries what failed a few times, soon; a service is patient. */
function tuningFor({ service, execution }: Config): Tuning {
  return {
    ...(service.messageTimeoutMs === null ? {} : { ackWaitMs: service.messageTimeoutMs }),
    ...(execution.mode === 'single' ? { maxDeliver: 4, backoffMs: [500, 1_000, 2_000] } : {}),
  };
}

const DAY_MS = 86_400_000;

/** What a killed forerunner left: half-written files, and moves that were planned and not finished. */
async function cleanUpAfterCrash(library: Library, database: Database, logger: PinoLogger): Promise<void> {
  const [swept, finished] = await Promise.all([sweepTemporaries(library, { olderThanMs: DAY_MS }), new FileMover(library, database.journal).recover()]);
  if (swept.length > 0) logger.warn({ files: swept }, 'half-written files of a process that is gone were removed');
  if (finished > 0) logger.warn({ moves: finished }, 'moves that were cut short were finished');
}
