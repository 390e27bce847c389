import type { Config } from '@media-pipeline/config';
import { PipelineError, tasks, type RecompressionEvent, type RecompressionResult } from '@media-pipeline/contracts';
import { FileMover, Library } from '@media-pipeline/files';
import type { Database } from '@media-pipeline/schema';
import { createLogger, loadStage, runTask } from '@media-pipeline/stage';
import { LibraryLock } from '../library/library-lock';
import { Interrupt } from './interrupt';

/**
 * Gives the compressor its task. Nothing else may work on the library meanwhile, unless a service shares a broker with it: then each file is
 * claimed by one of them. A dry run looks on, whoever works.
 * @throws LIBRARY_IN_USE: the pipeline that runs does it by itself when it is idle
 */
export async function runAgain({ config, database }: { readonly config: Config; readonly database: Database }, { years, dryRun }: { readonly years: number; readonly dryRun: boolean }, onEvent: (event: RecompressionEvent) => void): Promise<RecompressionResult> {
  using interrupt = new Interrupt(() => undefined);
  await using stack = new AsyncDisposableStack();
  const library = new Library(config.library.areas, config.library.root);
  const alone = !dryRun && !config.bus.external;
  if (alone) stack.use(await takeLibrary(config));
  // what a crash cut short is finished before anything is moved again
  if (alone) await new FileMover(library, database.journal).recover();
  const logger = createLogger({ level: config.log.level === 'info' ? 'error' : config.log.level }, 'compress again');
  const stage = await loadStage(tasks['compress-again'].stage);
  return await runTask(stage, 'compress-again', { config, library, database, logger }, { years, dryRun, alone }, { signal: interrupt.signal, onEvent });
}

async function takeLibrary(config: Config): Promise<LibraryLock> {
  try {
    return await LibraryLock.take(config.library.areas['.media-pipeline'], 'compress again');
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'LIBRARY_IN_USE') throw error;
    throw new PipelineError('LIBRARY_IN_USE', `${error.message} A service with COMPRESSION_INTERVAL_YEARS does this by itself once a day, while it is idle.`, { cause: error });
  }
}
